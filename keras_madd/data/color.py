"""One affine map of RGB for every change of colour: a single rounding, and a closed form."""

import cv2
import numpy as np

# Rec. 601 weights of grey; they sum to 1.
LUMA = np.array([0.299, 0.587, 0.114])
_YIQ = np.array([LUMA, [0.595716, -0.274453, -0.321263], [0.211456, -0.522591, 0.311135]])


def color_transform(
    hue: float = 0.0,
    saturation: float = 0.0,
    value: float = 0.0,
    contrast: float = 0.0,
    brightness: float = 0.0,
    shift: np.ndarray | tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> np.ndarray:
    """The map `rgb -> matrix @ (r, g, b, 1)` of some changes; all zeros give the identity.

    In this order: the hue is turned, colours move away from their grey, everything is multiplied,
    contrast is stretched about the middle grey 127.5, and constants are added.

    Args:
        hue: angle in radians, about the axis of greys in YIQ.
        saturation: colours are multiplied by `1 + saturation`; -1 leaves grey.
        value: everything is multiplied by `1 + value`.
        contrast: the distance to the middle grey is multiplied by `1 + contrast`.
        brightness: this share of 255 is added.
        shift: grey levels added to red, green and blue.

    Returns:
        float64 `(3, 4)`.
    """
    turn = np.eye(3)
    turn[1:, 1:] = [[np.cos(hue), -np.sin(hue)], [np.sin(hue), np.cos(hue)]]
    grey = np.tile(LUMA, (3, 1))
    saturate = grey + (1 + saturation) * (np.eye(3) - grey)
    linear = (1 + contrast) * (1 + value) * saturate @ np.linalg.inv(_YIQ) @ turn @ _YIQ
    constant = 255 * brightness - 127.5 * contrast + np.asarray(shift, np.float64)
    return np.column_stack([linear, constant])


def apply_color(image: np.ndarray, transform: np.ndarray) -> np.ndarray:
    """Colours of an image mapped, rounded and clipped.

    Args:
        image: RGB, uint8, `(H, W, 3)`.
        transform: from `color_transform`.

    Returns:
        RGB, uint8, `(H, W, 3)`.
    """
    return cv2.transform(image, np.asarray(transform, np.float32))
