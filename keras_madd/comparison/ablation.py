"""What each part of the method is worth: the paper's ablations, trained and tested over seeds.

Reference:
    Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, tables 5 to 8.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_madd.comparison.arms import (
    ArmRun,
    as_cell,
    auc_cell,
    check_arms,
    mean_and_spread,
    train_arms,
)
from keras_madd.comparison.budget import step_costs, steps_in_all, within_budget
from keras_madd.comparison.paired_tests import paired_tests
from keras_madd.evaluation.protocol import Protocol
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.training.run_training import Echo
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData

_PLAIN = {
    "region_independence_weight": 0.0,
    "augmented_classification_weight": 0.0,
    "match_weight": 0.0,
}
_NO_AGDA = {"augmented_classification_weight": 0.0, "match_weight": 0.0}

# Name to the fields of MADDConfig that differ from the preset's.
ARMS: dict[str, dict] = {
    "backbone": {"num_attentions": 0},
    "attention": {**_PLAIN, "texture_enhancement": False},
    "texture": dict(_PLAIN),
    "ril": dict(_NO_AGDA),
    "agda": {"region_independence_weight": 0.0},
    "full": {},
    "m1": {"num_attentions": 1},
    "m2": {"num_attentions": 2},
    "m8": {"num_attentions": 8},
}
MEANINGS = {
    "backbone": "backbone alone",
    "attention": "+ attention maps and bilinear attention pooling",
    "texture": "+ texture enhancement",
    "ril": "+ texture and RIL",
    "agda": "+ texture and AGDA",
    "full": "full: + RIL and AGDA",
    "m1": "full, M = 1",
    "m2": "full, M = 2",
    "m8": "full, M = 8",
}
TABLE_FILE, TEXT_FILE = "ablation.json", "ablation.md"
# Below it a difference is told, after Holm over all pairs of a data set.
_CERTAIN = 0.05


def ablate(
    settings: TrainSettings,
    seeds: Sequence[int],
    arms: Sequence[str] = tuple(ARMS),
    *,
    budget: float | None = None,
    echo: Echo = print,
) -> dict[str, Any]:
    """Trains and tests every arm with every seed, and writes the table.

    Args:
        settings: Of the training; `output` is the folder of the whole ablation, `fields` go into
            every arm, `seed` is passed over.
        seeds: One run of each arm with each.
        arms: Names from `ARMS`.
        budget: Seconds of training steps for each arm and seed, from which follows the number of
            steps in an epoch; None: as many steps for each as the settings say. Of the processor,
            see `StepCost`.
        echo: Called with one line after each run.

    Returns:
        The content of `ablation.json`: `arms`, each with `frame_auc`, `video_auc`,
        `attention_overlap` and `attention_deletion` as `mean_and_spread`, None where there is
        none, and its `steps` and `tests`; and `pairs`, see `paired_tests`.

    Raises:
        UserError: If an arm is unknown, the data has no test split with both classes, a run that
            was begun had other settings, or the folder holds something else.
    """
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown:
        raise UserError(f"There is no arm {unknown[0]!r}. There are: {', '.join(ARMS)}.")
    if not seeds:
        raise UserError("An ablation needs one seed or more.")
    root, stages = Path(settings.output), Stages()
    data = ShardsData.open(settings)
    chosen = {arm: settings.replace(fields={**settings.fields, **ARMS[arm]}) for arm in arms}
    check_arms(root, chosen, data, ARMS)
    if budget is not None:
        chosen = within_budget(chosen, step_costs(root, chosen, stages), budget)

    def tell(arm: str, seed: int, result: dict) -> None:
        echo(
            f"{MEANINGS[arm]}, seed {seed}: frame AUC {result['frame_auc']:.4f}, "
            f"video AUC {result['video_auc']:.4f}"
        )

    runs = train_arms(root, chosen, data, seeds, stages, tell, maps=True)
    with stages.stage("tests") as stage:
        tests, pairs = paired_tests(runs, Protocol(seed=settings.seed), stage.advance)
    content = {
        "settings": settings.to_dict(),
        "seeds": list(seeds),
        "budget": budget,
        "arms": {
            arm: _summary(each) | {"steps": steps_in_all(chosen[arm], data), "tests": tests[arm]}
            for arm, each in runs.items()
        },
        "pairs": pairs,
    }
    replace_file(root / TABLE_FILE, json_bytes(content), overwrite=True)
    replace_file(root / TEXT_FILE, as_text(content).encode(), overwrite=True)
    return content


def as_text(content: Mapping[str, Any]) -> str:
    """Returns `ablation.json` as Markdown: a table of arms, and what is beyond chance."""
    arms = content["arms"]
    datasets = list(next(iter(arms.values()))["tests"])
    head = ["network and training", "steps", *(f"video AUC, {name}" for name in datasets)]
    head += ["overlap of the maps", "hidden by them first"]
    lines = [
        f"Mean and standard deviation over {len(content['seeds'])} seeds, with the 95 % interval "
        "over videos; test split.",
        "",
        f"| {' | '.join(head)} |",
        "|---" * len(head) + "|",
    ]
    for arm, row in arms.items():
        cells = [f"{row['steps']:,}"]
        cells += [auc_cell(row["tests"][name]["video_auc"]) for name in datasets]
        cells += [as_cell(row[key]) for key in ("attention_overlap", "attention_deletion")]
        lines.append(f"| {MEANINGS[arm]} | {' | '.join(cells)} |")
    lines += [
        "",
        "Hidden by them first: how far the score moves as the places that the maps mark are "
        "hidden first, over a random order; above 1 they mark what counts. The backbone alone has "
        "one map, of its class activation.",
    ]
    certain = [pair for pair in content["pairs"] if pair["holm_p"] < _CERTAIN]
    if content["pairs"] and not certain:
        lines += ["", f"No two of them differ beyond chance (Holm's p below {_CERTAIN})."]
    for pair in certain:
        one, other = (MEANINGS[arm] for arm in pair["models"])
        low, high = pair["interval"]
        lines += [
            "",
            f"{pair['dataset']}, {one}, less {other}: {pair['difference']:+.3f} ({low:+.3f} to "
            f"{high:+.3f}), Holm's p {pair['holm_p']:.3f}.",
        ]
    return "\n".join(lines) + "\n"


def _summary(runs: Sequence[ArmRun]) -> dict[str, dict | None]:
    row: dict[str, dict | None] = {}
    for key in runs[0].result:
        values = [run.result[key] for run in runs]
        row[key] = None if None in values else mean_and_spread(values)
    return row
