"""What an export's verification comes down to: bounds, lines for the terminal, how it was made."""

from typing import Any

from keras_madd.exporting.onnx import OPSET
from keras_madd.exporting.samples import Samples
from keras_madd.support.versions import installed_versions

# The largest difference of a probability from the float model's that is rounding, not a fault.
TOLERANCES = {"none": 1e-3, "float16": 0.02, "dynamic": 0.25, "onnx": 1e-4}
_PACKAGES = ("keras", "ai-edge-litert", "ai-edge-quantizer", "tensorflow", "tf2onnx")


def bounds(
    tolerance: float | None, max_auc_drop: float | None, figures: dict[str, Any]
) -> list[dict[str, Any]]:
    """Holds what was found against what is allowed.

    Args:
        tolerance: Of the largest change of a probability; None where any number may change.
        max_auc_drop: As asked for, or None.
        figures: From `agreement_figures`.

    Returns:
        For each bound `what`, `found`, `allowed` and whether it `holds`; NaN holds nowhere.
    """
    asked = []
    if max_auc_drop is not None:
        asked.append(("loss of AUC", figures["auc_drop"], max_auc_drop))
    if tolerance is not None:
        largest = figures["max_probability_difference"]
        asked.append(("largest change of a probability", largest, tolerance))
    return [
        {
            "what": what,
            "found": found,
            "allowed": allowed,
            "holds": found is not None and bool(found <= allowed),
        }
        for what, found, allowed in asked
    ]


def summary(figures: dict[str, Any], latency: dict | None, sizes: dict[str, int]) -> list[str]:
    """Returns the lines that the command prints of a verification."""
    if figures["auc"] is None:
        lines = [f"{figures['images']} pictures without labels of both classes: no AUC"]
    else:
        before, after = figures["auc"]
        lines = [f"AUC {before:.4f} -> {after:.4f} on {figures['images']} pictures"]
    correlation = figures["logit_correlation"]
    if correlation is not None:
        lines.append(
            f"log-odds correlate {correlation:.4f}, same verdict {figures['agreement']:.1%}, "
            f"largest change of a probability {figures['max_probability_difference']:.3f}"
        )
    if latency:
        whole, *rest = sizes.values()
        lines.append(
            f"size {(rest or [whole])[-1] / whole:.3f} and time {latency['ratio']:.3f} of float32"
        )
    return lines


def made_by(
    command: str, seed: int, onnx: bool, calibration: Samples | None, verification: Samples
) -> dict[str, Any]:
    """Returns how a file came about, under names that speak for themselves."""
    made: dict[str, Any] = {"command": command} if command else {}
    if onnx:
        made["ONNX opset"] = OPSET
    if calibration is not None:
        made["calibrated on"] = f"{len(calibration.images)} face crops from {calibration.origin}"
        made["calibration seed"] = seed
    skipped = [*(calibration.skipped if calibration else ()), *verification.skipped]
    if skipped:
        made["left out"] = f"{len(skipped)} pictures, such as: {skipped[0]}"
    return made | installed_versions(_PACKAGES)
