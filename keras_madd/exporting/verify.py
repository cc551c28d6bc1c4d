"""Whether an exported file computes what the model does."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.edge.runner import LiteRTRunner
from keras_madd.exporting.onnx import ONNXRunner

if TYPE_CHECKING:
    from keras_madd.madd import MADD


def compare_export(model: "MADD", path: str | os.PathLike, pixels: np.ndarray) -> dict[str, float]:
    """Compares an exported file, run by LiteRT or ONNX Runtime, with the float model.

    Args:
        model: The `MADD` model the file was exported from.
        path: The `.tflite` or `.onnx` file, its description beside it.
        pixels: (B, H, W, 3) RGB pixels 0 to 255.

    Returns:
        `images`, their number; `max_probability_difference` and `mean_probability_difference`,
        absolute; `max_attention_difference`, the largest one of the maps over the maps' largest
        value, 0.0 where there are none. A NaN in the file's outputs shows as NaN.

    Raises:
        UserError: If the file cannot be run.
    """
    runner = ONNXRunner(path) if Path(path).suffix == ".onnx" else LiteRTRunner(path)
    probabilities, maps = runner.run(pixels)
    difference = np.abs(probabilities - model.fake_probability(pixels))
    attention = 0.0
    if maps is not None:
        expected = model.attention_maps(pixels)
        scale = max(float(np.abs(expected).max()), np.finfo(np.float32).tiny)
        attention = float(np.abs(maps - expected).max()) / scale
    return {
        "images": len(pixels),
        "max_probability_difference": float(difference.max()),
        "mean_probability_difference": float(difference.mean()),
        "max_attention_difference": attention,
    }


def sample_pictures(size: tuple[int, int], count: int = 8, seed: int = 0) -> np.ndarray:
    """Returns generated pictures, smooth and rough parts mixed, for a check without data.

    They show whether a file computes the same function, not how accurate it is on faces.

    Args:
        size: (height, width).
        count: Number of pictures.
        seed: Seed of the generator.

    Returns:
        (count, height, width, 3) uint8.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    total = np.zeros((count, height, width, 3))
    for cells in (2, 5, 16, 64):
        coarse = rng.normal(0, 1, (count, cells, cells, 3))
        rows = np.minimum(np.arange(height) * cells // height, cells - 1)
        columns = np.minimum(np.arange(width) * cells // width, cells - 1)
        total += coarse[:, rows][:, :, columns] / np.log2(2 * cells)
    return np.clip(total * 55 + 120, 0, 255).astype(np.uint8)
