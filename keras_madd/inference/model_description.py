"""`model.json`: what must be known about an exported file to run it right.

Written beside the file by the exporters, read by everything that scores: the desktop, the phone,
the browser. The reader is strict: a key too few, one too many or a file other than the one
described is an error, never a guess. Imports neither Keras nor TensorFlow.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from keras_madd.support import schema
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input, json_bytes, replace_file

SCHEMA_VERSION = 2
# The same with `clear_threshold`; written only where there is one, so that older readers read on.
WORDS_SCHEMA_VERSION = 3
# That of clips, with `clip_frames` too; phones and browsers do not read it.
CLIPS_SCHEMA_VERSION = 4
# Which keys each has not.
_LEFT_OUT = {
    SCHEMA_VERSION: {"clear_threshold", "clip_frames"},
    WORDS_SCHEMA_VERSION: {"clip_frames"},
    CLIPS_SCHEMA_VERSION: set[str](),
}

INPUT = "image"
FAKE_PROBABILITY = "fake_probability"
ATTENTION_MAPS = "attention_maps"
BLEND_MAPS = "blend_maps"
INPUT_TYPES = ("float32", "uint8")
_MAPS = (ATTENTION_MAPS, BLEND_MAPS)


@dataclass(frozen=True, kw_only=True)
class ModelDescription:
    """The content of a `model.json`.

    The file's `fake_probability` p is the network's own. A runtime shows the calibrated
    `sigmoid(logit(p) / temperature)`, p held within [1e-7, 1 - 1e-7], and calls it fake from
    `threshold` on; see `keras_madd.inference.calibration.verdict_of`.

    Attributes:
        format: `"litert"` or `"onnx"`.
        quantization: How the numbers are stored, such as `"none"` or `"int8"`.
        input_size: (height, width) in pixels.
        clip_frames: T where the file takes clips, T faces of a person in the order of time; None:
            single faces.
        num_attention_maps: M, of maps to lay over faces; 0 where the file gives none.
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
        clear_threshold: Below it no trace was found, and between the two the answer is uncertain;
            None: real below `threshold`.
        metrics: What was measured, with names that speak for themselves.
        color_order: Order of the channels.
        pixel_range: Smallest and largest value of a pixel.
        input_name: Name of the input in the file's signature.
        input_type: Type of the input's numbers, `"float32"` or `"uint8"`.
        output_names: Names of the outputs in the file's signature: `fake_probability` and, where
            it gives maps, `attention_maps`, of any scale, or `blend_maps`, how sure the network is
            of each place that it was blended, 0 to 1.
        schema_version: Version of this list of keys.
    """

    format: str
    quantization: str
    input_size: tuple[int, int]
    num_attention_maps: int
    sha256: str
    clip_frames: int | None = None
    batch: int | None = 1
    classes: tuple[str, ...] = ("real", "fake")
    crop_margin: float = 1.3
    detector: str = "auto"
    training_data: str = ""
    demonstration: bool = False
    temperature: float = 1.0
    threshold: float = 0.5
    clear_threshold: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    color_order: str = "RGB"
    pixel_range: tuple[int, int] = (0, 255)
    input_name: str = INPUT
    input_type: str = "float32"
    output_names: tuple[str, ...] = (FAKE_PROBABILITY, ATTENTION_MAPS)
    schema_version: int = SCHEMA_VERSION

    @property
    def pixels_shape(self) -> tuple[int, ...]:
        """What is scored: `(H, W, 3)`, or `(T, H, W, 3)` of a clip."""
        clip = () if self.clip_frames is None else (self.clip_frames,)
        return (*clip, *self.input_size, 3)

    @property
    def maps_output(self) -> str | None:
        """Name of the output that is laid over faces; None where there is none."""
        return next((name for name in _MAPS if name in self.output_names), None)

    @property
    def full_scale(self) -> float | None:
        """Value of a map that is drawn at full strength; None: the largest of each map.

        Probabilities have a scale of their own, on which a face without a trace stays as it is.
        """
        return 1.0 if self.maps_output == BLEND_MAPS else None


def model_json_path(model_path: str | os.PathLike) -> Path:
    """Returns where a model's description lies: `model.tflite` has `model.json`.

    Other formats keep their ending (`model.onnx.json`), so that both may share a folder.
    """
    path = Path(model_path)
    if path.suffix == ".tflite":
        return path.with_suffix(".json")
    return path.parent / f"{path.name}.json"  # "." has a parent, and no name.


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
    description, content = _described(sha256_of(model_path), values)
    replace_file(model_json_path(model_path), content, overwrite=True)
    return description


def check_model_json(**values: Any) -> None:
    """Raises a ValueError where `write_model_json` would, before there is a file."""
    _described("0" * 64, values)


def _described(sha256: str, values: dict[str, Any]) -> tuple[ModelDescription, bytes]:
    """A description and its JSON."""
    description = ModelDescription(sha256=sha256, **values)
    version = SCHEMA_VERSION if description.clear_threshold is None else WORDS_SCHEMA_VERSION
    if description.clip_frames is not None:
        version = CLIPS_SCHEMA_VERSION
    description = replace(description, schema_version=version)
    fields = {
        name: value for name, value in asdict(description).items() if name not in _LEFT_OUT[version]
    }
    content = json_bytes(fields, allow_nan=False)
    wrong = _first_misfit(json.loads(content))
    if wrong:
        raise ValueError(wrong)
    return description, content


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
        values = schema.read_json(path)
    except FileNotFoundError:
        raise UserError(
            f"{model_path} has no description: {path.name} must lie beside it. "
            "Exporting the model writes both."
        ) from None
    description = _checked(values, path)
    found = sha256_of(model_path)
    if found != description.sha256:
        raise UserError(
            f"{path} describes another file than {model_path.name}: it says sha256 "
            f"{description.sha256[:12]}..., the file has {found[:12]}.... Export the model again."
        )
    return description


def check_scores_one_face(path: Path, description: ModelDescription, taker: str) -> None:
    """Raises a UserError unless a file is what the app and the page run.

    Args:
        path: The exported file.
        description: Its description.
        taker: Who is to run it, such as `"The app"`.
    """
    if description.format != "litert":
        raise UserError(f"{taker} runs .tflite files. Received: {path}")
    if description.batch != 1:
        raise UserError(
            f"{taker} scores one face at a time: export with --batch 1. "
            f"Received: batch={description.batch}"
        )
    if description.clip_frames is not None:
        raise UserError(
            f"{taker} scores single faces, and this model takes clips. "
            f"Received: clip_frames={description.clip_frames}"
        )
    check_square(description.input_size)


def check_square(input_size: tuple[int, int]) -> None:
    """Raises a UserError where faces cannot be cut out for an input of `(height, width)`."""
    height, width = input_size
    if height != width:
        raise UserError(f"Faces are cut out square. Received: input_size={height}x{width}")


def _checked(values: Any, path: Path) -> ModelDescription:
    if not isinstance(values, dict):
        raise UserError(f"{path} must hold a JSON object.")
    version = values.get("schema_version")
    if type(version) is not int or version not in _LEFT_OUT:
        *most, last = _LEFT_OUT
        raise UserError(
            f"{path} has schema version {schema.shown(version)}; this version of keras-madd reads "
            f"{', '.join(map(str, most))} and {last}. Export the model again with it."
        )
    expected = {each.name for each in fields(ModelDescription)}
    expected -= _LEFT_OUT[version]
    missing, unknown = sorted(expected - set(values)), sorted(set(values) - expected)
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}.")
    if unknown:
        raise UserError(f"{path} has unknown keys: {schema.listed(unknown)}.")
    wrong = _first_misfit(values)
    if wrong:
        raise UserError(f"{path}: {wrong}")
    tuples = ("input_size", "classes", "pixel_range", "output_names")
    return ModelDescription(**values | {key: tuple(values[key]) for key in tuples})


def _first_misfit(values: dict[str, Any]) -> str | None:
    kinds = _KINDS
    if values["schema_version"] == CLIPS_SCHEMA_VERSION:
        kinds = kinds | {"clear_threshold": kinds["clear_threshold"].or_null()}
    if wrong := schema.first_misfit(values, kinds):
        return wrong
    kinds_of_maps = sum(name in values["output_names"] for name in _MAPS)
    count = values["num_attention_maps"]
    for key, fits, wanted in (
        ("pixel_range", values["pixel_range"] == [0, 255], "[0, 255]"),
        ("classes", values["classes"][0] != "fake" and "real" not in values["classes"][1:], _ORDER),
        ("output_names", FAKE_PROBABILITY in values["output_names"], f'with "{FAKE_PROBABILITY}"'),
        ("output_names", kinds_of_maps == (count > 0), f"with {_ONE_OF_MAPS} for {count} maps"),
    ):
        if not fits:
            return f"`{key}` must be {wanted}. Received: {key}={schema.shown(values[key])}"
    if (values.get("clear_threshold") or 0) > values["threshold"]:
        return (
            "`clear_threshold` must not be above `threshold`. Received: "
            f"clear_threshold={values['clear_threshold']!r}, threshold={values['threshold']!r}"
        )
    return None


_ONE_OF_MAPS = " or ".join(f'"{name}"' for name in _MAPS)
_ORDER = "in the order of the network's outputs, the real one first"
_NAME = schema.text(100, r"[A-Za-z0-9_.:/-]+", "a name of 1 to 100 letters, digits and _.:/-")
_SIDE = schema.whole(8, 4096)
_KINDS = {
    "format": schema.one_of("litert", "onnx"),
    "quantization": schema.text(),
    "input_size": schema.array(_SIDE, 2, 2, f"[height, width], each {_SIDE.wanted}"),
    "clip_frames": schema.whole(1, 64),
    "num_attention_maps": schema.whole(0, 1024),
    "sha256": schema.text(64, "[0-9a-f]{64}", "64 hexadecimal digits"),
    "batch": schema.whole(1, 1024).or_null(),
    "classes": schema.array(schema.text(), 2, 1000, "two or more different names", distinct=True),
    "crop_margin": schema.number(0.5, 5),  # As `keras-madd prepare` makes them.
    "detector": schema.one_of("auto", "short", "full"),
    "training_data": schema.text(10_000),
    "demonstration": schema.boolean(),
    "temperature": schema.number(0.01, 100),
    "threshold": schema.number(0, 1),
    "clear_threshold": schema.number(0, 1),
    "metrics": schema.table(schema.anything(), "an object"),
    "color_order": schema.one_of("RGB"),
    "pixel_range": schema.array(schema.whole(0, 255), 2, 2, "[0, 255]"),
    "input_name": _NAME,
    "input_type": schema.one_of(*INPUT_TYPES),
    "output_names": schema.array(_NAME, 1, 8, "a list of 1 to 8 different names", distinct=True),
}
