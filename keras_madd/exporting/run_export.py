"""One export as the command does it: convert, quantise, verify, report."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.exporting.bounds import TOLERANCES, bounds, made_by, summary
from keras_madd.exporting.delegation import delegation
from keras_madd.exporting.equalization import equalized
from keras_madd.exporting.export_report import ExportReport, report_paths, write_export_report
from keras_madd.exporting.export_settings import ExportSettings
from keras_madd.exporting.exported_file import check_target, export_bundle
from keras_madd.exporting.latency import litert_latency
from keras_madd.exporting.layer_errors import layer_errors
from keras_madd.exporting.litert import CALIBRATED, float_litert
from keras_madd.exporting.onnx import OPSET
from keras_madd.exporting.samples import Samples, check_disjoint, check_present, read_samples
from keras_madd.exporting.verify import compare_export, sample_pictures, verify_export
from keras_madd.inference.calibration import uncalibrated
from keras_madd.inference.model_description import (
    ModelDescription,
    read_model_json,
    write_model_json,
)
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_output
from keras_madd.support.native_stderr import native_stderr_silenced
from keras_madd.support.progress import Stages
from keras_madd.support.shipped import CONFIG, KERAS_WEIGHTS, LITERT

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

_LAYER_PICTURES = 8


@dataclass(frozen=True)
class ExportResult:
    """What came of it.

    Attributes:
        description: The `model.json`.
        lines: What to tell the user.
        problems: What is wrong with the file; empty where it may be used.
    """

    description: ModelDescription
    lines: tuple[str, ...]
    problems: tuple[str, ...] = ()


def run_export(settings: ExportSettings, stages: Stages | None = None) -> ExportResult:
    """Exports a saved model, verifies the file and writes the reports.

    Raises:
        UserError: If something is missing or does not fit; nothing is written then.
    """
    stages = stages or Stages()
    _check(settings)
    verdict = _verdict_of(settings)
    with stages.stage("model") as stage, native_stderr_silenced():
        stage.say(f"starting Keras, reading {settings.model}")
        from keras_madd.exporting.scoring_graph import check_backend
        from keras_madd.model.loading import load_face_classifier
        from keras_madd.model.precision import in_float32

        check_backend()
        model = in_float32(load_face_classifier(settings.model))
    calibration, verification = _pictures(settings, model, stages)
    described: dict[str, Any] = {
        "crop_margin": settings.crop_margin,
        "detector": settings.detector,
        "training_data": settings.training_data,
        "demonstration": settings.demonstration,
        **verdict,
    }
    with stages.stage("conversion") as stage:
        kind = "LiteRT" if settings.litert else "ONNX"
        stage.say(f"to {kind}, quantize {settings.quantize}")
        needed = settings.litert and (verification is not None or settings.quantize in CALIBRATED)
        float_content = float_litert(model, settings.batch) if needed else None
        description = export_bundle(
            model,
            settings.output,
            quantize=settings.quantize,
            batch=settings.batch,
            input_type=settings.input_type,
            calibration=None if calibration is None else calibration.images,
            float_content=float_content,
            advance=stage.advance,
            overwrite=settings.overwrite,
            **described,
        )
    lines = [
        f"{settings.output}: {settings.output.stat().st_size / 1e6:.2f} MB, "
        f"quantize {settings.quantize}, sha256 {description.sha256}"
    ]
    if not settings.litert:
        lines.append(f"ONNX opset {OPSET}, any batch size")
    if verification is None:
        return _quick_check(settings, model, description, calibration, lines)
    return _verified(
        settings, model, description, calibration, verification, float_content, lines, stages
    )


def _verdict_of(settings: ExportSettings) -> dict[str, float | None]:
    """Temperature and thresholds: as given, else those fitted for the preset's exported twin.

    What that one says of being a demonstration holds for this one.

    With another temperature the fitted thresholds are put in its terms, so that every face gets the
    word that it had. With another threshold there are no words that keep their promise.
    """
    given = {"temperature": settings.temperature, "threshold": settings.threshold}
    given = {name: value for name, value in given.items() if value is not None}
    twin = Path(settings.model) / LITERT
    if not twin.is_file():
        return given
    fitted = read_model_json(twin)
    found: dict[str, Any] = {
        "temperature": fitted.temperature,
        "demonstration": settings.demonstration or fitted.demonstration,
    } | given
    if settings.threshold is None:
        ratio = fitted.temperature / found["temperature"]
        for name in ("threshold", "clear_threshold"):
            threshold = getattr(fitted, name)
            found[name] = None if threshold is None else uncalibrated(threshold, ratio)
    return found


def _check(settings: ExportSettings) -> None:
    check_target(
        settings.output,
        settings.quantize,
        settings.overwrite,
        settings.input_type,
        inputs=_read_by(settings),
    )
    for each in report_paths(settings.output) if settings.verify else ():
        check_output(each, overwrite=settings.overwrite)
    if not Path(settings.model).exists():
        raise UserError(f"There is no model {settings.model}.")
    for pictures in (settings.calibration, settings.verify):
        if pictures is not None:
            check_present(pictures)


def _read_by(settings: ExportSettings) -> list[Path]:
    """What an export reads and must not write over; a preset's exported twin may be made anew."""
    model = Path(settings.model)
    shards = [Path(each) for each in (settings.calibration, settings.verify) if each is not None]
    return [model, model / CONFIG, model / KERAS_WEIGHTS, *(each / DATASET_JSON for each in shards)]


