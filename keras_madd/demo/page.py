"""The page at the end of the quickstart: what a newcomer sees first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from keras_madd.demo.manipulations import UNSEEN
from keras_madd.evaluation.report_sections import headline, made_by_section, manipulations
from keras_madd.support.files import replace_file
from keras_madd.support.shipped import CARD, DEFAULT, shipped_folder
from keras_madd.visualize import charts, encode_png, page

_SUMMARY = (
    "Faces were drawn by computer from one public-domain portrait and filmed, half of them "
    "manipulated; a small network was trained on them, chosen by validation people, and tested on "
    "people it had never seen."
)
_PHOTO = (
    "NASA portrait of Eileen Collins, public domain, found by MediaPipe and scored by the exported "
    "8-bit LiteRT file. The embedded faces derive from this picture, so its score proves that the "
    "parts work together, not that the model knows real from fake."
)
_LIMITS = (
    "One photograph lies under every face, so a loss of texture gives most fakes away and high "
    "figures are easy here. They say nothing about photographs and videos from elsewhere."
)


@dataclass(frozen=True, eq=False)
class Findings:
    """What the page shows.

    Attributes:
        metrics: What `metrics.json` holds.
        results: Name of a test set to its `evaluate_scores`.
        photo: (H, W, 3) uint8 RGB, the photograph with its score drawn on it.
        history: Figures of every epoch.
        commands: What is done to the command that does it.
    """

    metrics: Mapping
    results: Mapping[str, dict]
    photo: np.ndarray
    history: Sequence[Mapping[str, float]]
    commands: Mapping[str, str]


def write_page(path: Path, findings: Findings) -> Path:
    """Write `report.html`, which needs nothing but itself."""
    return replace_file(path, page.page("keras_madd quickstart", list(_body(findings))).encode())


def _body(findings: Findings) -> Iterator[str]:
    metrics, export = findings.metrics, findings.metrics["export"]
    yield f'<header><h1>keras_madd quickstart</h1><p class="lead">{page.escape(_SUMMARY)}</p>'
    yield f'</header><p class="banner" role="note">{page.escape(page.DEMONSTRATION_BANNER)}</p>'
    alt = "A photograph with its face's box, score and attention"
    photo = page.picture(encode_png(findings.photo), alt, _PHOTO)
    yield f'<div style="max-width: 36rem">{photo}</div>'
    yield page.heading("How well it separates real from fake")
    yield page.cards(headline(findings.results))
    yield from manipulations(findings.results)
    yield page.paragraph(f"Training never saw the manipulation {UNSEEN}, nor any test person.")
    yield (
        f'<p class="note">More: {_link("evaluation/report.html", "the evaluation")} and '
        f"{_link('model.report.html', 'the export')}.</p>"
    )
    yield from _what_it_is_worth()
    yield page.heading("Training", "Each quantity per epoch; the dotted line is the one kept.")
    names = [name for name in findings.history[0] if name not in ("epoch", "seconds")]
    history = {name: [row[name] for row in findings.history] for name in names}
    draw = partial(charts.loss_curves, history, metrics["best_epoch"] - 1)
    yield page.chart(draw, "Loss and other quantities per epoch")
    yield page.heading("The same by hand", "In the folder of this page, with data of your own too.")
    yield page.facts(list(findings.commands.items()), code=tuple(findings.commands))
    before, after = export["auc"]
    yield from made_by_section(
        metrics["settings"]["command"],
        metrics["settings"]["seed"],
        {"Quantisation": f"frame AUC {before:.4f} in float32, {after:.4f} in 8 bits"},
        metrics["peak_memory_bytes"],
        metrics["versions"],
        metrics["seconds"],
    )


def _what_it_is_worth() -> Iterator[str]:
    yield page.heading("What is a demonstration here, and what is not")
    yield page.paragraph(_LIMITS)
    yield page.paragraph(
        "The road is the real one: the same commands prepare, train, export and evaluate on "
        "FaceForensics++, Celeb-DF, DFDC or a folder of your own."
    )
    folder = shipped_folder(DEFAULT)
    if folder is not None:
        card = _link((folder / CARD).as_uri(), "its model card")
        yield (
            f'<p class="note">For real pictures a detector that was trained on real faces comes '
            f"with the package: <code>keras-madd score photo.jpg</code>. What that is worth is on "
            f"{card}.</p>"
        )


def _link(address: str, text: str) -> str:
    return f'<a href="{page.escape(address)}">{page.escape(text)}</a>'
