"""One evaluation from end to end: score once, keep the scores, measure, show."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keras_madd.data.shards import load_dataset_json
from keras_madd.evaluation.calibration_fit import Calibration, fit_calibration
from keras_madd.evaluation.compare import check_shared_sets, compare_models
from keras_madd.evaluation.crops import SplitOfShards, open_splits
from keras_madd.evaluation.evaluation_report import write_evaluation_report
from keras_madd.evaluation.evaluation_result import EvaluationResult
from keras_madd.evaluation.evaluation_settings import EvaluationSettings
from keras_madd.evaluation.explanation import Explanation, explain
from keras_madd.evaluation.opened_model import OpenedModel, open_model
from keras_madd.evaluation.protocol import (
    Protocol,
    corruption_table,
    evaluate_table,
    frames_of,
    one_class_only,
)
from keras_madd.evaluation.score_shards import (
    check_geometry,
    score_corruptions,
    score_split,
    with_temperature,
)
from keras_madd.evaluation.scores import CLEAN, Scores, read_scores, write_scores
from keras_madd.evaluation.verdict_thresholds import MISSES
from keras_madd.inference.calibration import uncalibrated
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.progress import Stages
from keras_madd.support.versions import package_versions

SCORES_FILE, METRICS_FILE, REPORT_FILE = "scores.parquet", "metrics.json", "report.html"


@dataclass
class _Gathered:
    """Scores with what is known of where they came from."""

    scores: Scores
    threshold: tuple[float | None, str]
    temperature: float | None = None
    calibration: Calibration | None = None
    model: OpenedModel | None = None
    splits: Sequence[SplitOfShards] = ()
    warnings: tuple[str, ...] = ()


def run_evaluation(output: Path, settings: EvaluationSettings) -> EvaluationResult:
    """Evaluates and writes `scores.parquet`, `metrics.json` and `report.html` into a folder.

    Args:
        output: An existing, empty folder.
        settings: See `EvaluationSettings`; one of `model` and `scores` is given.

    Raises:
        UserError: If a file is missing or broken, or there is nothing to measure.
    """
    stages = Stages()
    other = None if settings.compare is None else _other_scores(settings.compare, settings.split)
    if settings.model is not None:
        gathered = _from_model(settings, stages, other)
    else:
        gathered = _from_file(settings)
    reported = gathered.scores.where(split=settings.split)
    if not len(reported):
        raise UserError(f"There are no scores of the split {settings.split!r}.")
    warnings = list(gathered.warnings)
    if gathered.calibration is not None and settings.split == "val":
        warnings.append("Temperature and threshold were fitted on the split that is reported.")
    protocol = Protocol(
        settings.aggregate, settings.bootstrap, settings.seed, gathered.threshold[0]
    )
    with stages.stage("metrics"):
        results = evaluate_table(reported, protocol)
        corruptions = corruption_table(reported, protocol)
        comparison = {}
        if other is not None:
            try:
                comparison = compare_models(reported, other, protocol)
                warnings += _left_out(reported, other, comparison)
            except UserError as error:  # The scores are worth keeping.
                warnings.append(f"Not compared: {error}")
    why = {}
    if gathered.model is not None and settings.gallery:
        with stages.stage("reasons") as stage:
            for number, split in enumerate(gathered.splits, start=1):
                why[split.name] = _reasons(gathered, split, settings)
                stage.advance(number, len(gathered.splits))
    evaluation = EvaluationResult(
        results={name: each for name, each in results.items() if "one_class" not in each},
        one_class={
            name: each["one_class"] for name, each in results.items() if "one_class" in each
        },
        rules=protocol.describe(),
        threshold=gathered.threshold,
        temperature=gathered.temperature,
        corruptions=corruptions,
        comparison=comparison,
        compared_with=str(settings.compare or ""),
        calibration=gathered.calibration,
        why=why,
        model=_model_facts(gathered.model),
        data=_data_facts(gathered, settings),
        warnings=tuple(warnings),
        command=settings.command,
        seed=settings.seed,
        versions=package_versions(),
        seconds=stages.seconds,
    )
    write_scores(output / SCORES_FILE, gathered.scores)
    replace_file(output / METRICS_FILE, json_bytes(evaluation.to_json(), allow_nan=False))
    subject = settings.model or settings.scores
    assert subject is not None
    title = f"Evaluation of {subject.name}"
    write_evaluation_report(output / REPORT_FILE, title, evaluation, _curves(reported, evaluation))
    return evaluation


def _other_scores(path: Path, split: str) -> Scores:
    scores = read_scores(path).where(split=split, condition=CLEAN)
    if not len(scores):
        raise UserError(
            f"{path} has no scores of the split {split!r} (without corruption) to compare with."
        )
    return scores


def _left_out(scores: Scores, other: Scores, compared: Container[str]) -> list[str]:
    names = dict.fromkeys([*scores.dataset.names.tolist(), *other.dataset.names.tolist()])
    missing = ", ".join(name for name in names if name not in compared)
    if not missing:
        return []
    return [f"Not compared, for want of real and fake videos that both scored: {missing}."]


def _from_file(settings: EvaluationSettings) -> _Gathered:
    assert settings.scores is not None
    scores = read_scores(settings.scores)
    validation = scores.where(split="val", condition=CLEAN)
    if settings.threshold is not None:
        return _Gathered(scores, (settings.threshold, "as given"))
    if settings.split == "val":
        return _Gathered(scores, (None, "not fitted: the validation rows are what is measured"))
    if len(validation) and len(set(validation.label.tolist())) == 2:
        fitted = fit_calibration(validation)
        # The scores stay as they are: only where to cut them is taken from the validation rows.
        threshold = uncalibrated(fitted.threshold, fitted.temperature)
        return _Gathered(scores, (threshold, "fitted on the validation rows of the file"))
    return _Gathered(scores, (None, "not fitted: the file has no validation rows of both classes"))


def _from_model(settings: EvaluationSettings, stages: Stages, other: Scores | None) -> _Gathered:
    assert settings.model is not None
    with stages.stage("model"):
        model = open_model(settings.model, settings.threads)
    splits = open_splits(settings.data, settings.split)
    if other is not None:
        check_shared_sets([split.name for split in splits], other.dataset.names.tolist())
    _check_both_classes(splits)
    warnings = [check_geometry(model, split) for split in splits]
    if model.demonstration:
        warnings.insert(0, "This model is a demonstration; it detects nothing in the wild.")
    temperature, threshold, calibration = model.temperature, _known_threshold(model), None
    tables, validation = [], None
    if settings.calibrate:
        validation = splits[0]
        if settings.split != "val":
            (opened,) = open_splits(settings.data[:1], "val")
            validation = replace(opened, name=splits[0].name)
        with stages.stage("scores, validation") as stage:
            raw = score_split(model, validation, stage.advance)
        calibration = fit_calibration(raw, settings.false_alarms, settings.misses or MISSES)
        warnings.append(calibration.doubt)
        temperature = calibration.temperature
        threshold = calibration.threshold, f"fitted on the validation split of {validation.name}"
        tables.append(with_temperature(raw, temperature))
    if settings.threshold is not None:
        threshold = settings.threshold, "as given"
    for split in splits:
        if split is not validation:
            with stages.stage(f"scores, {split.name}") as stage:
                raw = score_split(model, split, stage.advance)
            tables.append(with_temperature(raw, temperature))
        if settings.corruptions:
            with stages.stage(f"corrupted, {split.name}") as stage:
                damaged = score_corruptions(
                    model,
                    split,
                    settings.corruptions,
                    settings.corruption_sources,
                    settings.seed,
                    stage.advance,
                )
            tables.append(with_temperature(damaged, temperature))
    return _Gathered(
        scores=Scores.concatenate(tables),
        threshold=threshold,
        temperature=temperature,
        calibration=calibration,
        model=model,
        splits=splits,
        warnings=tuple(warning for warning in warnings if warning),
    )


def _check_both_classes(splits: Sequence[SplitOfShards]) -> None:
    """Raises `evaluate_table`'s UserError of one class only, before anything is scored."""
    kinds = {}
    for split in splits:
        counts = load_dataset_json(split.folder).counts.get(split.split, {})
        kinds[split.name] = [kind for kind, count in counts.items() if count["crops"]]
    if all(len(each) == 1 for each in kinds.values()):
        raise one_class_only(f"{name}: all {each[0]}" for name, each in kinds.items())


