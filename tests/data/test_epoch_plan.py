import numpy as np
import pytest

from keras_madd.data.epoch_plan import SHARDS_AT_ONCE, EpochPlan
from keras_madd.data.shard_index import ShardIndex
from keras_madd.support.errors import UserError


def make_index(label, group=None, track=None, has_landmarks=None, file=None):
    count = len(label)
    label = np.array(label)
    file = np.zeros(count, int) if file is None else np.array(file)
    group = np.zeros(count, int) if group is None else np.array(group)
    return ShardIndex(
        files=tuple(f"f{n}" for n in range(file.max() + 1)),
        folders=(0,) * (file.max() + 1),
        file=file,
        offset=np.arange(count),
        label=label,
        group=group,
        source=group,
        video=np.arange(count),
        frame=np.zeros(count, int),
        track=np.zeros(count, int) if track is None else np.array(track),
        has_landmarks=label == 0 if has_landmarks is None else np.array(has_landmarks, bool),
    )


# Per group: a real crop and three fakes.
FOURS = make_index([0, 1, 1, 1] * 30, group=np.repeat(np.arange(30), 4))


def test_natural_shows_every_crop_once():
    plan = EpochPlan(FOURS, batch_size=8)
    rows = plan.rows(0)
    assert rows.shape == (120, 1)
    assert sorted(rows[:, 0]) == list(range(120))
    assert plan.steps == 15
    ordered = EpochPlan(FOURS, batch_size=8, shuffle=False)
    assert ordered.rows(0)[:, 0].tolist() == list(range(120))


@pytest.mark.parametrize(("drop", "steps", "rows"), [(True, 17, 119), (False, 18, 120)])
def test_remainder(drop, steps, rows):
    plan = EpochPlan(FOURS, batch_size=7, drop_remainder=drop)
    assert plan.steps == steps
    assert len(plan.rows(3)) == rows


def test_balanced_shows_the_rarer_class_once():
    plan = EpochPlan(FOURS, batch_size=6, sampling="balanced")
    assert plan.steps == 10
    seen = set()
    for epoch in range(12):
        rows = plan.rows(epoch)
        assert sorted(rows[:, 0]) == list(range(0, 120, 4))
        assert len(set(rows[:, 1])) == 30
        assert (FOURS.label[rows[:, 1]] == 1).all()
        seen |= set(rows[:, 1].tolist())
    assert len(seen) > 80  # Other fakes in other epochs: 1 - (2/3)^12 of 90.


def test_pairs_are_of_one_source_and_position():
    plan = EpochPlan(FOURS, batch_size=4, sampling="paired")
    counts = np.zeros(120)
    for epoch in range(300):
        rows = plan.rows(epoch)
        assert sorted(rows[:, 0]) == list(range(0, 120, 4))
        np.testing.assert_array_equal(FOURS.group[rows[:, 0]], FOURS.group[rows[:, 1]])
        counts[rows[:, 1]] += 1
    # Each of three fakes with probability 1/3.
    np.testing.assert_allclose(counts[FOURS.label == 1] / 300, 1 / 3, atol=0.13)


def test_pairs_keep_to_the_track_where_they_can():
    index = make_index([0, 0, 1, 1, 0, 1], [0, 0, 0, 0, 1, 1], [0, 1, 0, 1, 4, 5])
    for epoch in range(10):
        rows = EpochPlan(index, 2, "paired").rows(epoch)
        assert {tuple(row) for row in rows.tolist()} == {(0, 2), (1, 3), (4, 5)}


def test_pairs_leave_out_what_has_no_partner():
    index = make_index([0, 1, 0, 1], group=[0, 0, 1, 2])
    assert EpochPlan(index, 2, "paired").rows(0).tolist() == [[0, 1]]
    # Unless a fake can be made of it.
    rows = EpochPlan(index, 2, "paired", self_blend=1e-9, shuffle=False).rows(0)
    assert rows.tolist() == [[0, 1], [2, -1]]
    index = make_index([0, 1, 0, 1], group=[0, 0, 1, 2], has_landmarks=[True, False, False, False])
    assert EpochPlan(index, 2, "paired", self_blend=1.0).rows(0).tolist() == [[0, -1]]


@pytest.mark.parametrize("sampling", ["balanced", "paired"])
def test_share_of_self_blended_fakes(sampling):
    rows = [EpochPlan(FOURS, 2, sampling, self_blend=0.3).rows(e)[:, 1] for e in range(60)]
    assert abs((np.concatenate(rows) == -1).mean() - 0.3) < 0.04
    assert (EpochPlan(FOURS, 2, sampling, self_blend=1.0).rows(0)[:, 1] == -1).all()
    assert (EpochPlan(FOURS, 2, sampling, self_blend=0.0).rows(0)[:, 1] >= 0).all()


def test_real_crops_without_landmarks_keep_their_fakes():
    index = make_index([0, 1] * 20, np.repeat(np.arange(20), 2), has_landmarks=[1, 0, 0, 0] * 10)
    rows = EpochPlan(index, 2, "paired", self_blend=1.0).rows(0)
    assert len(rows) == 20
    np.testing.assert_array_equal(rows[:, 1] == -1, index.has_landmarks[rows[:, 0]])


@pytest.mark.parametrize("sampling", ["balanced", "paired"])
def test_only_real_faces(sampling):
    index = make_index([0] * 9, group=range(9), has_landmarks=[1] * 8 + [0])
    rows = EpochPlan(index, 2, sampling, self_blend=0.5).rows(0)
    assert sorted(rows[:, 0]) == list(range(8))
    assert (rows[:, 1] == -1).all()


@pytest.mark.parametrize("sampling", ["natural", "balanced", "paired"])
def test_a_function_of_seed_and_epoch(sampling):
    first, again = (EpochPlan(FOURS, 4, sampling, seed=5) for _ in range(2))
    for epoch in (3, 0, 3):
        np.testing.assert_array_equal(first.rows(epoch), again.rows(epoch))
    assert (first.rows(0) != first.rows(1)).any()
    assert (first.rows(0) != EpochPlan(FOURS, 4, sampling, seed=6).rows(0)).any()


def test_shards_are_read_some_at_a_time():
    file = np.repeat(np.arange(5 * SHARDS_AT_ONCE), 10)
    index = make_index(np.tile([0, 1], len(file) // 2), file=file)
    rows = EpochPlan(index, 2).rows(0)[:, 0]
    part = file[rows].reshape(5, -1)
    for shards in part:
        assert len(set(shards)) == SHARDS_AT_ONCE
        # And mixed within: neighbours are of one shard as seldom as by chance.
        assert (shards[1:] == shards[:-1]).mean() < 3 / SHARDS_AT_ONCE
    assert (part[0] != file[EpochPlan(index, 2).rows(1)[:160, 0]]).any()


@pytest.mark.parametrize(
    ("index", "arguments", "message"),
    [
        (make_index([1, 1]), {"sampling": "balanced"}, "no real face crops"),
        (make_index([0, 0]), {"sampling": "balanced"}, "no fake face crops"),
        (make_index([0, 1], [0, 1]), {"sampling": "paired"}, "of 1 real ones none"),
        (make_index([0, 1], has_landmarks=[0, 0]), {"sampling": "paired", "self_blend": 0.5}, "no"),
        (make_index([0, 1, 1]), {"batch_size": 4}, "only 3 face crops.*batch_size=4"),
    ],
)
def test_nothing_to_draw_from(index, arguments, message):
    with pytest.raises(UserError, match=message):
        EpochPlan(index, **({"batch_size": 2} | arguments))
