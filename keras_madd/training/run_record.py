"""run.json: what a run was told, what it was fed, and what it ran on."""

import json
import os
from pathlib import Path

from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file
from keras_madd.support.schema import read_json
from keras_madd.support.staging import remove_leftovers
from keras_madd.support.versions import package_versions
from keras_madd.training.settings import FREE, TrainSettings
from keras_madd.training.shards_of_faces import FACES

RUN_JSON = "run.json"


def make_record(
    settings: TrainSettings, config: dict, data: list[dict], batches_per_epoch: int
) -> dict:
    """Return the content of run.json.

    Args:
        settings: Settings of the run.
        config: The model's `MADDConfig` as plain data.
        data: For each folder of shards its `path`, `dataset` and `sha256` of dataset.json.
        batches_per_epoch: Batches in an epoch.
    """
    import keras

    return {
        "settings": settings.to_dict(),
        "config": config,
        "data": data,
        "batches_per_epoch": batches_per_epoch,
        "backend": keras.backend.backend(),
        "versions": package_versions(),
    }


def save_record(folder: Path, record: dict) -> None:
    """Write run.json."""
    content = (json.dumps(record, indent=2) + "\n").encode()
    replace_file(folder / RUN_JSON, content, overwrite=True)


def read_record(folder: str | os.PathLike) -> dict | None:
    """Return the content of a folder's run.json; `None`: there is none.

    A setting that an older version did not know has its default.

    Raises:
        UserError: If it is damaged.
    """
    path = Path(folder) / RUN_JSON
    if not path.is_file():
        return None
    try:
        record = read_json(path)
        told = record["settings"]
        record["settings"] = TrainSettings.from_dict(told).to_dict()
        if "blending" not in told and record["settings"]["self_blend"]:
            del record["settings"]["blending"]  # None of today's is how 0.1.0 blended.
    except (ValueError, KeyError, TypeError, AttributeError, UserError) as error:
        raise UserError(f"{path} is no record of a training run: {error}") from error
    return record


def record_before(folder: Path, resume: bool) -> dict | None:
    """What run.json says, where there is a run to go on with; cleans up after a killed one.

    Raises:
        UserError: If the folder holds a run and `resume` is false, or something else.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder.")
    remove_leftovers(folder)
    record = read_record(folder)
    if record is not None and not resume:
        raise UserError(
            f"{folder} holds a training run. Go on with it by --resume, or choose another --output."
        )
    if record is None and folder.is_dir() and {path.name for path in folder.iterdir()} - {FACES}:
        raise UserError(f"The folder {folder} is not empty, and holds no training run.")
    return record


def check_same_run(before: dict, now: dict) -> None:
    """Check that a run which goes on is the run that began.

    Raises:
        UserError: If a setting, the data or the backend differs; all differences are listed.
    """
    differences = _differences(comparable(before["settings"]), comparable(now["settings"]))
    fingerprints = [[each["sha256"] for each in record["data"]] for record in (before, now)]
    if fingerprints[0] != fingerprints[1]:
        differences.append("data: dataset.json is not what it was")
    differences += _differences(
        {name: before.get(name) for name in ("backend", "batches_per_epoch")},
        {name: now.get(name) for name in ("backend", "batches_per_epoch")},
    )
    if differences:
        raise UserError(
            "--resume goes on with the same run only, and these differ: "
            f"{'; '.join(differences)}. Choose another --output for a new run."
        )


def comparable(settings: dict) -> dict:
    """Return the settings that make a run what it is; data may have moved, and has fingerprints."""
    return {name: value for name, value in settings.items() if name not in (*FREE, "data")}


def _differences(before: dict, now: dict) -> list[str]:
    names = dict.fromkeys([*before, *now])
    return [
        f"{name}: {before.get(name)!r}, now {now.get(name)!r}"
        for name in names
        if before.get(name) != now.get(name)
    ]
