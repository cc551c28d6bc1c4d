"""An exported network under LiteRT: pixels in, numbers out."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.inference.gpu import GPUModel, GPUUnavailableError
from keras_madd.inference.model_description import FAKE_PROBABILITY, read_model_json
from keras_madd.support.errors import UserError, check_choice
from keras_madd.support.native_stderr import native_stderr_silenced
from keras_madd.support.one_process import OneProcess

DEVICES = ("cpu", "gpu", "auto")
# Far beyond any use; tens of thousands end the process.
MOST_THREADS = 256
# More than this make networks of this size slower, not faster.
_GOOD_THREADS = 4
# A graphics processor that is further off than this computes something else.
_TOLERANCE = 0.02

# What LiteRT raises over a damaged file: some of its tables are numbers that fit nowhere.
_BROKEN = (ValueError, RuntimeError, TypeError, LookupError)


class LiteRTRunner:
    """Runs a LiteRT file that has its `model.json` beside it.

    One thread at a time may use it, in the process that opened it.

    On the processor it is LiteRT's Interpreter: its kernels are those of CompiledModel, bit for
    bit and in the same time. CompiledModel drives the graphics processor.

    Args:
        model_path: The `.tflite` file.
        threads: Number of threads; by default one per processor, 4 at most.
        device: `"cpu"`; `"gpu"`, which is an error where there is none; or `"auto"`, which takes
            the graphics processor where there is one that gives the same numbers in less time.

    Attributes:
        description: The model's `ModelDescription`.
        device: What is used, `"cpu"` or `"gpu"`.
        fallback_reason: Why it is not the graphics processor, with `"auto"`; else None.

    Raises:
        UserError: If the file or its description is missing, broken or of another model, or there
            is no such device.
    """

    def __init__(
        self, model_path: str | os.PathLike, threads: int | None = None, device: str = "cpu"
    ):
        if threads is not None and not 1 <= threads <= MOST_THREADS:
            raise ValueError(
                f"Argument `threads` must be from 1 to {MOST_THREADS}. Received: threads={threads}"
            )
        check_choice("device", device, DEVICES)
        path = Path(model_path)
        self.description = read_model_json(path)
        if self.description.format != "litert":
            raise UserError(f"{path} is not a LiteRT model but {self.description.format}.")
        threads = threads or min(_GOOD_THREADS, os.cpu_count() or 1)
        from ai_edge_litert.interpreter import Interpreter

        try:
            with native_stderr_silenced():
                self._interpreter = Interpreter(str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
                self._signature = self._interpreter.get_signature_runner()
            self._check_signature(path)
        except _BROKEN as error:
            raise _cannot_run(path, error) from None
        self._path, self._process = path, OneProcess("LiteRTRunner")
        self._run_once: Callable[[np.ndarray], dict[str, Any]] | None = lambda fed: self._signature(
            **{self.description.input_name: fed}
        )
        self._gpu: GPUModel | None = None
        self.device = "cpu"
        self.fallback_reason: str | None = None
        if device != "cpu":
            self._try_gpu(path, threads, required=device == "gpu")

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores pictures, in as many runs as the file's fixed batch asks for.

        Args:
            pixels: (N, H, W, 3), of clips (N, T, H, W, 3), RGB pixels 0 to 255, any real type; a
                file that takes whole numbers gets them rounded.

        Returns:
            `(probabilities, maps)`: float32 (N,) as the network gives them, not calibrated, and
            (N, h, w, M), or None where M = 0.

        Raises:
            ValueError: If the shape does not fit.
            UserError: If LiteRT fails over the file.
            RuntimeError: If it is closed, or was opened before a fork.
        """
        self._process.check(self._run_once is not None)
        shape = self.description.pixels_shape
        if pixels.shape[1:] != shape:
            raise ValueError(
                f"Argument `pixels` must have shape (N, {', '.join(map(str, shape))}). "
                f"Received: pixels.shape={pixels.shape}"
            )
        batch = self.description.batch or 1
        probabilities = np.empty(len(pixels), np.float32)
        maps = np.empty((len(pixels), *self._map_shape), np.float32) if self._map_shape else None
        fed = np.zeros((batch, *shape), self.description.input_type)
        name = self.description.maps_output
        whole = fed.dtype == np.uint8 and pixels.dtype != np.uint8
        for start in range(0, len(pixels), batch):
            part = pixels[start : start + batch]
            fed[: len(part)] = np.clip(np.rint(part), 0, 255) if whole else part
            outputs = self._outputs(fed)
            rows = slice(start, start + len(part))
            probabilities[rows] = outputs[FAKE_PROBABILITY].reshape(-1)[: len(part)]
            if maps is not None and name is not None:
                maps[rows] = outputs[name][: len(part)]
        return probabilities, maps

    def close(self) -> None:
        """Frees the native memory. Closing twice is harmless."""
        if not self._process.is_here:
            return
        self._close_gpu()
        self._run_once = self._signature = self._interpreter = None

    def _close_gpu(self) -> None:
        gpu, self._gpu = self._gpu, None
        if gpu is not None:
            gpu.close()

    def _outputs(self, fed: np.ndarray) -> dict[str, np.ndarray]:
        assert self._run_once is not None
        try:
            return self._run_once(fed)
        except _BROKEN as error:  # What a file breaks that could be loaded.
            raise _cannot_run(self._path, error) from None

    def _try_gpu(self, path: Path, threads: int, required: bool) -> None:
        """Moves to the graphics processor, or says why not."""
        shape = (4, *self.description.pixels_shape)
        probe = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        expected, cpu_seconds = self._probabilities_and_time(probe)
        on_cpu = self._run_once
        try:
            self._gpu = GPUModel(path, threads)
            self._run_once = _tried(self._gpu.run)
            with native_stderr_silenced():
                found, gpu_seconds = self._probabilities_and_time(probe)
            off = float(np.abs(found - expected).max())
            if not off <= _TOLERANCE:
                raise GPUUnavailableError(f"its scores differ by {off:.2g} from the processor's")
            if not required and gpu_seconds >= cpu_seconds:
                times = f"{gpu_seconds * 1e3:.1f} ms a face, the processor {cpu_seconds * 1e3:.1f}"
                raise GPUUnavailableError(f"it is no quicker: {times}")
        except GPUUnavailableError as error:
            self._run_once = on_cpu
            self._close_gpu()
            if required:
                raise UserError(f"The graphics processor cannot be used: {error}") from None
            self.fallback_reason = str(error)
        else:
            self._run_once = self._gpu.run
            self.device = "gpu"

    def _probabilities_and_time(self, probe: np.ndarray) -> tuple[np.ndarray, float]:
        """Scores, and the quickest run in seconds; the first run, which prepares, left out."""
        probabilities, _ = self.run(probe)
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            self.run(probe[:1])
            seconds.append(time.perf_counter() - started)
        return probabilities, min(seconds)

    def _check_signature(self, path: Path) -> None:
        """Sets the shape of the maps, or says how the file and its description differ."""
        inputs = self._signature.get_input_details()
        outputs = self._signature.get_output_details()
        expected = (self.description.batch or 1, *self.description.pixels_shape)
        name, kind = self.description.input_name, np.dtype(self.description.input_type)
        if set(inputs) != {name} or tuple(inputs[name]["shape"]) != expected:
            found = {key: tuple(map(int, value["shape"])) for key, value in inputs.items()}
            raise UserError(
                f"{path} does not fit its description: expected one input {name!r} of shape "
                f"{expected}, found {found}."
            )
        if np.dtype(inputs[name]["dtype"]) != kind:
            found = np.dtype(inputs[name]["dtype"])
            raise UserError(
                f"{path} does not fit its description: expected an input of type {kind}, found "
                f"{found}."
            )
        if set(outputs) != set(self.description.output_names):
            raise UserError(
                f"{path} does not fit its description: expected the outputs "
                f"{sorted(self.description.output_names)}, found {sorted(outputs)}."
            )
        self._map_shape = None
        maps = self.description.maps_output
        if maps is not None:
            self._map_shape = tuple(int(size) for size in outputs[maps]["shape"][1:])


def _tried(run_once: Callable[[np.ndarray], dict[str, Any]]):
    """The same, whose failures are the graphics processor's and not the file's."""

    def tried(fed: np.ndarray) -> dict[str, Any]:
        try:
            return run_once(fed)
        except _BROKEN as error:
            raise GPUUnavailableError(_reason(error)) from None

    return tried


def _cannot_run(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} is not a model that LiteRT can run: {_reason(error)}")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
