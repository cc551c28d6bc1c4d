"""What an export cost: a JSON file for programs, a page for people."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
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

_WORST = 12
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
    title = f"Export of {report.file.name}"
    replace_file(as_html, page.page(title, list(_body(report, title))).encode(), overwrite)
    return as_json, as_html


def _body(report: ExportReport, title: str) -> Iterator[str]:
    kind = report.description.quantization
    yield f"<header><h1>{page.escape(title)}</h1>"
    yield f'<p class="lead">{page.escape(kind)}: {page.escape(_MEANINGS[kind])}.</p></header>'
    if report.description.demonstration:
        yield f'<p class="banner" role="note">{page.escape(page.DEMONSTRATION_BANNER)}</p>'
    for bound in report.bounds:
        if not bound["holds"]:
            text = (
                f"Do not use this file: {bound['what']} {bound['found']:.4f}, where at most "
                f"{bound['allowed']:g} was asked."
            )
            yield f'<p class="banner" role="alert">{page.escape(text)}</p>'
    yield page.cards(_cards(report))
    yield page.heading(
        "The same pictures, before and after",
        f"{report.verification.figures['images']} face crops from {report.verified_on}; the model "
        "under Keras in float32 against the file under LiteRT or ONNX Runtime.",
    )
    yield page.table(("", "model", "file", "difference"), _rows(report.verification.figures))
    yield from _pictures(report)
    if report.latency:
        yield from _speed(report)
    if report.layers:
        yield from _layers(report)
    yield page.heading("Made by")
    rows = [(name, str(value)) for name, value in report.settings.items()]
    rows.append(("sha256 of the file", report.description.sha256))
    yield page.facts(rows, code=("command", "sha256 of the file"))


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


def _rows(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [("pictures with the same verdict", "", "", f"{figures['agreement']:.1%}")]
    if figures["auc"] is None:
        rows.append(("AUC, calibration error", "-", "-", "no labels of both classes"))
    else:
        for name, key in (("AUC", "auc"), ("expected calibration error", "ece")):
            before, after = figures[key]
            rows.append((name, f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}"))
    for name, key in (
        ("probability, largest change", "max_probability_difference"),
        ("probability, mean change", "mean_probability_difference"),
        ("log-odds, root mean square change", "logit_rms_difference"),
        ("attention maps, largest change of their largest value", "max_attention_difference"),
    ):
        if figures.get(key) is not None:
            rows.append((name, "", "", f"{figures[key]:.2g}"))
    return rows


def _pictures(report: ExportReport) -> Iterator[str]:
    found = report.verification
    threshold = uncalibrated(report.description.threshold, report.description.temperature)
    draw = partial(charts.answers, found.reference, found.exported, found.labels, threshold)
    yield '<div class="pair">'
    yield page.chart(draw, "Probability of the model against that of the file, one dot a picture")
    draw = partial(charts.differences, found.reference, found.exported)
    yield page.chart(draw, "Share of the pictures whose probability changes by more than a value")
    if found.figures["auc"]:
        curves = {
            "model": (found.labels, found.reference),
            "file": (found.labels, found.exported),
        }
        yield page.chart(partial(roc_curves, curves), "ROC before and after")
    yield "</div>"


def _speed(report: ExportReport) -> Iterator[str]:
    parts = report.delegation
    outside = parts["not_delegated"]
    yield page.heading("Speed", "LiteRT on this processor, the files timed in turn.")
    yield '<div class="pair">'
    yield page.chart(partial(charts.latencies, report.latency), "Milliseconds for one face")
    yield "<div>"
    count = len(parts["partitions"])
    text = (
        f"XNNPACK runs {sum(parts['partitions'])} operations in {count} "
        f"part{'s' if count != 1 else ''}; {parts['transposes']} transpositions. "
    )
    yield page.paragraph(text + (f"Outside: {len(outside)}." if outside else "None is outside."))
    if outside:
        yield page.facts([(each["operation"], each["reason"]) for each in outside])
    yield "</div></div>"


def _layers(report: ExportReport) -> Iterator[str]:
    yield page.heading(
        "Where the difference comes from",
        "Root mean square error of each convolution and matrix product against the float file, "
        "relative to its result. Errors of early layers run through all later ones.",
    )
    draw = partial(charts.errors_by_depth, report.layers)
    yield page.chart(draw, "Relative error by depth", wide=True)
    worst = sorted(report.layers, key=lambda each: -each.relative_error)[:_WORST]
    rows = [(each.layer, each.operation, f"{each.relative_error:.1%}") for each in worst]
    yield page.table((f"largest {len(worst)}", "operation", "error"), rows)
