"""Which part of a stored picture a model sees: training, evaluation and export ask here.

A stored picture shows `record.margin` times the longer side of the face box. That is the data
set's margin, or, for the train split, some context more, which augmentation moves about in. A
model sees the square about its middle that shows the data set's margin, as a runtime cuts it out
of a whole frame.
"""

from typing import Any

import numpy as np

from keras_madd.data.shards import CropRecord
from keras_madd.faces import crop_face
from keras_madd.media.encoded import decode_picture
from keras_madd.support.errors import UserError


def window_side(stored_side: Any, stored_margin: Any, margin: Any) -> Any:
    """Return the side of the window, in pixels of the stored picture and not yet rounded.

    Numbers and tensors are taken alike; float32, so that both give the same.

    Args:
        stored_side: Side of the stored picture in pixels.
        stored_margin: Its record's margin.
        margin: Of the window, over the longer side of the face box.
    """
    return stored_side / stored_margin * margin


def model_window(record: CropRecord, margin: float) -> np.ndarray:
    """Return the window of a stored picture in its own pixels, (S, S, 3) uint8 RGB.

    Raises:
        UserError: If the picture cannot be decoded.
    """
    picture = _decode(record)
    stored = min(picture.shape[:2])
    exact = window_side(np.float32(stored), np.float32(record.margin), np.float32(margin))
    side = int(np.clip(np.round(exact), 1, stored))
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def resized(window: np.ndarray, size: int) -> np.ndarray:
    """Resize a window to the network's input by the one rule of `crop_face`."""
    side = len(window)
    return window if side == size else crop_face(window, (0, 0, side, side), size, margin=1.0)


def model_pixels(record: CropRecord, margin: float, size: int) -> np.ndarray:
    """Return what a model sees of a stored picture, (size, size, 3) uint8 RGB.

    Args:
        record: The stored face crop.
        margin: The data set's.
        size: Side of the network's input in pixels.

    Raises:
        UserError: If the picture cannot be decoded.
    """
    return resized(model_window(record, margin), size)


def _decode(record: CropRecord) -> np.ndarray:
    try:
        return decode_picture(record.image)
    except ValueError as error:
        raise UserError(
            f"The picture of {record.video}, frame {record.frame}, is broken: {error}. Prepare the "
            "data again."
        ) from None
