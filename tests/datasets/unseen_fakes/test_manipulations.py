import dataclasses
import itertools

import cv2
import numpy as np
import pytest
from people_photos import photograph

from keras_madd.datasets.unseen_fakes import METHODS
from keras_madd.datasets.unseen_fakes.appearance_model import AppearanceModel
from keras_madd.datasets.unseen_fakes.manipulations import (
    expression_transfer,
    face_swap,
    morph,
)
from keras_madd.datasets.unseen_fakes.photo import FacePhoto


def _photo(number):
    image, landmarks = photograph(number)
    return FacePhoto(f"p{number}", f"person{number}", "test", image, landmarks)


@pytest.fixture(scope="module")
def photos():
    return [_photo(number) for number in range(4)]


@pytest.fixture(scope="module")
def make(photos):
    """`(method, seed)` -> target, donor and fake."""
    images, landmarks = zip(*map(photograph, range(4, 9)), strict=True)
    model = AppearanceModel(landmarks, images)

    def fake(method, seed):
        target, donor = photos[seed % 4], photos[(seed + 1) % 4]
        other = model if method == "resynthesis" else donor
        return target, donor, METHODS[method](target, other, np.random.default_rng(seed))

    return fake


@pytest.mark.parametrize("method", METHODS)
def test_changes_the_face_and_nothing_around_it(make, method):
    for seed in range(6):
        target, _, fake = make(method, seed)
        face = np.zeros(fake.shape[:2], np.uint8)
        cv2.fillConvexPoly(face, cv2.convexHull(np.int32(target.landmarks)), 1)
        reach = 2 * round(0.2 * target.face) + 1
        around = cv2.dilate(face, np.ones((reach, reach))) == 0
        assert around.any()
        np.testing.assert_array_equal(fake[around], target.image[around])
        assert fake.dtype == np.uint8
        assert (fake != target.image).any(-1)[face > 0].mean() > 0.2


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_fake(make, method):
    np.testing.assert_array_equal(make(method, 3)[2], make(method, 3)[2])


def test_a_swap_has_the_targets_colours_and_the_donors_face(make, photos):
    for seed in range(4):
        target, _, fake = make("face_swap", seed)
        inner = np.zeros(fake.shape[:2], np.uint8)
        cv2.fillConvexPoly(inner, cv2.convexHull(np.int32(target.landmarks)), 1)
        inner = cv2.erode(inner, np.ones((21, 21))) > 0
        colors = [np.float32(each)[inner].mean(0) for each in (fake, target.image)]
        assert np.abs(colors[0] - colors[1]).max() < 45
        itself = face_swap(target, target, np.random.default_rng(seed))
        changes = [np.abs(np.float32(each) - target.image)[inner].mean() for each in (fake, itself)]
        assert changes[0] > 1.5 * changes[1]


def test_ones_own_expression_moves_nothing(photos):
    """What is left is the lost resolution, which has no sign."""
    for seed, photo in enumerate(photos):
        fake = expression_transfer(photo, photo, np.random.default_rng(seed))
        change = np.float32(fake) - photo.image
        inside = change.any(-1)
        assert abs(change[inside].mean()) < 3
        smooth = cv2.GaussianBlur(change, (0, 0), 4)[inside]
        assert np.abs(smooth).mean() < 4


def test_another_expression_moves_the_mouth(photos):
    """An open mouth closes the donor's way: its dark inside grows or shrinks."""
    moved = 0
    for seed, (target, donor) in enumerate(itertools.pairwise(photos)):
        own, others = (
            expression_transfer(target, each, np.random.default_rng(seed))
            for each in (target, donor)
        )
        lips = np.int32(target.landmarks[[61, 291, 0, 17]])
        (left, top), (right, bottom) = lips.min(0), lips.max(0)
        part = np.s_[top : bottom + 1, left : right + 1]
        moved += np.abs(np.float32(own[part]) - others[part]).mean() > 3
    assert moved >= 2


class _Share:
    """A generator whose morphs have a given share of the donor."""

    def __init__(self, share):
        self._share = share

    def uniform(self, low, high):
        return self._share if high > 0.5 else low


def test_a_morph_with_oneself_is_oneself(photos):
    for photo, seed in itertools.product(photos, range(6)):
        fake = morph(photo, photo, np.random.default_rng(seed))
        assert np.abs(fake.astype(int) - photo.image).max() <= 2


@pytest.mark.parametrize("method", METHODS)
def test_nothing_that_is_no_face_comes_in(photos, monkeypatch, method):
    """Warped pictures are black around the face; on a white picture that would be seen."""
    target, donor = (
        dataclasses.replace(photo, image=np.full_like(photo.image, 250)) for photo in photos[:2]
    )
    model = AppearanceModel([each.landmarks for each in photos], [target.image] * 4)
    for seed in range(8):
        other = model if method == "resynthesis" else donor
        fake = METHODS[method](target, other, np.random.default_rng(seed))
        assert fake.min() > 232


def test_a_region_too_small_to_solve_changes_nothing(photos):
    """A face of which the picture shows a rim."""
    photo = photos[0]
    shown = photo.landmarks - (0, photo.landmarks[:, 1].max() - 9)
    target = dataclasses.replace(photo, landmarks=shown)
    for seed in range(8):
        assert face_swap(target, photos[1], np.random.default_rng(seed)).shape == photo.image.shape


def test_a_morph_goes_from_the_target_to_the_donor(photos):
    """From no share of the donor, which is the target, ever further away from it."""
    for target, donor in itertools.pairwise(photos):
        changes = [
            np.abs(np.float32(morph(target, donor, _Share(share))) - target.image).mean()
            for share in (0, 0.25, 0.5, 0.75, 1)
        ]
        assert changes[0] < 0.05
        assert (np.diff(changes) > 0).all()


def test_a_morph_has_proportions_between_the_two(photos):
    """Of a face and the same face drawn out: marks on it lie between where each has them."""
    photo = photos[0]
    marks = photo.landmarks[[10, 17]]  # Forehead and chin.
    image = photo.image.copy()
    for mark in marks:
        cv2.circle(image, tuple(map(int, mark)), 4, (255, 0, 255), -1)
    height, width = image.shape[:2]
    tall = cv2.resize(image, (width, round(1.3 * height)))
    target, donor = (
        FacePhoto("p", person, "test", *each)
        for person, each in (
            ("a", (image, photo.landmarks)),
            ("b", (tall, photo.landmarks * (1, 1.3))),
        )
    )

    def apart(share):
        fake = np.int32(morph(target, donor, _Share(share)))
        rows = np.nonzero(np.minimum(fake[..., 0], fake[..., 2]) - fake[..., 1] > 80)[0]
        middle = rows.mean()
        return rows[rows > middle].mean() - rows[rows < middle].mean()

    assert apart(0) == pytest.approx(np.ptp(marks[:, 1]), abs=2)
    assert apart(1) > 1.06 * apart(0)
    assert 1.02 * apart(0) < apart(0.5) < apart(1) / 1.02
