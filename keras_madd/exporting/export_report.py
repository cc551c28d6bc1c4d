"""What an export cost: a JSON file for programs, a page for people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from keras_madd.exporting import charts
from keras_madd.exporting.layer_errors import LayerError
from keras_madd.exporting.verify import Verification
from keras_madd.inference.calibration import uncalibrated
from keras_madd.inference.model_description import ModelDescription
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.visualize import page
from keras_madd.visualize.charts import roc_curves

_MEANINGS = {
    "none": "float32 throughout",
    "float16": "weights stored in 16 bits, computed in 32",
    "dynamic": "weights stored in 8 bits, activations quantised as they come",
    "int8": "convolutions in 8 bits; attention maps, pooling and head computed in float",
    "int8-full": "everything in 8 bits, for accelerators that know nothing else",
}


@dataclass(frozen=True, eq=False)
class ExportReport:
    """The parts of a report.

    Attributes:
        file: The exported file.
        description: Its `model.json`.
        verification: Its answers beside the model's.
        verified_on: Where the pictures were from.
        sizes: Name to bytes: `"float32"` and the file's quantisation.
        latency: From `litert_latency`, `{}` where it was not measured.
        delegation: From `Delegation.to_json`, `{}` for ONNX.
        layers: From `layer_errors`, in the order of execution.
        settings: Of the command, and versions; names that speak for themselves.
        bounds: One line for each bound: what was asked, what was found, whether it holds.
    """

    file: Path
    description: ModelDescription
    verification: Verification
    verified_on: str
    sizes: dict[str, int]
    latency: dict[str, Any]
    delegation: dict[str, Any]
    layers: Sequence[LayerError]
    settings: dict[str, Any]
    bounds: Sequence[dict[str, Any]] = ()

    def to_json(self) -> dict[str, Any]:
        """Returns plain data."""
        return {
            "file": self.file.name,
            "sha256": self.description.sha256,
            "quantization": self.description.quantization,
            "verified_on": self.verified_on,
            "figures": self.verification.figures,
            "bounds": list(self.bounds),
            "bytes": self.sizes,
            "size_ratio": self.sizes[self.description.quantization] / self.sizes["float32"],
            "latency": self.latency,
            "delegation": self.delegation,
            "layers": [asdict(each) for each in self.layers],
            "settings": self.settings,
        }


def report_paths(path: Path) -> tuple[Path, Path]:
    """Returns where an exported file's reports lie: `model.report.json`, `model.report.html`."""
    stem = path.with_suffix("") if path.suffix == ".tflite" else path
    return stem.with_name(stem.name + ".report.json"), stem.with_name(stem.name + ".report.html")


def write_export_report(report: ExportReport, overwrite: bool = False) -> tuple[Path, Path]:
    """Writes both files beside the exported one and returns their paths."""
    as_json, as_html = report_paths(report.file)
    replace_file(as_json, json_bytes(report.to_json()), overwrite)
    replace_file(as_html, page.render("export", **_content(report)), overwrite)
    return as_json, as_html


def _content(report: ExportReport) -> dict[str, Any]:
    description = report.description
    return {
        "title": f"Export of {report.file.name}",
        "lead": f"{description.quantization}: {_MEANINGS[description.quantization]}.",
        "warnings": [page.DEMONSTRATION_BANNER] if description.demonstration else [],
        "alerts": [
            f"Do not use this file: {bound['what']} {bound['found']:.4f}, where at most "
            f"{bound['allowed']:g} was asked."
            for bound in report.bounds
            if not bound["holds"]
        ],
        "tiles": _cards(report),
        "report": report,
        "threshold": uncalibrated(description.threshold, description.temperature),
        "outside": [tuple(each.values()) for each in report.delegation.get("not_delegated", ())],
        "charts": charts,
        "roc_curves": roc_curves,
        "facts": {**report.settings, "sha256 of the file": description.sha256},
    }


def _cards(report: ExportReport) -> list[tuple[str, str, str]]:
    figures, kind = report.verification.figures, report.description.quantization
    size, whole = report.sizes[kind], report.sizes["float32"]
    items = [("size", f"{size / 1e6:.2f} MB", f"{size / whole:.2f} of float32")]
    for number, rows in report.latency.items():
        row = rows[kind]
        label = f"time, {number} thread{'s' if number != '1' else ''}"
        items.append((label, f"{row['milliseconds']:.1f} ms", f"{row['ratio']:.2f} of float32"))
    if figures["auc"]:
        before, after = figures["auc"]
        items.append(("AUC", f"{after:.4f}", f"{before:.4f} before"))
    if figures["logit_correlation"] is not None:
        items.append(("log-odds", f"{figures['logit_correlation']:.4f}", "correlation with before"))
    return items
