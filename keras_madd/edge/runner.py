"""An exported network under the LiteRT interpreter: pixels in, numbers out."""

import os
from pathlib import Path

import numpy as np

from keras_madd.errors import UserError
from keras_madd.exporting.model_json import ATTENTION_MAPS, FAKE_PROBABILITY, read_model_json
from keras_madd.native_stderr import native_stderr_silenced

# More threads than this make networks of this size slower, not faster.
_MOST_THREADS = 4


class LiteRTRunner:
    """Runs a LiteRT file that has its `model.json` beside it. One thread at a time may use it.

    Args:
        model_path: The `.tflite` file.
        threads: Number of threads; by default one per processor, 4 at most.

    Raises:
        UserError: If the file or its description is missing, broken or of another model.
    """

    def __init__(self, model_path: str | os.PathLike, threads: int | None = None):
        if threads is not None and threads < 1:
            raise ValueError(f"Argument `threads` must be 1 or more. Received: threads={threads}")
        path = Path(model_path)
        self.description = read_model_json(path)
        if self.description.format != "litert":
            raise UserError(f"{path} is not a LiteRT model but {self.description.format}.")
        threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        from ai_edge_litert.interpreter import Interpreter

        try:
            with native_stderr_silenced():
                self._interpreter = Interpreter(str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
                self._signature = self._interpreter.get_signature_runner()
        except (ValueError, RuntimeError) as error:
            raise UserError(f"{path} is not a model that LiteRT can run: {error}") from None
        self._check_signature(path)

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores pictures, in as many runs as the file's fixed batch asks for.

        Args:
            pixels: (N, H, W, 3) RGB pixels 0 to 255, any real type.

        Returns:
            `(probabilities, maps)`: float32 (N,) and (N, h, w, M), or None where M = 0.

        Raises:
            ValueError: If the shape does not fit.
        """
        shape = (*self.description.input_size, 3)
        if pixels.ndim != 4 or pixels.shape[1:] != shape:
            raise ValueError(
                f"Argument `pixels` must have shape (N, {', '.join(map(str, shape))}). "
                f"Received: pixels.shape={pixels.shape}"
            )
        batch = self.description.batch or 1
        probabilities = np.empty(len(pixels), np.float32)
        maps = np.empty((len(pixels), *self._map_shape), np.float32) if self._map_shape else None
        fed = np.zeros((batch, *shape), np.float32)
        for start in range(0, len(pixels), batch):
            part = pixels[start : start + batch]
            fed[: len(part)] = part
            outputs = self._signature(**{self.description.input_name: fed})
            rows = slice(start, start + len(part))
            probabilities[rows] = outputs[FAKE_PROBABILITY][: len(part)]
            if maps is not None:
                maps[rows] = outputs[ATTENTION_MAPS][: len(part)]
        return probabilities, maps

    def _check_signature(self, path: Path) -> None:
        """Sets the shape of the maps, or says how the file and its description differ."""
        inputs = self._signature.get_input_details()
        outputs = self._signature.get_output_details()
        expected = (self.description.batch or 1, *self.description.input_size, 3)
        name = self.description.input_name
        if set(inputs) != {name} or tuple(inputs[name]["shape"]) != expected:
            found = {key: tuple(map(int, value["shape"])) for key, value in inputs.items()}
            raise UserError(
                f"{path} does not fit its description: expected one input {name!r} of shape "
                f"{expected}, found {found}."
            )
        if set(outputs) != set(self.description.output_names):
            raise UserError(
                f"{path} does not fit its description: expected the outputs "
                f"{sorted(self.description.output_names)}, found {sorted(outputs)}."
            )
        self._map_shape = None
        if ATTENTION_MAPS in outputs:
            self._map_shape = tuple(int(size) for size in outputs[ATTENTION_MAPS]["shape"][1:])
