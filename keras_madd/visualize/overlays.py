"""Attention and scores drawn onto photographs."""

from collections.abc import Iterable
from typing import Protocol

import cv2
import numpy as np

REAL_COLOR = (46, 160, 110)
FAKE_COLOR = (214, 70, 60)


class ScoredFaceLike(Protocol):
    """What `draw_scored_faces` needs of a face; `keras_madd.edge.ScoredFace` is one."""

    box: tuple[int, int, int, int]
    probability: float
    attention_maps: np.ndarray | None


def overlay_attention(
    image: np.ndarray, attention_map: np.ndarray, opacity: float = 0.75
) -> np.ndarray:
    """Lays an attention map over a picture: where it attends it glows, elsewhere nothing changes.

    Args:
        image: (H, W, 3) uint8 RGB.
        attention_map: (h, w) of 0 or more, any scale: drawn from its smallest value, invisible, to
            its largest. A map that is alike everywhere leaves the picture as it is.
        opacity: 0 to 1, how much of the picture the brightest place hides.

    Returns:
        (H, W, 3) uint8 RGB, a new array.

    Raises:
        ValueError: If a shape, a type or a value does not fit.
    """
    _check_image(image)
    heat = _unit_map(attention_map)
    if not 0 <= opacity <= 1:
        raise ValueError(f"Argument `opacity` must be from 0 to 1. Received: opacity={opacity}")
    height, width = image.shape[:2]
    heat = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.rint(heat * 255).astype(np.uint8)
    glow = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]
    share = (opacity * heat)[..., None]
    return np.rint(image * (1 - share) + glow * share).astype(np.uint8)


def draw_scored_faces(image: np.ndarray, faces: Iterable[ScoredFaceLike]) -> np.ndarray:
    """Draws each face's box, its score, and its attention as a small inset beside the box.

    Args:
        image: (H, W, 3) uint8 RGB.
        faces: Objects with `box` (x, y, width, height) in pixels, `probability` of being fake and
            `attention_maps` (h, w, M) over the square crop `crop_box`, where present, or the box.
            Maps may be None.

    Returns:
        (H, W, 3) uint8 RGB, a new array.
    """
    _check_image(image)
    canvas = image.copy()
    faces = list(faces)
    for face in faces:
        _draw_box(canvas, face)
    for face in faces:
        if face.attention_maps is not None:
            _draw_inset(canvas, image, face)
    for face in faces:
        _draw_label(canvas, face)
    return canvas


def encode_png(image: np.ndarray) -> bytes:
    """Returns an (H, W, 3) uint8 RGB picture as the bytes of a PNG file."""
    _check_image(image)
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def _check_image(image: np.ndarray) -> None:
    if not (isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3):
        raise ValueError(
            "Argument `image` must be an array of shape (H, W, 3). "
            f"Received: image.shape={getattr(image, 'shape', None)}"
        )
    if image.dtype != np.uint8 or image.size == 0:
        raise ValueError(
            "Argument `image` must hold uint8 pixels and not be empty. "
            f"Received: image.dtype={image.dtype}, image.shape={image.shape}"
        )


def _unit_map(attention_map: np.ndarray) -> np.ndarray:
    heat = np.asarray(attention_map, dtype=np.float32)
    if heat.ndim != 2 or heat.size == 0:
        raise ValueError(
            "Argument `attention_map` must have shape (h, w). "
            f"Received: attention_map.shape={heat.shape}"
        )
    if not np.isfinite(heat).all() or heat.min() < 0:
        raise ValueError(
            "Argument `attention_map` must hold finite values of 0 or more. "
            f"Received: min={heat.min()}, max={heat.max()}"
        )
    heat = heat - heat.min()
    return heat / heat.max() if heat.max() > 0 else heat


def _unit(image: np.ndarray) -> float:
    """Returns the length that lines and letters are measured in, so that they suit any size."""
    return max(image.shape[:2]) / 1000


def _color(face: ScoredFaceLike) -> tuple[int, int, int]:
    return FAKE_COLOR if face.probability >= 0.5 else REAL_COLOR


def _draw_box(canvas: np.ndarray, face: ScoredFaceLike) -> None:
    x, y, width, height = (int(value) for value in face.box)
    thickness = max(2, round(4 * _unit(canvas)))
    cv2.rectangle(canvas, (x, y), (x + width, y + height), _color(face), thickness, cv2.LINE_AA)


def _draw_label(canvas: np.ndarray, face: ScoredFaceLike) -> None:
    x, y, _, height = (int(value) for value in face.box)
    text = f"fake {face.probability:.0%}"
    font, scale = cv2.FONT_HERSHEY_DUPLEX, max(0.4, 1.1 * _unit(canvas))
    thickness = max(1, round(1.5 * scale))
    (text_width, text_height), baseline = cv2.getTextSize(text, font, scale, thickness)
    pad = baseline
    tag_height = text_height + 2 * pad
    top = y - tag_height if y >= tag_height else min(y + height, canvas.shape[0] - tag_height)
    left = int(np.clip(x, 0, max(0, canvas.shape[1] - text_width - 2 * pad)))
    corner = (left + text_width + 2 * pad, top + tag_height)
    cv2.rectangle(canvas, (left, top), corner, _color(face), cv2.FILLED)
    place = (left + pad, top + pad + text_height)
    cv2.putText(canvas, text, place, font, scale, (255, 255, 255), thickness, cv2.LINE_AA)


def _draw_inset(canvas: np.ndarray, image: np.ndarray, face: ScoredFaceLike) -> None:
    """Puts the crop with the summed attention beside the box, on the side with more room."""
    crop = _square_crop(image, getattr(face, "crop_box", None) or face.box)
    heat = np.maximum(np.asarray(face.attention_maps, np.float32), 0).sum(-1)
    x, y, width, height = (int(value) for value in face.box)
    side = int(np.clip(height, 48, 0.42 * min(canvas.shape[:2])))
    picture = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
    picture = overlay_attention(picture, heat)
    frame = max(2, round(3 * _unit(canvas)))
    picture[:frame], picture[-frame:] = _color(face), _color(face)
    picture[:, :frame], picture[:, -frame:] = _color(face), _color(face)

    gap = 2 * frame
    right_room = canvas.shape[1] - (x + width)
    left = x + width + gap if right_room >= x else x - gap - side
    left = int(np.clip(left, 0, canvas.shape[1] - side))
    top = int(np.clip(y, 0, canvas.shape[0] - side))
    canvas[top : top + side, left : left + side] = picture


def _square_crop(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Cuts a square about a box for showing; what the model sees comes from `faces.crop_face`."""
    x, y, width, height = (int(value) for value in box)
    side = max(width, height, 1)
    left, top = x + (width - side) // 2, y + (height - side) // 2
    before = (max(0, -top), max(0, -left))
    after = (max(0, top + side - image.shape[0]), max(0, left + side - image.shape[1]))
    padded = np.pad(image, ((before[0], after[0]), (before[1], after[1]), (0, 0)))
    top, left = top + before[0], left + before[1]
    return padded[top : top + side, left : left + side]
