"""An exported model into the Android app, with a picture that proves the phone computes the same.

The app runs the golden crop through the model when it starts, on the back end that was asked for,
and shows no score unless the golden probability comes out. So the crop is chosen here such that a
phone which is wrong in a common way (a constant, pixels in another range, a black picture) gets
another probability; a model for which there is no such crop is refused.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from keras_madd.exporting.litert_file import check_builtin_only
from keras_madd.exporting.verify import sample_pictures
from keras_madd.faces import crop_face
from keras_madd.inference.model_description import (
    ModelDescription,
    check_scores_one_face,
    model_json_path,
    read_model_json,
)
from keras_madd.inference.runner import LiteRTRunner
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError
from keras_madd.support.output_folder import output_folder

ASSETS = Path("app/src/main/assets")
# Of the test that measures a phone's processors.
DEVICE_ASSETS = Path("app/src/androidTest/assets")
MODEL, GOLDEN_CROP, SELF_CHECK = "model.tflite", "golden_crop.png", "self_check.json"
SELF_CHECK_SCHEMA_VERSION = 1

# How far another processor's probability may be off: half precision, or 8-bit arithmetic.
_TOLERANCES = {"none": 0.02, "float16": 0.02}
_TOLERANCE_OF_8_BITS = 0.05
_PHOTO = Path(__file__).parents[1] / "demo" / "assets" / "portrait.jpg"
# The face of the photograph as the detector finds it.
_FACE = (177, 82, 95, 95)
_SHARES = np.linspace(0, 1, 33)
# Crops for the test on a device, as far apart in probability as the candidates are.
_DEVICE_CROPS = 6
# Candidates that are looked at closely; each costs a handful of runs.
_CLOSELY = 8


@dataclass(frozen=True)
class AndroidAssets:
    """What was written.

    Attributes:
        folder: The app's folder of assets.
        probability: That the model gives the golden crop.
        tolerance: Largest difference that the app takes for rounding.
        told_apart: Mistakes that would change the probability by more than twice the tolerance.
    """

    folder: Path
    probability: float
    tolerance: float
    told_apart: tuple[str, ...]


def write_android_assets(
    model_path: str | os.PathLike, project: str | os.PathLike
) -> AndroidAssets:
    """Puts an exported model, its description and a self-check into the Android project.

    All files are written and checked beside the folder of assets first; after an error it is as
    it was.

    Args:
        model_path: A `.tflite` file with its `model.json` beside it.
        project: The Android project, such as `android_demo`.

    Returns:
        What was written.

    Raises:
        UserError: If the folder is no such project, the model cannot run in the app, or no
            picture could tell a working phone from a broken one.
    """
    model_path, project = Path(model_path), Path(project)
    check_project(project)
    description = read_model_json(model_path)
    check_scores_one_face(model_path, description, "The app")
    check_builtin_only(model_path)
    runner = LiteRTRunner(model_path)
    tolerance = tolerance_of(description)
    candidates = mixed_pictures(description.input_size[0])
    probabilities, _ = runner.run(candidates)
    crop, told_apart = choose_golden_crop(runner, tolerance, candidates, probabilities)
    with (
        output_folder(project / ASSETS, overwrite=True) as folder,
        output_folder(project / DEVICE_ASSETS, overwrite=True) as device,
    ):
        shutil.copyfile(model_path, folder / MODEL)
        shutil.copyfile(model_json_path(model_path), model_json_path(folder / MODEL))
        probability = _write_check(folder / SELF_CHECK, GOLDEN_CROP, crop, runner, tolerance)
        for number, each in enumerate(device_crops(candidates, probabilities)):
            name = f"golden_crop_{number}"
            _write_check(device / f"{name}.json", f"{name}.png", each, runner, tolerance)
    return AndroidAssets(project / ASSETS, probability, tolerance, told_apart)


def check_project(project: str | os.PathLike) -> None:
    """Raises a UserError where a folder is not the Android project."""
    if not (Path(project) / ASSETS).parent.is_dir():
        raise UserError(f"{project} is not the Android project: it has no folder {ASSETS.parent}.")


def tolerance_of(description: ModelDescription) -> float:
    """Returns the largest difference of a probability that is another processor's rounding."""
    return _TOLERANCES.get(description.quantization, _TOLERANCE_OF_8_BITS)


