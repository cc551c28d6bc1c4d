"""From a trained run to the folder that comes with the package: what `ship.py` does.

The 8-bit file is what most people run, so that the temperature, the words' thresholds and all
figures of the card are the 8-bit file's own. The split that fits them is never the one that is
reported.
"""

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from model_card import model_card

from keras_madd.evaluation.calibration_fit import fit_calibration, save_calibration
from keras_madd.evaluation.crops import open_splits
from keras_madd.evaluation.evaluation_result import EvaluationResult
from keras_madd.evaluation.opened_model import open_model
from keras_madd.evaluation.run_evaluation import SCORES_FILE, EvaluationSettings, run_evaluation
from keras_madd.evaluation.score_shards import score_split
from keras_madd.evaluation.scores import Scores, read_scores
from keras_madd.exporting.run_export import ExportSettings, run_export
from keras_madd.exporting.samples import read_samples
from keras_madd.inference.calibration import log_odds
from keras_madd.inference.model_description import read_model_json
from keras_madd.model.loading import load_face_classifier
from keras_madd.support.errors import UserError
from keras_madd.support.output_folder import output_folder
from keras_madd.support.progress import Stages
from keras_madd.support.shipped import CARD, LITERT

LEAST_CORRELATION = 0.998
LEAST_HALF_CORRELATION = 0.9999
MOST_BYTES = 16_000_000
# Enough that a difference of AUC of three thousandths is no chance.
_VERIFY = 2000


@dataclasses.dataclass(frozen=True)
class ShipSettings:
    """What a release is made of.

    Attributes:
        model: The trained run's `best.keras`.
        calibration: Shards that it was trained on: the ranges of the activations come from them.
        data: Shards of people that it never saw: `val` fits, `test` is reported.
        card: Template of the model card, as `model_card` fills it.
        training_data: What it was trained on, in words; `None`: what the run noted.
        false_alarms, misses: What the words promise, as `fit_verdict_thresholds`.
        max_auc_drop: What 8 bits may cost.
        bootstrap: Resamples for the intervals.
        seed: Everything random follows from it.
    """

    model: Path
    calibration: Path
    data: Sequence[Path]
    card: Path
    training_data: str | None = None
    false_alarms: float = 0.05
    misses: float = 0.1
    max_auc_drop: float = 0.003
    bootstrap: int = 1000
    seed: int = 0


def ship(output: Path, settings: ShipSettings, overwrite: bool = False) -> list[str]:
    """Quantise a trained model, fit its words, measure it, and write the folder that is shipped.

    Args:
        output: The preset's folder, such as `keras_madd/weights/NAME`; whole or not at all.
        settings: See `ShipSettings`.
        overwrite: Whether an existing folder is replaced, file by file.

    Returns:
        What was measured, in words.

    Raises:
        UserError: If 8 bits or half precision cost more than they may, the folder is too large,
            or anything is missing.
    """
    stages = Stages()
    if not settings.card.is_file():
        raise UserError(f"There is no template of a card {settings.card}.")
    with output_folder(output, overwrite=overwrite) as folder:
        model = load_face_classifier(settings.model)
        if settings.training_data is not None:
            model.config = model.config.replace(training_data=settings.training_data)
        with stages.stage("half precision"):
            half_line = _store(model, folder, settings)
        exported, export_lines = _export(folder, settings, stages)
        size = sum(each.stat().st_size for each in folder.iterdir())
        if size > MOST_BYTES:
            raise UserError(f"{output} would have {size:,} bytes; {MOST_BYTES:,} at most.")
        calibration = fit_calibration(
            _validation(exported, settings, stages), settings.false_alarms, settings.misses
        )
        save_calibration(exported, calibration)
        evaluation, scores = _measure(exported, settings)
        text = model_card(
            settings.card.read_text(encoding="utf-8"),
            name=output.name,
            model=model,
            description=read_model_json(exported),
            evaluation=evaluation,
            scores=scores,
            size=size,
        )
        (folder / CARD).write_text(text, encoding="utf-8")
    return [*export_lines, half_line, f"{output}: {size / 1e6:.1f} MB"]


def _export(folder: Path, settings: ShipSettings, stages: Stages) -> tuple[Path, list[str]]:
    path = folder / LITERT
    with tempfile.TemporaryDirectory() as work:
        # The reports of the verification stay behind; its figures are in the description.
        draft = Path(work) / LITERT
        result = run_export(
            ExportSettings(
                model=str(settings.model),
                output=draft,
                quantize="int8",
                calibration=str(settings.calibration),
                verify=str(settings.data[0]),
                verify_samples=_VERIFY,
                max_auc_drop=settings.max_auc_drop,
                training_data=settings.training_data,
                seed=settings.seed,
            ),
            stages,
        )
        problems = list(result.problems)
        correlation = result.description.metrics.get("export", {}).get("logit_correlation")
        if correlation is None or not correlation >= LEAST_CORRELATION:
            problems.append(f"log-odds correlate {correlation}; {LEAST_CORRELATION} at least.")
        if problems:
            raise UserError(f"The 8-bit file is not good enough: {'; '.join(problems)}")
        for each in (draft, draft.with_suffix(".json")):
            (folder / each.name).write_bytes(each.read_bytes())
    return path, [line for line in result.lines if work not in line]


def _store(model, folder: Path, settings: ShipSettings) -> str:
    """Write the Keras model at half precision and hold it against the one that was trained."""
    with tempfile.TemporaryDirectory() as work:
        preset = Path(work) / "preset"
        model.save_to_preset(preset, half_precision=True)
        pictures = read_samples(
            str(settings.data[0]),
            model.config.input_size,
            200,
            margin=model.config.crop_margin,
            detector=model.config.detector,
            seed=settings.seed,
            splits=("test", "val"),
        ).images
        pair = [
            log_odds(each.fake_probability(pictures))
            for each in (model, type(model).from_preset(preset))
        ]
        correlation = float(np.corrcoef(pair)[0, 1])
        if not correlation >= LEAST_HALF_CORRELATION:
            raise UserError(
                f"Half precision costs too much: log-odds correlate {correlation:.5f}, "
                f"{LEAST_HALF_CORRELATION} at least."
            )
        for each in preset.iterdir():
            (folder / each.name).write_bytes(each.read_bytes())
    return f"half precision: log-odds correlate {correlation:.6f} on {len(pictures)} pictures"


def _validation(exported: Path, settings: ShipSettings, stages: Stages) -> Scores:
    scorer = open_model(exported, None)
    tables = []
    for split in open_splits(settings.data, "val"):
        with stages.stage(f"scores, validation of {split.name}") as stage:
            tables.append(score_split(scorer, split, stage.advance))
    return Scores.concatenate(tables)


def _measure(exported: Path, settings: ShipSettings) -> tuple[EvaluationResult, Scores]:
    """Evaluate the file on the test people; returns the figures and its calibrated scores."""
    with tempfile.TemporaryDirectory() as work:
        evaluation = run_evaluation(
            Path(work),
            EvaluationSettings(
                model=exported,
                data=list(settings.data),
                bootstrap=settings.bootstrap,
                gallery=0,
                seed=settings.seed,
            ),
        )
        return evaluation, read_scores(Path(work) / SCORES_FILE)
