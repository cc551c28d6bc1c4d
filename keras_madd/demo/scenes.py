"""Backgrounds, out of focus as behind a portrait."""

import cv2
import numpy as np

SIDE = 96


def draw_scene(rng: np.random.Generator, size: int) -> np.ndarray:
    """Draw a background at random.

    Args:
        rng: source of randomness.
        size: side of the square picture in pixels.

    Returns:
        RGB, uint8, `(size, size, 3)`.
    """
    draw = (_studio, _lights, _room, _outdoors)[rng.integers(4)]
    scene = cv2.resize(draw(rng), (size, size), interpolation=cv2.INTER_CUBIC)
    grain = cv2.resize(_mottle(rng, 64, 1.0), (size, size), interpolation=cv2.INTER_CUBIC)
    return np.clip(scene + 1.5 * grain[..., None], 0, 255).astype(np.uint8)


def _color(rng, low, high):
    value = rng.uniform(low, high)
    return np.asarray(np.clip(value * rng.uniform(0.82, 1.18, 3), 0, 250), np.float32)


def _gradient(rng, first, second):
    direction = rng.uniform(0, 2 * np.pi)
    line = np.linspace(-0.7, 0.7, SIDE, dtype=np.float32)
    part = np.clip(0.5 + np.cos(direction) * line + np.sin(direction) * line[:, None], 0, 1)
    return first + part[..., None] * (second - first)


def _mottle(rng, side, smoothness):
    noise = cv2.GaussianBlur(
        rng.standard_normal((side, side), dtype=np.float32), (0, 0), smoothness
    )
    return noise / noise.std()


def _studio(rng):
    color = _color(rng, 60, 220)
    scene = _gradient(rng, color, color * rng.uniform(0.4, 0.9))
    return scene + rng.uniform(3, 10) * _mottle(rng, SIDE, rng.uniform(4, 12))[..., None]


def _lights(rng):
    scene = _gradient(rng, _color(rng, 15, 80), _color(rng, 15, 80))
    for _ in range(rng.integers(10, 30)):
        disc = np.zeros((SIDE, SIDE), np.float32)
        place = tuple(int(v) for v in rng.integers(0, SIDE, 2))
        cv2.circle(disc, place, int(rng.integers(2, 8)), rng.uniform(0.2, 0.8), -1, cv2.LINE_AA)
        scene = scene + cv2.GaussianBlur(disc, (0, 0), 0.8)[..., None] * _color(rng, 80, 250)
    return np.clip(scene, 0, 255)


def _room(rng):
    scene = _gradient(rng, _color(rng, 90, 210), _color(rng, 70, 180))
    for _ in range(rng.integers(2, 9)):
        x, y = (int(v) for v in rng.integers(-10, SIDE, 2))
        width, height = (int(v) for v in rng.integers(6, 50, 2))
        color = tuple(float(v) for v in _color(rng, 30, 230))
        scene = np.ascontiguousarray(scene, np.float32)
        cv2.rectangle(scene, (x, y), (x + width, y + height), color, -1)
    return cv2.GaussianBlur(scene, (0, 0), rng.uniform(1.0, 3.5))


def _outdoors(rng):
    sky = _gradient(
        rng, np.asarray((150, 185, 220), np.float32), np.asarray((205, 215, 225), np.float32)
    )
    green = np.asarray((70, 95, 50), np.float32) * rng.uniform(0.6, 1.3, 3).astype(np.float32)
    leaves = green * (1 + 0.22 * _mottle(rng, SIDE, rng.uniform(0.8, 2.0)))[..., None]
    horizon = rng.uniform(0.1, 0.9) * SIDE + 8 * _mottle(rng, SIDE, 6)[:1]
    below = np.clip((np.arange(SIDE)[:, None] - horizon) / 4 + 0.5, 0, 1)[..., None]
    return cv2.GaussianBlur(np.asarray(sky + below * (leaves - sky), np.float32), (0, 0), 1.0)