def choose_golden_crop(
    runner: LiteRTRunner, tolerance: float, candidates: np.ndarray, probabilities: np.ndarray
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Chooses the picture that gives most mistakes away.

    Args:
        runner: The model.
        tolerance: Difference of a probability that is rounding.
        candidates: (N, size, size, 3) uint8 RGB, of which one is chosen.
        probabilities: (N,), what the model gives them.

    Returns:
        `(crop, told_apart)`: uint8 RGB of the model's input size, and what changes its
        probability by more than twice the tolerance.

    Raises:
        UserError: If there is none that gives the essential mistakes away, or the model's output
            is not a number.
    """
    if not np.isfinite(probabilities).all():
        raise UserError("The model gives NaN: do not use it.")
    black = runner.run(np.zeros_like(candidates[:1]))[0]
    constants = np.array([0.0, 0.5, 1.0, *black])
    distances = np.abs(probabilities[:, None] - constants).min(axis=1)
    best, best_rank, needed = None, (-1, 0.0), 2 * tolerance
    for index in np.argsort(-distances, kind="stable")[:_CLOSELY]:
        if distances[index] <= needed:
            break
        names, wrong = zip(*_mistakes(candidates[index]).items(), strict=True)
        found, _ = runner.run(np.stack(wrong))
        if not np.isfinite(found).all():
            at = names[int(np.argmin(np.isfinite(found)))]
            raise UserError(f"The model gives NaN for {at}: do not use it.")
        changed = np.abs(found - probabilities[index])
        told_apart = tuple(name for name, by in zip(names, changed, strict=True) if by > needed)
        if not _ESSENTIAL.issubset(told_apart):
            continue
        rank = len(told_apart), float(distances[index])
        if rank > best_rank:
            best, best_rank = (candidates[index], told_apart), rank
    if best is None:
        spread = f"{probabilities.min():.3f} to {probabilities.max():.3f}"
        raise UserError(
            "The model cannot be checked on a phone: it gives every test picture nearly the same "
            f"probability, or the same as a black one. Received: probabilities from {spread}"
        )
    return best


_ESSENTIAL = frozenset(("a black picture", "pixels from 0 to 1"))


def _mistakes(crop: np.ndarray) -> dict[str, np.ndarray]:
    """What a broken phone would feed instead of a crop."""
    sheared = [np.roll(row, 3 * number, axis=0) for number, row in enumerate(crop)]
    return {
        "a black picture": np.zeros(crop.shape, np.float32),
        "pixels from 0 to 1": crop.astype(np.float32) / 255,
        "red and blue exchanged": crop[..., ::-1].astype(np.float32),
        "row padding ignored": np.stack(sheared).astype(np.float32),
        "a mirrored picture": crop[:, ::-1].astype(np.float32),
        "a picture on its side": np.rot90(crop).astype(np.float32),
    }


def mixed_pictures(size: int) -> np.ndarray:
    """Returns mixtures of the photograph's face and other pictures, (N, size, size, 3) uint8 RGB.

    They lie between a face and blurred, noisy or unlike pictures, so that a probability between
    the extremes can be found among them for almost every network.
    """
    photo = read_image(_PHOTO)
    face = crop_face(photo, _FACE, size)
    others = [255 - face, *sample_pictures((size, size), 3)]
    for cells in (8, 3):
        coarse = crop_face(photo, _FACE, max(1, size // cells))
        others.append(crop_face(coarse, (0, 0, *coarse.shape[:2]), size, 1.0))
    # Rounded one by one: in float64 they take eight times the memory.
    return np.stack(
        [
            np.rint((1 - share) * face + share * other).astype(np.uint8)
            for other in others
            for share in _SHARES
        ]
    )


def device_crops(candidates: np.ndarray, probabilities: np.ndarray) -> list[np.ndarray]:
    """Returns candidates whose probabilities are spread evenly over all that the model gives."""
    left, chosen = probabilities.copy(), []
    for wanted in np.linspace(left.min(), left.max(), _DEVICE_CROPS):
        chosen.append(int(np.nanargmin(np.abs(left - wanted))))
        left[chosen[-1]] = np.nan  # Each is taken once.
    return [candidates[index] for index in sorted(chosen, key=probabilities.__getitem__)]


def _write_check(
    path: Path, name: str, crop: np.ndarray, runner: LiteRTRunner, tolerance: float
) -> float:
    """Writes a crop and what the model makes of it, as it is read again; returns the latter."""
    Image.fromarray(crop).save(path.with_name(name), optimize=True)
    probability = float(runner.run(read_image(path.with_name(name))[None])[0][0])
    check = {
        "schema_version": SELF_CHECK_SCHEMA_VERSION,
        "sha256": runner.description.sha256,
        "crop": name,
        "fake_probability": probability,
        "tolerance": tolerance,
    }
    path.write_text(json.dumps(check, indent=2) + "\n")
    return probability
