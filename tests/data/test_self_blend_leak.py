"""The leak test: nothing outside the mask may tell a self-blended fake from its real picture."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from keras_madd.data.footage import Footage
from keras_madd.data.h264 import through_h264
from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.self_blends import SELF_BLENDS
from keras_madd.demo.people import draw_person
from keras_madd.demo.simulated_camera import SimulatedCamera
from keras_madd.demo.synthetic_faces import render_video
from keras_madd.faces import crop_square

PEOPLE, BLENDS, SIZE = 24, 8, 160

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def faces():
    """One filmed face of each of some people, cropped: images and landmarks."""
    found = []
    for number in range(PEOPLE):
        rng = np.random.default_rng(number)
        video = render_video(draw_person(rng), rng, 1, 224)
        camera = SimulatedCamera.draw(rng)
        frame = camera.film(video.frames[0], camera.noise(rng, 224))
        points = video.landmarks[0]
        low, high = points.min(0).astype(int), points.max(0).astype(int)
        left, top, side = crop_square((*low, *(high - low)))
        move = np.float32([[1, 0, -left], [0, 1, -top]]) * SIZE / side
        image = cv2.warpAffine(frame, move, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
        found.append((image, points @ move[:, :2].T + move[:, 2]))
    return found


def _outside_features(image, mask):
    """What a trivial classifier sees: statistics of colours and of fine structure, outside."""
    # A filter's neighbours must lie outside as well.
    outside = cv2.dilate(np.uint8(mask > 0), np.ones((5, 5))) == 0
    values = np.float32(image)
    features = [*values[outside].mean(0), *values[outside].std(0)]
    grey = values @ np.float32([0.299, 0.587, 0.114])
    for kernel in ((1, -1), (1, -2, 1)):
        for residual in (
            cv2.filter2D(grey, -1, np.float32([kernel])),
            cv2.filter2D(grey, -1, np.float32([kernel]).T),
        ):
            level = np.abs(residual)[outside]
            features += [level.mean(), np.log1p(level).mean(), (level < 1).mean()]
    # JPEG's blocks: steps at their edges over steps elsewhere.
    step = np.abs(np.diff(grey, axis=1)) * outside[:, 1:]
    features.append(step[:, 7::8].sum() / (step[:, 3::8].sum() + 1))
    return features


def _held_out_auc(faces, make):
    """AUC on one half of the people of a classifier trained on the other half."""
    features, labels, people = [], [], []
    for person, (image, landmarks) in enumerate(faces):
        for number in range(BLENDS):
            fake, real, mask = make(image, landmarks, (person, number))
            features += [_outside_features(fake, mask), _outside_features(real, mask)]
            labels += [1, 0]
            people += [person] * 2
    features, labels = np.array(features), np.array(labels)
    training = np.array(people) < PEOPLE // 2
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    classifier.fit(features[training], labels[training])
    return roc_auc_score(labels[~training], classifier.decision_function(features[~training]))


def _jpeg(image, quality):
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imdecode(cv2.imencode(".jpg", image, settings)[1], cv2.IMREAD_COLOR)


def test_no_leak_after_the_shared_augmentation(faces):
    assert abs(_held_out_auc(faces, SelfBlend()) - 0.5) < 0.07


def test_no_leak_before_it(faces):
    """Equal pixels give equal features: the AUC is 0.5 exactly."""
    assert _held_out_auc(faces, SelfBlend().blend) == 0.5


def test_no_leak_through_video_compression(faces):
    """H.264 carries the mask's edge outside a little; what it carries must tell nothing."""

    def filmed(image, landmarks, seed):
        take = Footage().draw(seed, 107)
        blend = SELF_BLENDS["varied"].blend
        fake, real, mask = blend(take.film(image), take.points(landmarks), seed)
        return take.publish(fake), take.publish(real), mask

    assert abs(_held_out_auc(faces, filmed) - 0.5) < 0.07


def test_compressing_fakes_harder_is_caught(faces):
    def leaky(image, landmarks, seed):
        fake, real, mask = SELF_BLENDS["varied"].blend(image, landmarks, seed)
        return through_h264(fake, 32), through_h264(real, 26), mask

    assert _held_out_auc(faces, leaky) > 0.7


def test_encoding_only_the_fakes_is_caught(faces):
    """The test has teeth: the mistake that it is there for."""

    def leaky(image, landmarks, seed):
        fake, real, mask = SelfBlend().blend(image, landmarks, seed)
        return _jpeg(fake, 90), real, mask

    assert _held_out_auc(faces, leaky) > 0.7


def test_augmenting_with_separate_draws_is_caught(faces):
    """Another one: a real picture that never went through the augmentation of its fake."""

    def leaky(image, landmarks, seed):
        fake, _, mask = SelfBlend()(image, landmarks, seed)
        return fake, SelfBlend().blend(image, landmarks, seed)[1], mask

    assert _held_out_auc(faces, leaky) > 0.6