def _known_threshold(model: OpenedModel) -> tuple[float | None, str]:
    if model.temperature == 1.0 and model.threshold == 0.5:
        return None, "not fitted; --calibrate fits it on the validation split"
    return model.threshold, "of the model's description"


def _reasons(
    gathered: _Gathered, split: SplitOfShards, settings: EvaluationSettings
) -> Explanation:
    rows = gathered.scores.where(dataset=split.name, split=split.split, condition=CLEAN)
    threshold = gathered.threshold[0]
    assert gathered.model is not None
    return explain(
        gathered.model,
        split,
        rows,
        0.5 if threshold is None else threshold,
        gallery=settings.gallery,
        seed=settings.seed,
    )


def _curves(reported: Scores, evaluation: EvaluationResult) -> dict[str, tuple]:
    frames = frames_of(reported.where(condition=CLEAN))
    rows = {name: frames.where(dataset=name) for name in evaluation.results}
    return {name: (each.label, each.probability) for name, each in rows.items()}


def _model_facts(model: OpenedModel | None) -> dict[str, str]:
    if model is None:
        return {}
    facts = {"file": str(model.path), "SHA-256": model.sha256}
    return {name: value for name, value in facts.items() if value}


def _data_facts(gathered: _Gathered, settings: EvaluationSettings) -> dict[str, dict]:
    if gathered.model is None:
        from keras_madd.inference.model_description import sha256_of

        assert settings.scores is not None
        return {"scores": {"file": str(settings.scores), "SHA-256": sha256_of(settings.scores)}}
    return {
        split.name: {
            "folder": split.origin,
            "split": split.split,
            "crops": split.crops,
            "SHA-256 of dataset.json": split.fingerprint,
        }
        for split in gathered.splits
    }
