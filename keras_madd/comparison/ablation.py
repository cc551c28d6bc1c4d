"""What each part of the method is worth: the paper's ablations, trained and tested over seeds.

Reference:
    Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, tables 5 to 8.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from keras_madd.comparison.arms import ArmRun, as_cell, check_arms, mean_and_spread, train_arms
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.training.run_training import Echo
from keras_madd.training.settings import TrainSettings

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


def ablate(
    settings: TrainSettings,
    seeds: Sequence[int],
    arms: Sequence[str] = tuple(ARMS),
    *,
    echo: Echo = print,
) -> dict[str, dict]:
    """Trains and tests every arm with every seed, and writes the table.

    Args:
        settings: Of the training; `output` is the folder of the whole ablation, `fields` go into
            every arm, `seed` is passed over.
        seeds: One run of each arm with each.
        arms: Names from `ARMS`.
        echo: Called with one line after each run.

    Returns:
        The content of `ablation.json`: arm to `frame_auc`, `video_auc` and `attention_overlap`,
        each as `mean_and_spread`, None where there is none.

    Raises:
        UserError: If an arm is unknown, the data has no test split with both classes, a run that
            was begun had other settings, or the folder holds something else.
    """
    unknown = [arm for arm in arms if arm not in ARMS]
    if unknown:
        raise UserError(f"There is no arm {unknown[0]!r}. There are: {', '.join(ARMS)}.")
    if not seeds:
        raise UserError("An ablation needs one seed or more.")
    root = Path(settings.output)
    chosen = {arm: settings.replace(fields={**settings.fields, **ARMS[arm]}) for arm in arms}
    check_arms(root, chosen, ARMS)

    def tell(arm: str, seed: int, result: dict) -> None:
        echo(
            f"{MEANINGS[arm]}, seed {seed}: frame AUC {result['frame_auc']:.4f}, "
            f"video AUC {result['video_auc']:.4f}"
        )

    runs = train_arms(root, chosen, seeds, Stages(), tell)
    table = {arm: _summary(each) for arm, each in runs.items()}
    content = {"settings": settings.to_dict(), "seeds": list(seeds), "arms": table}
    replace_file(root / TABLE_FILE, json_bytes(content), overwrite=True)
    replace_file(root / TEXT_FILE, as_text(table, len(seeds)).encode(), overwrite=True)
    return table


def as_text(table: Mapping[str, dict], seeds: int) -> str:
    """Returns the table as Markdown, mean and standard deviation over the seeds."""
    lines = [
        f"Mean and standard deviation over {seeds} seeds, test split.",
        "",
        "| network and training | frame AUC | video AUC | overlap of the maps |",
        "|---|---|---|---|",
    ]
    for arm, row in table.items():
        cells = [as_cell(row[key]) for key in ("frame_auc", "video_auc", "attention_overlap")]
        lines.append(f"| {MEANINGS[arm]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _summary(runs: Sequence[ArmRun]) -> dict:
    row: dict[str, dict | None] = {}
    for key in runs[0].result:
        values = [run.result[key] for run in runs]
        row[key] = None if None in values else mean_and_spread(values)
    return row
