"""Pictures inside of other files, decoded within bounds."""

import io
import warnings

import numpy as np
from PIL import Image

from keras_madd.media.picture_damage import picture_damage

MAX_SIDE = 4096
# What shards hold; anything else in one is no face crop.
_FORMATS = ("JPEG", "PNG")


def check_picture(content: bytes, max_side: int = MAX_SIDE) -> None:
    """Looks at the head of an encoded picture, before a decoder takes the memory that it claims.

    Args:
        content: A JPEG or PNG file.
        max_side: The largest width and height in pixels.

    Raises:
        ValueError: It is no such picture, or a larger one.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the limit here is lower and refuses them.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=_FORMATS)
        with opened as image:
            width, height = image.size
    except Image.DecompressionBombError:
        raise ValueError(f"it has too many pixels; at most {max_side} a side are read") from None
    except Exception:  # A broken head makes a reader raise nearly anything.
        raise ValueError("it is no JPEG or PNG picture") from None
    if max(width, height) > max_side:
        raise ValueError(f"it has {width} x {height} pixels; at most {max_side} a side are read")


def decode_picture(content: bytes, max_side: int = MAX_SIDE) -> np.ndarray:
    """Decodes a JPEG or PNG file as OpenCV does.

    Args:
        content: The file.
        max_side: The largest width and height in pixels.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        ValueError: It is no such picture, a larger one, or damaged.
    """
    import cv2

    check_picture(content, max_side)
    if content[:2] == b"\xff\xd8" and (damage := picture_damage(content, "JPEG")):
        raise ValueError(damage)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError("it cannot be decoded")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def through_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Writes a picture, (H, W, 3) uint8 RGB, as a JPEG file of a quality, and reads it again."""
    import cv2

    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
