"""What a detector costs where it runs: size, work and time of its LiteRT files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.latency import litert_latency
from keras_madd.exporting.litert import float_litert
from keras_madd.exporting.litert_file import graph_of, parse
from keras_madd.exporting.multiplications import multiplications
from keras_madd.exporting.samples import Samples
from keras_madd.exporting.verify import verify_export
from keras_madd.inference.model_description import sha256_of
from keras_madd.model.loading import load_face_classifier
from keras_madd.model.precision import in_float32
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file

COST_FILE = "export.json"
FLOAT, INT8 = "float32", "int8"


@dataclass(frozen=True)
class ExportCost:
    """Of one model, exported in float and in 8 bits.

    Attributes:
        sha256: Of the `.keras` file.
        bytes: `"float32"` and `"int8"` to the size of the file.
        multiplications: Of one face, in billions, each with an addition; None without a file.
        logit_correlation: Of the 8-bit file's log-odds with the model's, on faces of the validation
            split; None where either is constant.
        auc_drop: Frame AUC that the 8 bits cost on them; None where there is none.
        problem: Why there is no 8-bit file, or no file at all; empty where both are there.
    """

    sha256: str
    bytes: Mapping[str, int]
    multiplications: float | None = None
    logit_correlation: float | None = None
    auc_drop: float | None = None
    problem: str = ""


def export_cost(
    path: Path,
    folder: Path,
    faces: Callable[[tuple[int, int], str], Samples],
    advance: Callable[[int, int], None] | None = None,
) -> ExportCost:
    """Export a model in float and in 8 bits, once, and measure what that gives.

    Args:
        path: A `.keras` file.
        folder: Gets `float32.tflite`, `int8.tflite` and `export.json`.
        faces: Gives faces of a size, of the split `"train"` or `"val"`.
        advance: As `export_bundle`.
    """
    sha256 = sha256_of(path)
    known = _known(folder / COST_FILE)
    if known is not None and known.sha256 == sha256 and not known.problem:
        return known
    model = in_float32(load_face_classifier(path))
    files = {kind: folder / f"{kind}.tflite" for kind in (FLOAT, INT8)}
    for file in files.values():
        file.unlink(missing_ok=True)
    found: dict[str, Any] = {"sha256": sha256, "bytes": {}}
    try:
        content = float_litert(model)
        replace_file(files[FLOAT], content)
        found["bytes"][FLOAT] = len(content)
        found["multiplications"] = multiplications(graph_of(parse(content))) / 1e9
        if model.config.clip_frames is not None:
            raise UserError("It takes clips, and the pictures to calibrate on are single faces.")
        calibration = faces(model.config.input_size, "train")
        export_bundle(
            model,
            files[INT8],
            quantize="int8",
            calibration=calibration.images,
            float_content=content,
            advance=advance,
            overwrite=True,
        )
        figures = verify_export(model, files[INT8], faces(model.config.input_size, "val")).figures
        found["bytes"][INT8] = files[INT8].stat().st_size
        found |= {name: figures[name] for name in ("logit_correlation", "auc_drop")}
    except UserError as error:
        found["problem"] = str(error)
    cost = ExportCost(**found)
    replace_file(folder / COST_FILE, json_bytes(asdict(cost)), overwrite=True)
    return cost


def milliseconds(folders: Mapping[str, Path], rounds: int) -> dict[str, dict[str, float]]:
    """Time the files of all models in turn, on one thread.

    Args:
        folders: Model to the folder that `export_cost` wrote.
        rounds: As `litert_latency`.

    Returns:
        Model to `"float32"` and, where there is one, `"int8"`, to milliseconds for one face.
    """
    files = {
        (model, kind): folder / f"{kind}.tflite"
        for model, folder in folders.items()
        for kind in (FLOAT, INT8)
        if (folder / f"{kind}.tflite").is_file()
    }
    names = {" ".join(key): file for key, file in files.items()}
    found: dict[str, dict[str, float]] = {model: {} for model in folders}
    if not files:
        return found
    timed = litert_latency(names, next(iter(names)), threads=(1,), rounds=rounds)["1"]
    for model, kind in files:
        found[model][kind] = timed[f"{model} {kind}"]["milliseconds"]
    return found


def faces_of(
    data: Sequence[Path], count: int, seed: int
) -> Callable[[tuple[int, int], str], Samples]:
    """Return what draws faces of a split for `export_cost`, from the first folder that has it."""
    from keras_madd.data.shards import load_dataset_json
    from keras_madd.exporting.samples import read_samples

    described = {folder: load_dataset_json(folder) for folder in data}

    def draw(size: tuple[int, int], split: str) -> Samples:
        for folder, each in described.items():
            if any(shard.split == split for shard in each.shards):
                return read_samples(folder, size, count, seed, splits=(split,), margin=each.margin)
        raise UserError(f"There are no faces of the {split} split.")

    return draw


def _known(path: Path) -> ExportCost | None:
    try:
        return ExportCost(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
