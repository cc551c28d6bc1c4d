"""How many training steps each arm of an experiment makes, for all to cost the same."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from keras_madd.comparison.step_cost import StepCost, step_cost
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData

STEPS_FILE = "steps.json"
# The training settings that a step's cost depends on.
_OF_A_STEP = (
    *("preset", "init", "backbone_weights", "fields", "batch_size", "gradient_accumulation"),
    *("optimizer", "mixed_precision", "ema", "rematerialize", "freeze_early"),
)


def step_costs(
    root: Path, arms: Mapping[str, TrainSettings], stages: Stages
) -> dict[str, StepCost]:
    """Measure each arm's step, once: the steps of a budget must not change on the way.

    Args:
        root: Folder of the experiment; what was measured is kept in `root/NAME/steps.json`.
        arms: Name to settings.
        stages: Shows each measurement as a stage.
    """
    found = {}
    for number, (name, arm) in enumerate(arms.items(), start=1):
        path = root / name / STEPS_FILE
        told = {key: value for key, value in arm.to_dict().items() if key in _OF_A_STEP}
        measured = _measured(path)
        known = [each["cost"] for each in measured if each["settings"] == told]
        if known:
            found[name] = StepCost(**known[0])
            continue
        with stages.stage(f"a step of {name}") as stage:
            stage.say(f"measuring a training step, {number} of {len(arms)}")
            found[name] = step_cost(arm)
        path.parent.mkdir(parents=True, exist_ok=True)
        measured.append({"settings": told, "cost": asdict(found[name])})
        replace_file(path, json_bytes(measured), overwrite=True)
    return found


def within_budget(
    arms: Mapping[str, TrainSettings], costs: Mapping[str, StepCost], budget: float
) -> dict[str, TrainSettings]:
    """Return the settings with as many steps an epoch as cost `budget` seconds in all epochs.

    Raises:
        UserError: If an epoch's share does not pay for one step.
    """
    chosen = {}
    for name, arm in arms.items():
        seconds = costs[name].seconds
        if budget < arm.epochs * seconds:
            fewer = f", or {int(budget / seconds)} epochs or fewer" if budget >= seconds else ""
            raise UserError(
                f"A budget of {budget:g} seconds in {arm.epochs} epochs is less than one step of "
                f"{name} an epoch, which costs {seconds:.3g}: use --budget "
                f"{math.ceil(arm.epochs * seconds)}{fewer}."
            )
        chosen[name] = arm.replace(steps_per_epoch=round(budget / arm.epochs / seconds))
    return chosen


def steps_in_all(arm: TrainSettings, data: ShardsData) -> int:
    """Return how many steps a training of these settings makes on this data."""
    own = replace(data, settings=arm, clip_frames=arm.fields.get("clip_frames"))
    return (arm.stage1_epochs + arm.epochs) * (arm.steps_per_epoch or own.batches_per_epoch())


def _measured(path: Path) -> list[dict[str, Any]]:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return []
