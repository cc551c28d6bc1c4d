"""Figures of an evaluation: errors, calibration, corruptions, hidden faces.

As bytes of a PNG file; a gallery of faces, of a JPEG file.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from keras_madd.visualize.figure import WIDTH, Chart, Theme

_DET_TICKS = (0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95)
_DET_LIMITS = (0.0005, 0.98)


def det_curves(curves: Mapping[str, tuple[ArrayLike, ArrayLike]], theme: Theme = "light") -> bytes:
    """Draws missed fakes against false alarms, both on a normal-deviate scale.

    Args:
        curves: Name to `(labels, scores)`; 1 is fake.
        theme: `"light"` or `"dark"`.
    """
    from scipy.stats import norm
    from sklearn.metrics import roc_curve

    chart = Chart(theme)
    axes = chart.panel("real called fake", "fakes missed")
    low, high = norm.ppf(_DET_LIMITS)
    axes.plot([low, high], [low, high], **chart.dotted())
    for index, (name, (labels, scores)) in enumerate(curves.items()):
        false_alarms, hits, _ = roc_curve(labels, scores)
        x, y = (norm.ppf(np.clip(rate, *_DET_LIMITS)) for rate in (false_alarms, 1 - hits))
        color = chart.series(index)
        axes.plot(x, y, color=color, label=name, drawstyle="steps-post")
    ticks = norm.ppf(_DET_TICKS)
    names = [f"{100 * tick:g} %" for tick in _DET_TICKS]
    axes.set_xticks(ticks, names)
    axes.set_yticks(ticks, names)
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    chart.legend(axes, loc="lower left")
    return chart.png()


def calibration_diagram(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    theme: Theme = "light",
) -> bytes:
    """Draws the share of fakes against the probability that was given, in ten bins of equal width.

    Empty bins are left out, and dots grow with what they hold.

    Args:
        curves: Name to `(labels, scores)`; 1 is fake.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme)
    axes = chart.panel("probability given", "share that is fake")
    axes.plot([0, 1], [0, 1], **chart.dotted(), label="perfect")
    for index, (name, (labels, scores)) in enumerate(curves.items()):
        labels, scores = np.asarray(labels, float), np.asarray(scores, float)
        place = np.minimum((scores * 10).astype(int), 9)
        counts = np.bincount(place, minlength=10)
        used = counts > 0
        mean = np.bincount(place, scores, 10)[used] / counts[used]
        share = np.bincount(place, labels, 10)[used] / counts[used]
        color = chart.series(index)
        axes.plot(mean, share, color=color, linewidth=1.2, label=name)
        sizes = 12 + 90 * counts[used] / counts.max()
        axes.scatter(mean, share, s=sizes, color=color, alpha=0.8, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    chart.legend(axes, loc="best")
    return chart.png()


def corruption_curves(
    clean: float, curves: Mapping[str, Sequence[float]], theme: Theme = "light"
) -> bytes:
    """Draws AUC against severity, one small panel per corruption, with its last value.

    Args:
        clean: AUC without corruption, drawn at severity 0.
        curves: Name to the AUC at severities 1, 2, ...
        theme: `"light"` or `"dark"`.
    """
    columns = 4 if len(curves) > 3 else len(curves)
    rows = -(-len(curves) // columns)
    chart = Chart(theme, (2 * WIDTH, 0.4 + 1.75 * rows), (rows, columns))
    lowest = min(0.5, clean, *(min(values) for values in curves.values()))
    for index, (name, values) in enumerate(curves.items()):
        x = "severity" if index >= len(curves) - columns else ""
        axes = chart.panel(x, "" if index % columns else "AUC", index, 8)
        severities = np.arange(len(values) + 1)
        axes.axhline(0.5, **chart.dotted())
        axes.plot(severities, [clean, *values], "o-", color=chart.series(0), markersize=3.5)
        axes.set(ylim=(lowest - 0.03, 1.04))
        axes.set_xticks(severities)
        axes.set_title(name, fontsize=9, color=chart.colors.ink, loc="left")
        axes.set_title(f"{values[-1]:.2f}", fontsize=8, color=chart.colors.muted, loc="right")
    return chart.png(w_pad=1.0)


def hiding_chart(
    shares: Sequence[float],
    deletion: Mapping[str, Sequence[float]],
    insertion: Mapping[str, Sequence[float]],
    theme: Theme = "light",
) -> bytes:
    """Draws how far the score moves as cells of the face are hidden, and as they are shown.

    Args:
        shares: Share of the cells that are hidden (shown).
        deletion: Order of the cells to the change of the log-odds as they are hidden.
        insertion: Order of the cells to the distance of the log-odds as they are shown.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme, (2 * WIDTH, 3.3), (1, 2))
    panels = (("hidden, in this order", deletion), ("shown, in this order", insertion))
    for index, (label, curves) in enumerate(panels):
        axes = chart.panel(f"share of the face {label}", "change of the log-odds", index)
        for number, (name, values) in enumerate(curves.items()):
            style = ("-", "--", ":")[number % 3]
            axes.plot(shares, values, style, color=chart.series(number), label=name)
        axes.set(xlim=(0, 1))
        axes.set_ylim(bottom=0)
        chart.legend(axes, loc="best")
    return chart.png(w_pad=2)


def face_gallery(faces: np.ndarray, captions: Sequence[str], theme: Theme = "light") -> bytes:
    """Draws faces in rows of six, each with its caption below.

    Args:
        faces: (N, H, W, 3) uint8 RGB, N of 1 or more.
        captions: N texts of one or two short lines.
        theme: `"light"` or `"dark"`.
    """
    columns = 6
    rows = -(-len(faces) // columns)
    cell, text = 1.5, 0.42
    chart = Chart(theme, (cell * columns, (cell + text) * rows))
    for index, (face, caption) in enumerate(zip(faces, captions, strict=True)):
        row, column = divmod(index, columns)
        bottom = 1 - (row + 1) / rows + text / ((cell + text) * rows)
        height = cell / ((cell + text) * rows)
        axes = chart.figure.add_axes(
            (column / columns + 0.004, bottom, 1 / columns - 0.008, height)
        )
        axes.imshow(face, interpolation="bilinear")
        axes.set_axis_off()
        axes.text(
            0,
            -0.03,
            caption,
            transform=axes.transAxes,
            fontsize=7.5,
            color=chart.colors.ink,
            va="top",
            parse_math=False,
        )
    return chart.jpeg()
