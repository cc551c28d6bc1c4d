"""Arms of an experiment: settings that train on the same faces, each with several seeds.

Every arm and seed is a run of `keras_madd.training.train` in a folder of its own, so that an
experiment goes on where it was stopped. The best epoch is chosen on the validation split and
measured on the test split.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.comparison.testing import folders_to_test, measure_maps, measure_on_test
from keras_madd.evaluation.scores import Scores, read_scores, write_scores
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_folder, json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.support.staging import remove_leftovers
from keras_madd.training.checkpoints import BEST
from keras_madd.training.run_record import read_record
from keras_madd.training.run_training import train
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData

RESULT_FILE, SCORES_FILE = "test.json", "scores.parquet"


@dataclass(frozen=True)
class ArmRun:
    """One arm, trained and tested with one seed.

    Attributes:
        folder: Folder of the run.
        result: What `measure_on_test` found and, where it was asked for, `measure_maps`.
    """

    folder: Path
    result: dict

    @property
    def best_model(self) -> Path:
        """The best epoch's model."""
        return self.folder / BEST

    def scores(self) -> Scores:
        """Read its scores of the test split."""
        return read_scores(self.folder / SCORES_FILE)


def check_arms(
    root: Path, arms: Mapping[str, TrainSettings], data: ShardsData, names: Iterable[str]
) -> None:
    """Refuse what could only fail after hours.

    Args:
        root: Folder of the experiment.
        arms: Name to settings.
        data: What all arms are trained on.
        names: Of all arms that an experiment of this kind can have.

    Raises:
        UserError: If the folder holds something else or cannot be written, the data has no test
            split with both classes, or an arm's network cannot be built or takes larger faces than
            are stored.
    """
    from keras_madd.training.starting_model import open_source, starting_config

    check_folder(root)
    remove_leftovers(root)
    found = {path.name for path in root.iterdir()} if root.is_dir() else set()
    if found and not found & set(names):
        raise UserError(f"The folder {root} is not empty, and holds no runs of this command.")
    folders_to_test(data.folders)
    for name, settings in arms.items():
        try:
            config = starting_config(settings, open_source(settings), data.face_fields)
            data.check_size(config.input_size)
        except UserError as error:
            raise UserError(f"{name}: {error}") from error


def train_arms(
    root: Path,
    arms: Mapping[str, TrainSettings],
    data: ShardsData,
    seeds: Sequence[int],
    stages: Stages,
    echo: Callable[[str, int, dict], None],
    *,
    maps: bool = False,
) -> dict[str, list[ArmRun]]:
    """Train and test every arm with every seed.

    Args:
        root: Folder of the experiment; a run's is `root/NAME/seedN`.
        arms: Name to settings; their `output` and `seed` are passed over.
        data: What all arms are trained on.
        seeds: One run of each arm with each.
        stages: Shows each run as a stage.
        echo: Called with the arm, the seed and `test.json` after each run.
        maps: Whether the attention maps are measured as well.

    Returns:
        Arm to its runs, in the order of the seeds.

    Raises:
        UserError: If a run that was begun had other settings, or one cannot go on.
    """
    runs: dict[str, list[ArmRun]] = {arm: [] for arm in arms}
    digests = [each["sha256"] for each in data.fingerprints]
    for seed in seeds:
        for arm, settings in arms.items():
            folder = root / arm / f"seed{seed}"
            run = settings.replace(output=folder, seed=seed, tensorboard=False)
            # Found again only if it belongs to these settings; else `train` says what differs.
            result = _finished(folder) if _same(folder, run, digests) else None
            if result is None:
                with stages.stage(f"{arm}, seed {seed}") as stage:
                    best = train(
                        run,
                        resume=True,
                        advance=stage.advance,
                        say=stage.say,
                        echo=lambda line: None,  # A run's own lines would drown the table's.
                    ).best_model
                    stage.say("scoring the test split")
                    result, scores = measure_on_test(best, data.folders)
                    if maps:
                        result |= measure_maps(best, data.folders, seed)
                # A table that is there belongs to a result that does not count any more.
                (folder / SCORES_FILE).unlink(missing_ok=True)
                write_scores(folder / SCORES_FILE, scores)
                replace_file(folder / RESULT_FILE, json_bytes(result), overwrite=True)
            runs[arm].append(ArmRun(folder, result))
            echo(arm, seed, result)
    return runs


def mean_and_spread(values: Sequence[float]) -> dict:
    """Return `mean`, `std` (of the sample; None for one value) and `values`."""
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": float(np.mean(values)), "std": spread, "values": list(values)}


def as_cell(value: dict | None) -> str:
    """Return what `mean_and_spread` found as a table shows it."""
    if value is None:
        return ""
    spread = "" if value["std"] is None else f" ± {value['std']:.3f}"
    return f"{value['mean']:.3f}{spread}"


def auc_cell(auc: dict) -> str:
    """Return `VideoRuns.auc` as a table shows it, with its interval."""
    low, high = auc["interval"]
    return f"{as_cell(mean_and_spread(auc['values']))} ({low:.3f} to {high:.3f})"


def _finished(folder: Path) -> dict | None:
    if not (folder / SCORES_FILE).is_file():
        return None
    try:
        return json.loads((folder / RESULT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _same(folder: Path, settings: TrainSettings, digests: list[str]) -> bool:
    record = read_record(folder)
    if not record or [each["sha256"] for each in record["data"]] != digests:
        return False
    return all(
        record["settings"].get(key) == value
        for key, value in settings.to_dict().items()
        if key != "output"
    )
