"""An exported network on the graphics processor, by LiteRT's CompiledModel."""

import os
import sys
import weakref
from pathlib import Path

import numpy as np

from keras_madd.support.native_stderr import native_stderr_captured, native_stderr_silenced
from keras_madd.support.one_process import OneProcess


class GPUUnavailableError(Exception):
    """The graphics processor cannot be used; the message says why."""


class GPUModel:
    """Runs a LiteRT file on the graphics processor, what that cannot do on the main one.

    Args:
        path: The `.tflite` file.
        threads: Number of threads for the part that stays on the main processor.

    Raises:
        GPUUnavailableError: If there is no such processor, or LiteRT cannot use it.
    """

    def __init__(self, path: str | os.PathLike, threads: int):
        if sys.modules.get("tensorflow") is not None:
            # Together they end the process with "free(): invalid pointer" when it exits.
            raise GPUUnavailableError("LiteRT cannot use it in a process that has TensorFlow")
        failure = None
        with native_stderr_captured() as said:
            try:
                self._load(path, threads)
            except (RuntimeError, ValueError) as error:
                # Told later: what the error holds on to must go while nobody listens.
                failure = " ".join(str(error).split())
        if failure is not None:
            raise GPUUnavailableError(_reason(said) or failure)
        # Also runs when the interpreter exits, before LiteRT itself is torn down.
        self._finalizer = weakref.finalize(
            self, _clear_quietly, self._native, OneProcess("GPUModel")
        )

    def _load(self, path: str | os.PathLike, threads: int) -> None:
        from ai_edge_litert.compiled_model import (
            CompiledModel,
            CpuOptions,
            GpuOptions,
            HardwareAccelerator,
            Options,
        )

        options = Options(
            hardware_accelerators=HardwareAccelerator.GPU | HardwareAccelerator.CPU,
            cpu_options=CpuOptions(num_threads=threads),
            # Half precision moves the scores; a desktop's processor is quick enough without.
            gpu_options=GpuOptions(enforce_f32=True),
        )
        model = CompiledModel.from_file(str(Path(path)), options=options)
        (key,) = model.get_signature_list()
        (self._input_name,) = model.get_signature_list()[key]["inputs"]
        names = model.get_signature_list()[key]["outputs"]
        details = model.get_output_tensor_details(key)
        self._key = key
        self._shapes = {name: tuple(map(int, details[name]["shape"])) for name in names}
        self._native = {
            "input": model.create_input_buffer_by_name(key, self._input_name),
            "outputs": {name: model.create_output_buffer_by_name(key, name) for name in names},
            "model": model,
        }

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the network once.

        Args:
            pixels: (batch, H, W, 3) of the file's input type.

        Returns:
            Output name to float32 array.
        """
        self._native["input"].write(pixels)
        inputs, outputs = {self._input_name: self._native["input"]}, self._native["outputs"]
        self._native["model"].run_by_name(self._key, inputs, outputs)
        return {
            name: outputs[name].read(int(np.prod(shape)), np.float32).reshape(shape)
            for name, shape in self._shapes.items()
        }

    def close(self) -> None:
        """Frees the native memory. Closing twice is harmless."""
        self._finalizer()


def _clear_quietly(native: dict, process: OneProcess) -> None:
    if not process.is_here:
        return
    with native_stderr_silenced():
        native.pop("input", None)
        native.pop("outputs", None)
        native.pop("model", None)


def _reason(said: list[str]) -> str | None:
    """The native library's last word, without its file names and line numbers, or None."""
    complaints = [line for line in said if line.startswith("ERROR: ") and "] " in line]
    if not complaints:
        return None
    return complaints[-1].split("] ", 1)[1].split("INTERNAL: ")[-1].strip()
