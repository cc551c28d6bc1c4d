"""Runs an exported file under ONNX Runtime."""

import os
from pathlib import Path

import numpy as np

from keras_madd.inference.model_description import FAKE_PROBABILITY, INPUT
from keras_madd.support.errors import UserError

# How many pictures one run holds activations of: a thousand of them would not fit in memory.
BATCH = 16


class ONNXRunner:
    """Runs an exported ONNX file under ONNX Runtime, as `LiteRTRunner` does a LiteRT file.

    Raises:
        UserError: If ONNX Runtime is not installed or refuses the file.
    """

    def __init__(self, path: str | os.PathLike):
        try:
            import onnxruntime
        except ImportError:
            raise UserError("Checking an ONNX file needs onnxruntime: pip install it.") from None
        try:
            # From memory, other files that the model names are not opened.
            self._session = onnxruntime.InferenceSession(
                Path(path).read_bytes(), providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime has a class of its own per failure.
            words = " ".join(str(error).split())
            raise UserError(f"{path}: ONNX Runtime refuses it: {words}") from None
        self._outputs = [each.name for each in self._session.get_outputs()]

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores pictures, a batch of them in memory at a time.

        Args:
            pixels: (N, H, W, 3), of clips (N, T, H, W, 3), RGB pixels 0 to 255, any real type.

        Returns:
            Probabilities (N,) and attention maps (N, h, w, M), or None where there are none.
        """
        runs = [
            self._session.run(
                self._outputs, {INPUT: pixels[start : start + BATCH].astype("float32")}
            )
            for start in range(0, max(1, len(pixels)), BATCH)
        ]
        values = [np.concatenate(each) for each in zip(*runs, strict=True)]
        outputs = dict(zip(self._outputs, values, strict=True))
        probabilities = outputs.pop(FAKE_PROBABILITY)
        return probabilities, next(iter(outputs.values()), None)
