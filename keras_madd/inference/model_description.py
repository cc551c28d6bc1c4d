"""`model.json`: what must be known about an exported file to run it right.

Written beside the file by the exporters, read by everything that scores: the desktop, the phone,
the browser. The reader is strict: a key too few, one too many or a file other than the one
described is an error, never a guess. Imports neither Keras nor TensorFlow.
"""

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input, json_bytes, replace_file

SCHEMA_VERSION = 2

INPUT = "image"
FAKE_PROBABILITY = "fake_probability"
ATTENTION_MAPS = "attention_maps"
INPUT_TYPES = ("float32", "uint8")


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """The content of a `model.json`.

    The file's `fake_probability` p is the network's own. A runtime shows the calibrated
    `sigmoid(logit(p) / temperature)`, p held within [1e-7, 1 - 1e-7], and calls it fake from
    `threshold` on.

    Attributes:
        format: `"litert"` or `"onnx"`.
        quantization: How the numbers are stored, such as `"none"` or `"int8"`.
        input_size: (height, width) in pixels.
        num_attention_maps: M; 0 where the file gives none.
        sha256: Of the exported file, in hexadecimal.
        batch: The fixed batch size, or None for any.
        classes: Names in the order of the network's outputs; the first is the real one.
        crop_margin: Side of the square crop over the longer side of the detected box.
        detector: `kind` of `keras_madd.faces.FaceDetector` that the crops are made with.
        training_data: What it was trained on, in words.
        demonstration: Whether the model only shows that the parts work together; a runtime must
            say so beside every score.
        temperature: What the log-odds are divided by; 1.0 changes nothing.
        threshold: Least calibrated probability that is called fake, 0 to 1.
        metrics: What was measured, with names that speak for themselves.
        color_order: Order of the channels.
        pixel_range: Smallest and largest value of a pixel.
        input_name: Name of the input in the file's signature.
        input_type: Type of the input's numbers, `"float32"` or `"uint8"`.
        output_names: Names of the outputs in the file's signature.
        schema_version: Version of this list of keys.
    """

    format: str
    quantization: str
    input_size: tuple[int, int]
    num_attention_maps: int
    sha256: str
    batch: int | None = 1
    classes: tuple[str, ...] = ("real", "fake")
    crop_margin: float = 1.3
    detector: str = "auto"
    training_data: str = ""
    demonstration: bool = False
    temperature: float = 1.0
    threshold: float = 0.5
    metrics: dict[str, Any] = field(default_factory=dict)
    color_order: str = "RGB"
    pixel_range: tuple[int, int] = (0, 255)
    input_name: str = INPUT
    input_type: str = "float32"
    output_names: tuple[str, ...] = (FAKE_PROBABILITY, ATTENTION_MAPS)
    schema_version: int = SCHEMA_VERSION


def model_json_path(model_path: str | os.PathLike) -> Path:
    """Returns where a model's description lies: `model.tflite` has `model.json`.

    Other formats keep their ending (`model.onnx.json`), so that both may share a folder.
    """
    path = Path(model_path)
    if path.suffix == ".tflite":
        return path.with_suffix(".json")
    return path.with_name(path.name + ".json")


