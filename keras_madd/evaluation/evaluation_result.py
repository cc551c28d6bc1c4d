"""Everything that an evaluation found, as numbers."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from keras_madd.evaluation.calibration_fit import Calibration
from keras_madd.evaluation.compare import Comparison
from keras_madd.evaluation.explanation import Explanation


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """What `metrics.json` holds and `report.html` shows.

    Attributes:
        results: Data set to its `evaluate_scores`; only sets with both classes.
        one_class: Data set to its `one_class_summary`.
        rules: How scores became numbers, in words.
        threshold: Of the verdict, and where it came from, in words.
        temperature: Applied to the log-odds; None where the scores came from a file.
        corruptions: `corruption_table`, empty where not asked for.
        comparison: `compare_models`, empty where not asked for.
        compared_with: Name of the other scores.
        calibration: What was fitted on the validation split, or None.
        why: Data set to its reasons, empty where the scores came from a file.
        model: Facts on the model: path, sha256.
        data: Data set to where it came from and its fingerprint.
        warnings: What a reader must know before the numbers.
        command: The command line.
        seed: Seed of everything random.
        versions: Package to version.
        seconds: Stage to seconds.
    """

    results: Mapping[str, dict]
    one_class: Mapping[str, dict]
    rules: Mapping[str, str]
    threshold: tuple[float | None, str]
    temperature: float | None = None
    corruptions: Mapping[str, dict] = field(default_factory=dict)
    comparison: Mapping[str, Comparison] = field(default_factory=dict)
    compared_with: str = ""
    calibration: Calibration | None = None
    why: Mapping[str, Explanation] = field(default_factory=dict)
    model: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, dict] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    command: str = ""
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict:
        """Returns plain data with every number of the report."""
        plain = {
            each.name: getattr(self, each.name)
            for each in dataclasses.fields(self)
            if each.name not in ("comparison", "calibration", "why", "threshold")
        }
        value, origin = self.threshold
        plain["threshold"] = {"value": value, "from": origin}
        plain["comparison"] = {
            name: dataclasses.asdict(each) for name, each in self.comparison.items()
        }
        plain["calibration"] = dataclasses.asdict(self.calibration) if self.calibration else None
        plain["why"] = {name: each.to_json() for name, each in self.why.items()}
        return plain
