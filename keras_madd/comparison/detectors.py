"""Detectors side by side: trained at equal cost on the same faces, tested on the same videos."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keras_madd.comparison.arms import ArmRun, check_arms, mean_and_spread, train_arms
from keras_madd.comparison.budget import step_costs, steps_in_all, within_budget
from keras_madd.comparison.comparison_report import JSON_FILE, write_comparison_report
from keras_madd.comparison.export_cost import export_cost, faces_of, milliseconds
from keras_madd.comparison.model_settings import settings_of_models
from keras_madd.comparison.paired_tests import paired_tests
from keras_madd.comparison.step_cost import StepCost
from keras_madd.evaluation.protocol import Protocol
from keras_madd.model.presets import PRESETS
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.support.versions import package_versions
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData

# Faces that 8-bit files are calibrated on, and as many others that they are verified on.
_FACES = 64
_ROUNDS = 20


def compare_detectors(
    settings: TrainSettings,
    models: Sequence[str],
    seeds: Sequence[int],
    *,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
    budget: float | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Train and test detectors with every seed, measure what they cost, and write the report.

    Every model sees the same faces in the same order with the same augmentation: batches follow
    from the seed alone.

    Args:
        settings: Of the training; `output` is the folder of the whole comparison.
        models: Names of presets.
        seeds: One run of each model with each.
        changes: Model to what is its own; see `settings_of_models`.
        budget: Seconds of training steps for each model and seed, from which follows the number of
            steps in an epoch; None: as many steps for each as the settings say. Of the processor,
            see `StepCost`.
        command: The command line, for the report.

    Returns:
        The content of `comparison.json`.

    Raises:
        UserError: If a model is unknown, its settings cannot work, the data has no test split with
            both classes, a run that was begun had other settings, or the folder holds something
            else.
    """
    stages = Stages()
    root = Path(settings.output)
    data = ShardsData.open(settings)
    arms = settings_of_models(settings, models, changes or {})
    check_arms(root, arms, data, PRESETS)
    steps = step_costs(root, arms, stages)
    if budget is not None:
        arms = within_budget(arms, steps, budget)

    def tell(arm: str, seed: int, result: dict) -> None:
        print(f"{arm}, seed {seed}: test video AUC {result['video_auc']:.4f}")

    runs = train_arms(root, arms, data, seeds, stages, tell)
    with stages.stage("tests") as stage:
        tests, pairs = paired_tests(runs, Protocol(seed=settings.seed), stage.advance)
    exported = _exported(root, runs, data, stages)
    content = {
        "models": {
            name: {
                "description": PRESETS[name]["description"],
                "settings": _own(arms[name], settings),
                "training": _training(arms[name], steps[name], data),
                "weights": steps[name].weights,
                "step_peak_bytes": steps[name].peak_bytes,
                "litert": exported[name],
                "frame_auc": mean_and_spread([run.result["frame_auc"] for run in runs[name]]),
                "video_auc": mean_and_spread([run.result["video_auc"] for run in runs[name]]),
                "tests": tests[name],
            }
            for name in models
        },
        "pairs": pairs,
        "data": _data(data),
        "seeds": list(seeds),
        "budget": budget,
        "settings": settings.to_dict(),
        "command": command,
        "versions": package_versions(),
        "seconds": dict(stages.seconds),
    }
    replace_file(root / JSON_FILE, json_bytes(content), overwrite=True)
    write_comparison_report(root, content)
    return content


def _training(arm: TrainSettings, step: StepCost, data: ShardsData) -> dict[str, Any]:
    steps = steps_in_all(arm, data)
    return {
        "steps": steps,
        "faces": steps * arm.batch_size * (arm.fields.get("clip_frames") or 1),
        "step_seconds": step.seconds,
        "clock": step.clock,
        "seconds": steps * step.seconds,
    }


def _exported(
    root: Path, runs: Mapping[str, Sequence[ArmRun]], data: ShardsData, stages: Stages
) -> dict[str, dict]:
    """Export the first seed's model of each, and time all files in turn."""
    faces = faces_of(data.folders, _FACES, data.settings.seed)
    costs = {}
    for name, (run, *_) in runs.items():
        with stages.stage(f"export of {name}") as stage:
            stage.say("to LiteRT, in float and in 8 bits")
            costs[name] = asdict(export_cost(run.best_model, root / name, faces, stage.advance))
    with stages.stage("speed") as stage:
        stage.say(f"{len(costs)} models, float and 8 bits in turn, on one thread")
        timed = milliseconds({name: root / name for name in costs}, _ROUNDS)
    return {name: {**cost, "milliseconds": timed[name]} for name, cost in costs.items()}


def _own(arm: TrainSettings, shared: TrainSettings) -> dict[str, Any]:
    """Return what a model's settings have beyond those of all."""
    before, after = shared.to_dict(), arm.to_dict()
    fields = {
        name: value
        for name, value in after.pop("fields").items()
        if before["fields"].get(name) != value
    }
    passed_over = ("output", "preset", "fields")
    return fields | {
        name: value
        for name, value in after.items()
        if name not in passed_over and before[name] != value
    }


def _data(data: ShardsData) -> dict[str, dict]:
    """Return each folder with what it is in the comparison."""
    return {
        fingerprint["path"]: {
            "dataset": each.dataset,
            "compression": each.compression,
            "sha256": fingerprint["sha256"],
            "crops": {
                split: sum(kind["crops"] for kind in counts.values())
                for split, counts in each.counts.items()
            },
        }
        for fingerprint, each in zip(data.fingerprints, data.descriptions, strict=True)
    }
