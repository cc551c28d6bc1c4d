import dataclasses
import json
from pathlib import Path

import pytest

from keras_madd.datasets.prepare.group import Group
from keras_madd.datasets.prepare.plan import difference, make_plan
from keras_madd.support.errors import UserError

ROOT = Path("/data")


@pytest.fixture
def videos(source_video):
    """Sources 00 to 29, each with two fakes; every third in val, of the rest one in two in test."""

    def build():
        made = []
        for number in range(30):
            split = "val" if number % 3 == 0 else ("train", "test")[number % 2]
            for fake in range(3):
                name = f"{number:02d}" + f"_{fake}" * bool(fake)
                made.append(
                    source_video(
                        ROOT / f"{name}.mp4",
                        source=f"{number:02d}",
                        label=int(fake > 0),
                        split=split,
                    )
                )
        return made

    return build()


def test_sources_stay_together_in_their_split(videos, small):
    plan = make_plan(videos, small(videos_per_shard=7), ROOT)
    seen = []
    for shard in plan.shards:
        sources = [{v.source for _, v in group.videos} for group in shard.groups]
        assert all(len(each) == 1 for each in sources)
        assert sources == sorted(sources, key=min)
        assert {v.split for group in shard.groups for _, v in group.videos} == {shard.name[:-6]}
        for group in shard.groups:
            assert [v.label for _, v in group.videos] == [0, 1, 1]
            assert group.piece.startswith(f"{shard.name}.")
            assert all(plan.videos[number] == video for number, video in group.videos)
            seen += [v.source for _, v in group.videos[:1]]
    assert sorted(seen) == [f"{number:02d}" for number in range(30)]
    # Three whole sources are the first to have at least 7 videos.
    sizes = [len(s.groups) for s in plan.shards if s.name.startswith("val")]
    assert sizes == [3, 3, 3, 1]
    assert len({group.piece for shard in plan.shards for group in shard.groups}) == 30


def test_shards_are_mixed_by_the_seed(videos, small):
    def first_shard(seed):
        groups = make_plan(videos, small(seed=seed), ROOT).shards[0].groups
        return [group.videos[0][1].source for group in groups]

    assert first_shard(0) == first_shard(0)
    assert len({tuple(first_shard(seed)) for seed in range(5)}) > 1


def test_order_of_the_videos_does_not_matter(videos, small):
    one, other = (make_plan(each, small(), ROOT) for each in (videos, videos[::-1]))
    assert one.shards == other.shards
    assert one.to_json() == other.to_json()


def test_splits_and_limit_choose(videos, small):
    assert {s.name[:-6] for s in make_plan(videos, small(splits=("val",)), ROOT).shards} == {"val"}
    few = make_plan(videos, small(limit=8), ROOT)
    assert len(few.videos) == 9
    assert {video.split for video in few.videos} == {"train", "val", "test"}
    everything = make_plan(videos, small(limit=10_000), ROOT)
    assert len(everything.videos) == len(videos)


def test_no_videos(videos, small, source_video):
    with pytest.raises(UserError, match=r"/data: no videos of train\."):
        make_plan([v for v in videos if v.split != "train"], small(splits=("train",)), ROOT)
    with pytest.raises(UserError, match=r"two videos have the same name, x: a/x\.mp4 and b/x"):
        make_plan([source_video("a/x.mp4"), source_video("b/x.mp4")], small(), ROOT)


def test_a_group_comes_back_from_json(source_video):
    frames = (ROOT / "a/1.png", ROOT / "a/2.png")
    listed = dataclasses.replace(source_video("y"), path=None, frames=frames)
    videos = ((4, source_video(ROOT / "x.mp4")), (7, listed))
    group = Group("train-00001.000002", videos)
    assert Group.from_json(json.loads(json.dumps(group.to_json()))) == group


class TestDifference:
    def compare(self, one, other):
        return difference(json.loads(json.dumps(one.to_json())), other.to_json())

    def test_none(self, videos, small):
        settings = small(methods=("a",), splits=("val",))
        plan = make_plan(videos, settings, ROOT)
        assert self.compare(plan, make_plan(videos, settings, ROOT)) == ""

    def test_a_data_set_may_move(self, videos, small):
        moved = [dataclasses.replace(v, path=Path("/new") / v.path.name) for v in videos]
        plan = make_plan(videos, small(), ROOT)
        assert self.compare(plan, make_plan(moved, small(), Path("/new"))) == ""
        assert "are others" in self.compare(plan, make_plan(moved, small(), ROOT))

    def test_settings(self, videos, small):
        plans = make_plan(videos, small(), ROOT), make_plan(videos, small(size=64, seed=1), ROOT)
        assert self.compare(*plans) == "`seed` was 0 and is 1; `size` was 48 and is 64"

    def test_videos(self, videos, small):
        plan = make_plan(videos, small(), ROOT)
        fewer = make_plan(videos[3:], small(), ROOT)
        assert self.compare(plan, fewer) == "3 videos are gone, 00 for one"
        assert self.compare(fewer, plan) == "3 videos are new, 00 for one"
        other = [dataclasses.replace(videos[0], label=1), *videos[1:]]
        assert (
            self.compare(plan, make_plan(other, small(), ROOT)) == "1 videos are others, 00 for one"
        )

    def test_lists_of_pictures(self, small, source_video):
        one, other = (
            make_plan([source_video("a", frames=tuple(ROOT / n for n in names))], small(), ROOT)
            for names in (("1.png", "2.png"), ("1.png", "3.png"))
        )
        assert self.compare(one, one) == ""
        assert self.compare(one, other) == "1 videos are others, a for one"
