import dataclasses

import numpy as np

from keras_madd.demo.simulated_camera import SimulatedCamera

PLAIN = SimulatedCamera(blur=0.3, read_noise=2.0, shot_noise=0.0, quality=95)
GRAY = np.full((64, 64, 3), 128, np.uint8)


def film(camera, image=GRAY, seed=0):
    return camera.film(image, camera.noise(np.random.default_rng(seed), len(image)))


def test_deterministic():
    np.testing.assert_array_equal(film(PLAIN), film(PLAIN))
    assert (film(PLAIN) != film(PLAIN, seed=1)).any()
    assert SimulatedCamera.draw(np.random.default_rng(4)) == SimulatedCamera.draw(
        np.random.default_rng(4)
    )


def test_noise_has_the_stated_strength():
    noise = PLAIN.noise(np.random.default_rng(0), 256)
    assert abs(noise.std() - 1) < 0.15
    assert abs(noise.mean()) < 0.02


def test_shot_noise_grows_with_light():
    camera = SimulatedCamera(blur=0.3, read_noise=0.5, shot_noise=0.04, quality=98)
    bright, dark = film(camera, GRAY + np.uint8(80)), film(camera, GRAY // 8)
    assert bright.std() > 1.5 * dark.std()


def test_every_setting_matters():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    usual = film(PLAIN, image)
    for change in ({"blur": 0.9}, {"read_noise": 6.0}, {"shot_noise": 0.1}, {"quality": 60}):
        assert (film(dataclasses.replace(PLAIN, **change), image) != usual).any()
