"""One way to run a model, whatever file it is in."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from keras_madd.support.errors import UserError

_BATCH = 32


class Runner(Protocol):
    """What `LiteRTRunner` and `ONNXRunner` have in common."""

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores (N, H, W, 3) pixels, of clips (N, T, H, W, 3).

        Returns:
            Probabilities (N,) and maps (N, h, w, M) or None.
        """


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A model that scores face crops, or clips of them.

    Attributes:
        path: Its file.
        size: Side of the crops in pixels.
        crop_margin: Margin of the crops that it was trained on.
        detector: Face detector that they were found with.
        temperature: The log-odds are divided by it.
        threshold: A calibrated probability from here on is called fake.
        sha256: Of the file; empty for a preset's folder.
        demonstration: Whether its makers say that it detects nothing in the wild.
        clip_frames: T, frames of a clip; None: it takes single crops.
        full_scale: Value of its maps that is drawn at full strength; None: the largest of each.
    """

    path: Path
    size: int
    crop_margin: float
    detector: str
    temperature: float
    threshold: float
    sha256: str
    demonstration: bool
    clip_frames: int | None
    full_scale: float | None
    _runner: Runner

    def score_in_order(self, crops: np.ndarray, together: list[list[int]]) -> np.ndarray:
        """Returns the raw probability of each crop or clip, (N,) float64.

        Args:
            crops: (K, size, size, 3) uint8 RGB.
            together: N lists of indices of crops: one, or T of a clip.
        """
        chosen = np.array(together)
        return self.score(crops[chosen[:, 0] if self.clip_frames is None else chosen])

    def score(self, crops: np.ndarray) -> np.ndarray:
        """Returns the model's raw probabilities of being fake, (N,) float64.

        Args:
            crops: (N, size, size, 3) uint8 RGB, of clips (N, T, size, size, 3).
        """
        return self.score_with_maps(crops)[0]

    def score_with_maps(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Returns the raw probabilities and the heat maps, (N, h, w, M) or None.

        Raises:
            UserError: If the model gives something else than probabilities.
        """
        batch = max(1, _BATCH // (self.clip_frames or 1))
        parts = [
            self._runner.run(crops[start : start + batch]) for start in range(0, len(crops), batch)
        ]
        probabilities = np.concatenate([part[0] for part in parts]).astype(np.float64)
        if not np.isfinite(probabilities).all():
            raise UserError(
                f"{self.path} gives scores that are not numbers (NaN); it cannot be evaluated. "
                "Train or export it again."
            )
        maps = None if parts[0][1] is None else np.concatenate([part[1] for part in parts])
        return np.clip(probabilities, 0, 1), maps


def open_model(path: str | os.PathLike, threads: int | None = None) -> OpenedModel:
    """Opens a `.keras` file or preset's folder, a `.tflite` or an `.onnx` file.

    The temperature and threshold of an exported file come from its `model.json`; a Keras model
    has 1 and 0.5.

    Raises:
        UserError: If the model is missing, broken, of no known kind or not for square crops.
    """
    path = Path(path)
    if path.suffix == ".tflite":
        from keras_madd.inference.runner import LiteRTRunner

        runner = LiteRTRunner(path, threads)
        return _opened(path, runner, runner.description, **_fitted(runner.description))
    if path.suffix == ".onnx":
        from keras_madd.inference.model_description import read_model_json
        from keras_madd.inference.onnx_runner import ONNXRunner

        description = read_model_json(path)
        return _opened(path, ONNXRunner(path), description, **_fitted(description))
    if path.suffix not in ("", ".keras") and not path.is_dir():
        raise UserError(
            f"{path} is no model that can be evaluated: expected a .keras, .tflite or .onnx file, "
            "or a preset's folder."
        )
    from keras_madd.inference.model_description import sha256_of
    from keras_madd.model.loading import load_face_classifier

    model = load_face_classifier(path)
    sha256 = sha256_of(path) if path.is_file() else ""
    unfitted = {"temperature": 1.0, "threshold": 0.5, "sha256": sha256, "demonstration": False}
    unfitted["full_scale"] = model.heat_full_scale
    return _opened(path, _KerasRunner(model), model.config, **unfitted)


class _KerasRunner:
    def __init__(self, model):
        from keras import Model

        given, maps = model.network.output, model.heat_map_output
        outputs = {"logits": given["logits"]} | ({"maps": given[maps]} if maps else {})
        self._graph = Model(model.network.input, outputs)

    def run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        import keras

        from keras_madd.model.face_classifier import fake_probability_of_logits

        count = len(pixels)
        if keras.backend.backend() == "jax":
            # Each number of pictures costs a compilation of its own; powers of two are few.
            missing = 2 ** (count - 1).bit_length() - count
            blank = np.zeros((missing, *pixels.shape[1:]), pixels.dtype)
            pixels = np.concatenate([pixels, blank])
        outputs = self._graph.predict_on_batch(pixels)
        maps = outputs.get("maps")
        probabilities = fake_probability_of_logits(outputs["logits"])[:count]
        return probabilities, None if maps is None else np.asarray(maps)[:count]


def _opened(path: Path, runner: Runner, faces: Any, **fitted: Any) -> OpenedModel:
    """Puts together what is known; `faces` is a description or a configuration."""
    height, width = faces.input_size
    if height != width:
        raise UserError(f"{path} takes {height}x{width} pixels; face crops are square.")
    margin, detector, clip = faces.crop_margin, faces.detector, faces.clip_frames
    return OpenedModel(path, height, margin, detector, clip_frames=clip, _runner=runner, **fitted)


def _fitted(description: Any) -> dict[str, Any]:
    names = ("temperature", "threshold", "sha256", "demonstration", "full_scale")
    return {name: getattr(description, name) for name in names}
