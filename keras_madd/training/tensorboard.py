"""TensorBoard event files: the figures of every epoch, and where the network looks."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from keras_madd.visualize import overlay_attention

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

FOLDER = "tensorboard"
_GAP = 4
# Larger faces are shown at this size: a file of pictures for every epoch grows quickly.
_SIDE = 160


class EventWriter:
    """Writes event files into a run's folder; a run that goes on adds a file.

    Args:
        folder: Folder of the run.
        images: `(B, H, W, 3)` uint8, faces whose attention maps every epoch shows.
        captions: B texts, written once beside the pictures.
    """

    def __init__(self, folder: Path, images: np.ndarray, captions: Sequence[str]):
        import tensorflow as tf

        self._summary = tf.summary
        self._writer = tf.summary.create_file_writer(str(folder / FOLDER))
        self._images = images
        self._shown = _at_most(images, _SIDE)
        self._captions = captions

    def write_epoch(self, epoch: int, figures: dict[str, float], model: "FaceClassifier") -> None:
        """Write one epoch.

        Args:
            epoch: Its number, from 1.
            figures: Name to value; validation's begin with `val_`.
            model: The model that was validated.
        """
        with self._writer.as_default(step=epoch):
            for name, value in figures.items():
                if name != "epoch":
                    group = "validation" if name.startswith("val_") else "training"
                    self._summary.scalar(f"{group}/{name.removeprefix('val_')}", value)
            if model.heat_map_output is not None:
                maps = np.asarray(model.heat_maps(self._images), "float32")
                pictures = attention_rows(self._shown, maps, model.heat_full_scale)
                name = model.heat_map_output.removesuffix("_maps")
                self._summary.image(name, pictures, max_outputs=len(pictures))
            elif epoch == 1:
                self._summary.image("faces", self._shown, max_outputs=len(self._shown))
            if epoch == 1:
                self._summary.text("captions", "\n\n".join(self._captions))
        self._writer.flush()

    def close(self) -> None:
        """End the file."""
        self._writer.close()


def attention_rows(
    images: np.ndarray, maps: np.ndarray, full_scale: float | None = None
) -> np.ndarray:
    """Draw each face beside its attention maps laid over it, then their sum.

    Args:
        images: `(B, H, W, 3)` uint8 RGB.
        maps: `(B, h, w, M)` of 0 or more.
        full_scale: As `overlay_attention`.

    Returns:
        `(B, H, (M + 2) * (W + gap) - gap, 3)` uint8, white gaps between the pictures.
    """
    rows = []
    for image, stack in zip(images, maps, strict=True):
        gap = np.full((image.shape[0], _GAP, 3), 255, "uint8")
        row = [image]
        for each in (*np.moveaxis(stack, -1, 0), stack.sum(-1)):
            row += [gap, overlay_attention(image, each, full_scale=full_scale)]
        rows.append(np.concatenate(row, axis=1))
    return np.stack(rows)


def _at_most(images: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(images.shape[1:3])
    if scale >= 1:
        return images
    size = (round(images.shape[2] * scale), round(images.shape[1] * scale))
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in images])
