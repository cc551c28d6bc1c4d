"""What each part of the method is worth: the paper's ablations, trained and tested over seeds.

Every arm and seed is a run of `keras_madd.training.train` in a folder of its own, so that an
ablation goes on where it was stopped.

Reference:
    Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, tables 5 to 8.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.staging import remove_leftovers
from keras_madd.training.run_record import read_record
from keras_madd.training.run_training import Advance, Echo, train
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
RESULT_FILE = "test.json"
TABLE_FILE, TEXT_FILE = "ablation.json", "ablation.md"
_SAMPLE = 256


def ablate(
    settings: TrainSettings,
    seeds: Sequence[int],
    arms: Sequence[str] = tuple(ARMS),
    *,
    advance: Advance | None = None,
    echo: Echo = print,
) -> dict[str, dict]:
    """Trains and tests every arm with every seed, and writes the table.

    Args:
        settings: Of the training; `output` is the folder of the whole ablation, `fields` go into
            every arm, `seed` is passed over.
        seeds: One run of each arm with each.
        arms: Names from `ARMS`.
        advance: Called as `advance(batches done, batches in all, note)` within a run.
        echo: Called with one line after each run.

    Returns:
        The content of `ablation.json`: arm to `frame_auc`, `video_auc` and `attention_overlap`,
        each with `mean`, `std` (of the sample; None for one seed) and `values`.

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
    _check_folder(root)
    results: dict[str, list[dict]] = {arm: [] for arm in arms}
    for seed in seeds:
        for arm in arms:
            folder = root / arm / f"seed{seed}"
            run = settings.replace(
                output=folder, seed=seed, fields={**settings.fields, **ARMS[arm]}
            )
            # Found again only if it belongs to these settings; else `train` says what differs.
            result = _finished(folder) if _same(folder, run) else None
            if result is None:
                best = train(run, resume=True, advance=advance, echo=_nothing).best_model
                result = measure_on_test(best, run.data, seed)
                replace_file(folder / RESULT_FILE, json_bytes(result), overwrite=True)
            results[arm].append(result)
            echo(
                f"{MEANINGS[arm]}, seed {seed}: frame AUC {result['frame_auc']:.4f}, "
                f"video AUC {result['video_auc']:.4f}"
            )
    table = {arm: _summary(each) for arm, each in results.items()}
    content = {"settings": settings.to_dict(), "seeds": list(seeds), "arms": table}
    replace_file(root / TABLE_FILE, json_bytes(content), overwrite=True)
    replace_file(root / TEXT_FILE, as_text(table, len(seeds)).encode(), overwrite=True)
    return table


def measure_on_test(model: str | os.PathLike, data: Sequence[str], seed: int) -> dict:
    """Tests a model on the test split of all data together.

    Args:
        model: A `.keras` file.
        data: Folders of shards.
        seed: Of the faces whose maps are compared.

    Returns:
        `frame_auc`, `video_auc` and `attention_overlap` (None with fewer than two maps).
    """
    from keras_madd.data.model_window import model_pixels
    from keras_madd.evaluation.attention import mean_attention_overlap
    from keras_madd.evaluation.crops import open_splits, source_groups
    from keras_madd.evaluation.metrics import evaluate_scores
    from keras_madd.evaluation.opened_model import open_model
    from keras_madd.evaluation.protocol import frames_of
    from keras_madd.evaluation.score_shards import score_split
    from keras_madd.evaluation.scores import Scores

    scorer = open_model(model)
    splits = open_splits(data, "test")
    frames = frames_of(Scores.concatenate(score_split(scorer, split) for split in splits))
    videos = np.char.add(np.char.add(frames.dataset.texts(), "/"), frames.video.texts())
    try:
        result = evaluate_scores(frames.label, frames.probability, videos)
    except ValueError as error:
        raise UserError(f"The test split cannot be measured: {error}") from error
    count = sum(split.crops for split in splits)
    chosen = set(np.random.default_rng(seed).permutation(count)[:_SAMPLE].tolist())
    stored = (
        (record, split.margin)
        for split in splits
        for group in source_groups(split)
        for record in group
    )
    sample = [
        model_pixels(record, margin, scorer.size)
        for index, (record, margin) in enumerate(stored)
        if index in chosen
    ]
    _, maps = scorer.score_with_maps(np.stack(sample))
    overlap = None if maps is None or maps.shape[-1] < 2 else mean_attention_overlap(maps)
    return {
        "frame_auc": result["frames"]["auc"],
        "video_auc": result["videos"]["auc"],
        "attention_overlap": overlap,
    }


def as_text(table: Mapping[str, dict], seeds: int) -> str:
    """Returns the table as Markdown, mean and standard deviation over the seeds."""
    lines = [
        f"Mean and standard deviation over {seeds} seeds, test split.",
        "",
        "| network and training | frame AUC | video AUC | overlap of the maps |",
        "|---|---|---|---|",
    ]
    for arm, row in table.items():
        cells = [_cell(row[key]) for key in ("frame_auc", "video_auc", "attention_overlap")]
        lines.append(f"| {MEANINGS[arm]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _summary(results: Sequence[dict]) -> dict:
    row: dict[str, dict | None] = {}
    for key in results[0]:
        values = [result[key] for result in results]
        if None in values:
            row[key] = None
            continue
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        row[key] = {"mean": float(np.mean(values)), "std": spread, "values": values}
    return row


def _cell(value: dict | None) -> str:
    if value is None:
        return ""
    spread = "" if value["std"] is None else f" ± {value['std']:.3f}"
    return f"{value['mean']:.3f}{spread}"


def _check_folder(root: Path) -> None:
    """Refuses a folder that no ablation was begun in: its tables are replaced without asking."""
    remove_leftovers(root)
    ours = {path.name for path in root.glob("*") if path.name in ARMS and path.is_dir()}
    if not ours and root.is_dir() and any(root.iterdir()):
        raise UserError(f"The folder {root} is not empty, and no ablation was begun in it.")


def _finished(folder: Path) -> dict | None:
    try:
        return json.loads((folder / RESULT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _same(folder: Path, settings: TrainSettings) -> bool:
    record = read_record(folder)
    if not record:
        return False
    differing = {
        key
        for key, value in settings.to_dict().items()
        if record["settings"].get(key) != value and key != "output"
    }
    return not differing


def _nothing(line: str) -> None:
    """Says nothing: a run's own lines would drown the table's."""
