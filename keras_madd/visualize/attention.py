"""Attention maps laid over pictures."""

from typing import Any

import cv2
import numpy as np

from keras_madd.faces.crop import check_image, crop_square, padded_square


def overlay_attention(
    image: np.ndarray,
    attention_map: np.ndarray,
    opacity: float = 0.75,
    full_scale: float | None = None,
) -> np.ndarray:
    """Lays an attention map over a picture: where it attends it glows, elsewhere nothing changes.

    Args:
        image: (H, W, 3) uint8 RGB.
        attention_map: (h, w) of 0 or more, any scale: drawn from its smallest value, invisible, to
            its largest. A map that is alike everywhere leaves the picture as it is.
        opacity: 0 to 1, how much of the picture the brightest place hides.
        full_scale: Draw from 0 to this value instead, the same for every picture: for maps whose
            values say something, such as probabilities.

    Returns:
        (H, W, 3) uint8 RGB, a new array.

    Raises:
        ValueError: If a shape, a type or a value does not fit.
    """
    check_image(image)
    heat = _unit_map(attention_map, full_scale)
    if not 0 <= opacity <= 1:
        raise ValueError(f"Argument `opacity` must be from 0 to 1. Received: opacity={opacity}")
    height, width = image.shape[:2]
    heat = cv2.resize(heat, (width, height), interpolation=cv2.INTER_LINEAR)
    levels = np.rint(heat * 255).astype(np.uint8)
    glow = cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO)[..., ::-1]
    share = (opacity * heat)[..., None]
    return np.rint(image * (1 - share) + glow * share).astype(np.uint8)


def attended_crop(image: np.ndarray, face: Any, side: int) -> np.ndarray:
    """Draws what the model saw of a face, with its summed attention.

    Args:
        image: (H, W, 3) uint8 RGB.
        face: Has `attention_maps` (h, w, M) over its square `crop_box` (x, y, side, side), or over
            its `box` where it has none; and perhaps their `full_scale`.
        side: Of the result in pixels.

    Returns:
        (side, side, 3) uint8 RGB; black outside the image.
    """
    box = getattr(face, "crop_box", None) or face.box
    crop = padded_square(image, *crop_square(box, margin=1.0))
    shrinks = crop.shape[0] > side
    picture = cv2.resize(
        crop, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    )
    heat = np.maximum(np.asarray(face.attention_maps, np.float32), 0).sum(-1)
    return overlay_attention(picture, heat, full_scale=getattr(face, "full_scale", None))


def encode_png(image: np.ndarray) -> bytes:
    """Returns an (H, W, 3) uint8 RGB picture as the bytes of a PNG file."""
    check_image(image)
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def _unit_map(attention_map: np.ndarray, full_scale: float | None) -> np.ndarray:
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
    if full_scale is not None:
        if not full_scale > 0:
            raise ValueError(
                f"Argument `full_scale` must be above 0. Received: full_scale={full_scale}"
            )
        return np.minimum(heat / full_scale, 1)
    heat = heat - heat.min()
    return heat / heat.max() if heat.max() > 0 else heat
