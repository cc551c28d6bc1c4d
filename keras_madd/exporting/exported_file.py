"""An exported file with its description: what every runtime needs, in one call."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_madd.exporting.litert import export_litert
from keras_madd.exporting.onnx import export_onnx
from keras_madd.exporting.scoring_graph import exported_maps
from keras_madd.inference.model_description import (
    FAKE_PROBABILITY,
    ModelDescription,
    check_model_json,
    model_json_path,
    write_model_json,
)
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_output

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

FORMATS = {".tflite": "litert", ".onnx": "onnx"}


def export_bundle(
    model: "FaceClassifier",
    path: str | os.PathLike,
    *,
    quantize: str = "none",
    batch: int = 1,
    classes: Sequence[str] | None = None,
    input_type: str = "float32",
    calibration: Sequence[np.ndarray] | np.ndarray | None = None,
    float_content: bytes | None = None,
    advance: Callable[[int, int], None] | None = None,
    crop_margin: float | None = None,
    detector: str | None = None,
    training_data: str | None = None,
    demonstration: bool = False,
    temperature: float = 1.0,
    threshold: float = 0.5,
    clear_threshold: float | None = None,
    metrics: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> ModelDescription:
    """Exports a model to LiteRT or ONNX and writes its `model.json` beside it.

    Args:
        model: A detector.
        path: The file to write; its ending, `.tflite` or `.onnx`, chooses the format.
        quantize: As `export_litert`; `"none"` for ONNX.
        batch: As `export_litert`; ONNX files take any batch size and ignore it.
        classes: One name per output of the network; by default real and fake.
        input_type: As `export_litert`; ONNX files take float32.
        calibration: As `export_litert`.
        float_content: As `export_litert`.
        advance: As `export_litert`.
        crop_margin: The margin that the training faces were cut out with; this and the next two
            are the model's own where None is given.
        detector: The `kind` of `keras_madd.faces.FaceDetector` they were found with.
        training_data: What the model was trained on, in words.
        demonstration: Whether it only shows that the parts work together.
        temperature: What a runtime divides the log-odds by.
        threshold: Least calibrated probability that is called fake.
        clear_threshold: Below it no trace was found; as `ModelDescription`.
        metrics: What was measured, ready for JSON.
        overwrite: Whether existing files may be replaced.

    Returns:
        The description as written.

    Raises:
        UserError: If the ending is another one, if a file exists and `overwrite` is false, if the
            folder is missing, `model.json` does not allow what it is to say, or the model cannot be
            converted.
    """
    path = Path(path)
    check_target(path, quantize, overwrite, input_type)
    classes = class_names(model, classes)
    config, maps = model.config, exported_maps(model)
    values: dict[str, Any] = dict(
        format=FORMATS[path.suffix],
        quantization=quantize,
        input_size=tuple(model.config.input_size),
        clip_frames=config.clip_frames,
        num_attention_maps=model.num_heat_maps,
        batch=None if path.suffix == ".onnx" else batch,
        classes=classes,
        input_type=input_type,
        crop_margin=config.crop_margin if crop_margin is None else crop_margin,
        detector=detector or config.detector,
        training_data=config.training_data if training_data is None else training_data,
        demonstration=demonstration,
        temperature=temperature,
        threshold=threshold,
        clear_threshold=clear_threshold,
        metrics=dict(metrics or {}),
        output_names=(FAKE_PROBABILITY, maps) if maps else (FAKE_PROBABILITY,),
    )
    try:
        check_model_json(**values)
    except ValueError as error:
        raise UserError(str(error)) from None
    if path.suffix == ".onnx":
        export_onnx(model, path, overwrite=overwrite)
    else:
        export_litert(
            model,
            path,
            quantize,
            batch,
            input_type=input_type,
            calibration=calibration,
            float_content=float_content,
            advance=advance,
            overwrite=overwrite,
        )
    return write_model_json(path, **values)


def check_target(
    path: Path,
    quantize: str,
    overwrite: bool,
    input_type: str = "float32",
    inputs: Iterable[Path] = (),
) -> None:
    """Raises a UserError where an export to `path` would fail, or write over what it reads."""
    if path.suffix not in FORMATS:
        raise UserError(f"The output must end in .tflite or .onnx. Received: {path}")
    if FORMATS[path.suffix] == "onnx" and quantize != "none":
        raise UserError(f"ONNX files are not quantised. Received: {quantize}")
    if FORMATS[path.suffix] == "onnx" and input_type != "float32":
        raise UserError(f"ONNX files take float32 pixels. Received: {input_type}")
    for each in (path, model_json_path(path)):
        check_output(each, overwrite=overwrite, inputs=inputs)


def class_names(model: "FaceClassifier", classes: Sequence[str] | None) -> tuple[str, ...]:
    """Returns one name per output of a model, made up where none are given."""
    outputs = model.config.num_classes
    if classes is None:
        fakes = ("fake",) if outputs == 2 else (f"fake_{index}" for index in range(1, outputs))
        return ("real", *fakes)
    if len(classes) != outputs:
        raise ValueError(
            f"Argument `classes` must hold one name per output, {outputs}. "
            f"Received: classes={list(classes)}"
        )
    return tuple(classes)
