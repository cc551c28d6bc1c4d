"""The data set: its promises, and that nothing but the manipulation tells real from fake."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_madd.demo import SEEN, UNSEEN, SyntheticFaces

SMALL = {"identities": 8, "videos_per_identity": 2, "frames_per_video": 2}


@pytest.fixture(scope="module")
def versions():
    return list(SyntheticFaces(0, **SMALL))


def test_every_video_has_its_fakes(versions):
    assert len(versions) == len(SyntheticFaces(0, **SMALL)) == 16
    for real, *fakes in versions:
        assert (real.label, real.method, real.original) == (0, "real", real.name)
        assert len(fakes) == (2 if real.split == "test" else 1)
        for fake in fakes:
            assert (fake.label, fake.original) == (1, real.name)
            assert (fake.identity, fake.split) == (real.identity, real.split)
            assert fake.frames.shape == real.frames.shape == (2, 256, 256, 3)
    names = [video.name for group in versions for video in group]
    assert len(set(names)) == len(names)


def test_splits_share_no_person_and_only_the_test_has_the_unseen_manipulation(versions):
    videos = [video for group in versions for video in group]
    people = {split: {v.identity for v in videos if v.split == split} for split in _splits(videos)}
    assert set(people) == {"train", "val", "test"}
    assert sum(len(group) for group in people.values()) == SMALL["identities"]
    assert {v.split for v in videos if v.method == UNSEEN} == {"test"}
    assert {v.method for v in videos if v.split == "train"} == {"real", *SEEN}


def _splits(videos):
    return {video.split for video in videos}


def test_donors_come_from_the_same_split():
    source = SyntheticFaces(0, identities=12, videos_per_identity=2)
    for number in range(len(source)):
        donor = source._donor(number, np.random.default_rng(number))
        target, other = number // 2, donor // 2
        assert other != target
        assert source.split(other) == source.split(target)


def test_videos_in_any_order_are_the_same(versions):
    again = SyntheticFaces(0, **SMALL)
    for number in (9, 3):
        for video, expected in zip(again.videos(number), versions[number], strict=True):
            np.testing.assert_array_equal(video.frames, expected.frames)
    other = SyntheticFaces(1, **SMALL).videos(3)[0]
    assert (other.frames != versions[3][0].frames).any()


def test_outside_the_mask_nothing_is_changed(versions):
    for real, *fakes in versions:
        np.testing.assert_array_equal(real.masks, 0)
        for fake in fakes:
            outside = fake.masks == 0
            np.testing.assert_array_equal(fake.clean[outside], real.clean[outside])
            assert (fake.clean != real.clean).any()


@pytest.mark.parametrize(
    "arguments",
    [{"identities": 4}, {"videos_per_identity": 0}, {"image_size": 64}, {"seed": -1}],
)
def test_errors(arguments):
    ((name, value),) = arguments.items()
    with pytest.raises(ValueError, match=f"`{name}` must be at least .* Received: {name}={value}"):
        SyntheticFaces(**arguments)


def test_no_such_video():
    with pytest.raises(IndexError, match="Received: number=16"):
        SyntheticFaces(0, **SMALL).videos(16)


def outside_features(image, outside):
    """Simple statistics of the pixels outside the manipulated region."""
    gray = image.astype(np.float32).mean(-1)
    laplacian = cv2.Laplacian(gray, cv2.CV_32F)
    across = np.abs(np.diff(gray, axis=1))
    grid = np.arange(across.shape[1]) % 8 == 7
    pairs = outside[:, 1:] & outside[:, :-1]
    inner = cv2.erode(outside.astype(np.uint8), np.ones((3, 3))) > 0
    on_grid, off_grid = pairs & grid, pairs & ~grid
    return [
        np.log(laplacian[inner].std() + 0.1),
        np.log(np.abs(laplacian[inner]).mean() + 0.1),
        np.log(across[pairs].mean() + 0.1),
        across[on_grid].mean() / across[off_grid].mean(),
        (across[pairs] == 0).mean(),
        *image[outside].mean(0),
        *image[outside].std(0),
    ]


def leak_auc(groups, film=lambda frames: frames, draw=None):
    """AUC of a classifier that sees outside the masks only, on people it has not met.

    A fake is seen together with its original, or, with a random generator `draw`, either of them.
    """
    features, labels, held_out = [], [], []
    for real, fake, *_ in groups:
        # The lens blurs two pixels beyond the mask.
        reach = cv2.dilate((fake.masks[0] > 0).astype(np.uint8), np.ones((5, 5)))
        pair = [(real, real.frames), (fake, film(fake.frames))]
        for video, frames in pair if draw is None else [pair[draw.integers(2)]]:
            features.append(outside_features(frames[0], reach == 0))
            labels.append(video.label)
            held_out.append(video.identity % 2)
    features, labels, held_out = np.array(features), np.array(labels), np.array(held_out) == 1
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=10, max_iter=2000))
    classifier.fit(features[~held_out], labels[~held_out])
    return roc_auc_score(labels[held_out], classifier.decision_function(features[held_out]))


@pytest.fixture(scope="module")
def many():
    return list(SyntheticFaces(2, identities=24, videos_per_identity=4, frames_per_video=1))


@pytest.mark.slow
def test_no_leak_outside_the_mask(many):
    assert 0.4 < leak_auc(many) < 0.6


@pytest.mark.slow
def test_no_leak_outside_the_mask_between_different_videos(many):
    aucs = [leak_auc(many, draw=np.random.default_rng(seed)) for seed in range(8)]
    assert 0.4 < np.mean(aucs) < 0.6


@pytest.mark.slow
def test_the_leak_test_can_fail(many):
    """Fakes that are encoded once more are found out by the same classifier."""

    def encode_again(frames):
        _, data = cv2.imencode(".jpg", frames[0], [cv2.IMWRITE_JPEG_QUALITY, 75])
        return cv2.imdecode(data, cv2.IMREAD_COLOR)[None]

    assert leak_auc(many, encode_again) > 0.75