def sha256_of(path: str | os.PathLike) -> str:
    """Returns the SHA-256 of a file in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_model_json(model_path: str | os.PathLike, **values: Any) -> ModelDescription:
    """Writes the description of an exported file beside it, in place of an earlier one.

    Args:
        model_path: The exported file.
        **values: The fields of `ModelDescription`, without `sha256`.

    Returns:
        What was written.

    Raises:
        ValueError: If a value is none that `read_model_json` would take.
    """
    description = ModelDescription(sha256=sha256_of(model_path), **values)
    content = json_bytes(asdict(description))
    wrong = _first_misfit(json.loads(content))
    if wrong:
        raise ValueError(wrong)
    replace_file(model_json_path(model_path), content, overwrite=True)
    return description


def read_model_json(model_path: str | os.PathLike) -> ModelDescription:
    """Reads and checks the description that lies beside an exported file.

    Args:
        model_path: The exported file, such as `model.tflite`.

    Raises:
        UserError: If either file is missing, the description has another schema, lacks a key, has
            an unknown one or a value of the wrong kind, or describes another file.
    """
    model_path = Path(model_path)
    path = model_json_path(model_path)
    if not model_path.exists():
        raise UserError(f"There is no model file {model_path}.")
    check_input(model_path)
    if path.exists():
        check_input(path)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"{model_path} has no description: {path.name} must lie beside it. "
            "Exporting the model writes both."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {error}") from None
    description = _checked(values, path)
    found = sha256_of(model_path)
    if found != description.sha256:
        raise UserError(
            f"{path} describes another file than {model_path.name}: it says sha256 "
            f"{description.sha256[:12]}..., the file has {found[:12]}.... Export the model again."
        )
    return description


def _checked(values: Any, path: Path) -> ModelDescription:
    if not isinstance(values, dict):
        raise UserError(f"{path} must hold a JSON object.")
    version = values.get("schema_version")
    if version != SCHEMA_VERSION:
        raise UserError(
            f"{path} has schema version {version!r}; this version of keras-madd reads "
            f"{SCHEMA_VERSION}. Export the model again with it."
        )
    expected = {each.name for each in fields(ModelDescription)}
    missing, unknown = sorted(expected - set(values)), sorted(set(values) - expected)
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}.")
    if unknown:
        raise UserError(f"{path} has unknown keys: {', '.join(unknown)}.")
    wrong = _first_misfit(values)
    if wrong:
        raise UserError(f"{path}: {wrong}")
    tuples = ("input_size", "classes", "pixel_range", "output_names")
    return ModelDescription(**values | {key: tuple(values[key]) for key in tuples})


def _first_misfit(values: dict[str, Any]) -> str | None:
    for key, (accepts, wanted) in _KINDS.items():
        if not accepts(values[key]):
            return f"`{key}` must be {wanted}. Received: {key}={values[key]!r}"
    return None


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_count(value: Any, least: int = 1) -> bool:
    return type(value) is int and value >= least


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_texts(value: Any, least: int) -> bool:
    return isinstance(value, list) and len(value) >= least and all(map(_is_text, value))


_KINDS = {
    "format": (lambda value: value in ("litert", "onnx"), '"litert" or "onnx"'),
    "quantization": (_is_text, "a string"),
    "input_size": (
        lambda value: isinstance(value, list) and len(value) == 2 and all(map(_is_count, value)),
        "[height, width]",
    ),
    "num_attention_maps": (lambda value: _is_count(value, 0), "a whole number, 0 or more"),
    "sha256": (lambda value: _is_text(value) and len(value) == 64, "64 hexadecimal digits"),
    "batch": (lambda value: value is None or _is_count(value), "a whole number or null"),
    "classes": (lambda value: _is_texts(value, 2), "a list of two or more names"),
    "crop_margin": (
        lambda value: _is_number(value) and 0 < value < 10,
        "a number above 0 and below 10",
    ),
    "detector": (lambda value: value in ("auto", "short", "full"), '"auto", "short" or "full"'),
    "training_data": (_is_text, "a string"),
    "demonstration": (lambda value: isinstance(value, bool), "true or false"),
    "temperature": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    "threshold": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "metrics": (lambda value: isinstance(value, dict), "an object"),
    "color_order": (lambda value: value == "RGB", '"RGB"'),
    "pixel_range": (lambda value: value == [0, 255], "[0, 255]"),
    "input_name": (_is_text, "a string"),
    "input_type": (lambda value: value in INPUT_TYPES, '"float32" or "uint8"'),
    "output_names": (
        lambda value: _is_texts(value, 1) and FAKE_PROBABILITY in value,
        f'a list of names with "{FAKE_PROBABILITY}"',
    ),
}