def _pictures(
    settings: ExportSettings, model: "FaceClassifier", stages: Stages
) -> tuple[Samples | None, Samples | None]:
    config = model.config
    shared: dict[str, Any] = {
        "margin": config.crop_margin if settings.crop_margin is None else settings.crop_margin,
        "detector": settings.detector or config.detector,
        "seed": settings.seed,
    }
    size, calibration, verification = config.input_size, None, None
    if settings.calibration is None and settings.verify is None:
        return None, None
    if config.clip_frames is not None:
        raise UserError(
            "Pictures to calibrate or to verify on are single faces, and this model takes clips: "
            "export it with --quantize none, float16 or dynamic, without --verify, and evaluate "
            f"the file. Received: clip_frames={config.clip_frames}"
        )
    with stages.stage("pictures") as stage:
        shared["progress"] = stage.advance
        if settings.calibration is not None:
            stage.say(f"to calibrate on, from {settings.calibration}")
            calibration = read_samples(settings.calibration, size, settings.samples, **shared)
        if settings.verify is not None:
            stage.say(f"to verify on, from {settings.verify}")
            verification = read_samples(
                settings.verify, size, settings.verify_samples, splits=("test", "val"), **shared
            )
            labels = () if verification.labels is None else np.unique(verification.labels)
            if settings.max_auc_drop is not None and len(labels) < 2:
                raise UserError(
                    "--max-auc-drop needs labels of both classes: shards, or pictures in folders "
                    f"named real and fake. Received: {settings.verify}"
                )
    if calibration is not None and verification is not None:
        check_disjoint(calibration, verification)
    return calibration, verification


def _quick_check(settings, model, description, calibration, lines) -> ExportResult:
    """Without pictures to verify on: whether the file computes the model's function at all."""
    pictures = sample_pictures(description.input_size, 8 * (description.clip_frames or 1))
    pictures, what = pictures.reshape(-1, *description.pixels_shape), "generated pictures"
    if calibration is not None:
        pictures, what = calibration.images[:32], "of the calibration pictures"
    found = compare_export(model, settings.output, pictures)["max_probability_difference"]
    lines.append(
        f"largest change of a probability, {len(pictures)} {what}: {found:.1e}"
        + ("; --verify tells what the export cost" if calibration is not None else "")
    )
    allowed = TOLERANCES.get(_kind(settings), math.inf)
    problems = []
    if not math.isfinite(found):
        problems.append("its probabilities are no numbers: do not use this file.")
    elif found > allowed:
        problems.append(f"expected at most {allowed:g}: do not use this file.")
    return ExportResult(description, tuple(lines), tuple(problems))


def _verified(
    settings, model, description, calibration, verification, float_content, lines, stages
) -> ExportResult:
    with stages.stage("verification") as stage:
        stage.say(f"{len(verification.images):,} pictures, by Keras and by the file")
        found = verify_export(model, settings.output, verification)
    odd = int((~np.isfinite(found.reference) | ~np.isfinite(found.exported)).sum())
    if odd or not math.isfinite(found.figures.get("max_attention_difference", 0.0)):
        what = f"{odd:,} of {len(found.exported):,} probabilities" if odd else "its maps"
        problem = f"{what} are no numbers: do not use this file."
        return ExportResult(description, tuple(lines), (problem,))
    sizes, latency, parts, layers = {}, {}, {}, []
    if settings.litert:
        content = settings.output.read_bytes()
        sizes = {"float32": len(float_content), description.quantization: len(content)}
        with stages.stage("speed"):
            parts = delegation(settings.output).to_json()
            files = {"float32": float_content, description.quantization: content}
            latency = litert_latency(files, "float32", settings.threads, faces=settings.batch)
            if settings.quantize in CALIBRATED:
                pictures = verification.images[:_LAYER_PICTURES]
                # Beside the file that was quantised, which may be the equalised one: equalisation
                # rescales what layers pass on, so that the other one is far off.
                layers = min(
                    (
                        layer_errors(reference, content, pictures)
                        for reference in (
                            equalized(float_content, calibration.images),
                            float_content,
                        )
                    ),
                    key=lambda errors: sum(each.relative_error for each in errors),
                )
    else:
        size = settings.output.stat().st_size
        sizes = {"float32": size, description.quantization: size}
    held = bounds(TOLERANCES.get(_kind(settings)), settings.max_auc_drop, found.figures)
    description = export_metrics(settings.output, description, found.figures)
    report = ExportReport(
        file=settings.output,
        description=description,
        verification=found,
        verified_on=verification.origin,
        sizes=sizes,
        latency=latency,
        delegation=parts,
        layers=layers,
        settings=made_by(
            settings.command, settings.seed, not settings.litert, calibration, verification
        ),
        bounds=held,
    )
    written = write_export_report(report, settings.overwrite)
    lines += summary(
        found.figures, next(iter(latency.values()), {}).get(description.quantization), sizes
    )
    lines += [f"report: {path}" for path in written]
    problems = [
        f"{each['what']} is {each['found']:.3g}, more than {each['allowed']:g}: do not use this "
        "file."
        for each in held
        if not each["holds"]
    ]
    if problems and layers:
        worst = sorted(layers, key=lambda each: -each.relative_error)[:5]
        problems += [f"  off by {each.relative_error:.1%}: {each.layer}" for each in worst]
    return ExportResult(description, tuple(lines), tuple(problems))


def _kind(settings: ExportSettings) -> str:
    return settings.quantize if settings.litert else "onnx"


def export_metrics(path: Path, description: ModelDescription, figures: dict) -> ModelDescription:
    """Writes what a verification found into the description beside the file."""
    values = asdict(description) | {"metrics": {**description.metrics, "export": figures}}
    del values["sha256"]
    return write_model_json(path, **values)
