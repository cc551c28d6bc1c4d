"""The pictures of an export's report."""

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_madd.exporting.layer_errors import LayerError
from keras_madd.visualize.figure import WIDTH, Chart, Theme


def answers(
    reference: np.ndarray,
    exported: np.ndarray,
    labels: np.ndarray | None,
    threshold: float,
    theme: Theme = "light",
) -> bytes:
    """Draws each picture as a dot: the model's probability against the file's, as PNG bytes.

    Args:
        reference: (N,) probabilities of the float model.
        exported: (N,) probabilities of the file.
        labels: (N,), 0 real and 1 fake; or None.
        threshold: Where a verdict turns; drawn as lines.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme)
    axes = chart.panel("probability of being fake, model", "the same, exported file")
    axes.plot([0, 1], [0, 1], **chart.dotted())
    for draw in (axes.axvline, axes.axhline):
        draw(threshold, color=chart.colors.grid, linewidth=0.9)
    groups = {"pictures": np.ones(len(reference), bool)}
    if labels is not None:
        groups = {"real": np.asarray(labels) == 0, "fake": np.asarray(labels) == 1}
    for (name, chosen), color, marker in zip(
        groups.items(), chart.colors.series, "os", strict=False
    ):
        axes.plot(
            reference[chosen],
            exported[chosen],
            marker,
            markersize=3.4,
            alpha=0.55,
            markeredgewidth=0,
            color=color,
            label=f"{name} ({int(chosen.sum())})",
            clip_on=False,
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    chart.legend(axes, loc="lower right")
    return chart.png()


def differences(reference: np.ndarray, exported: np.ndarray, theme: Theme = "light") -> bytes:
    """Draws how the changes of the probability spread, largest first, as PNG bytes."""
    chart = Chart(theme)
    axes = chart.panel("% of the pictures that change by more", "change of the probability")
    sizes = np.sort(np.abs(exported - reference))[::-1]
    share = np.arange(1, len(sizes) + 1) / len(sizes) * 100
    axes.fill_between(share, sizes, step="pre", alpha=0.22, color=chart.series(0))
    axes.step(share, sizes, where="pre", color=chart.series(0), linewidth=1.6)
    axes.set(xlim=(0, 100))
    axes.set_ylim(0, max(float(sizes[0]) * 1.08, 1e-6))
    return chart.png()


def errors_by_depth(errors: Sequence[LayerError], theme: Theme = "light") -> bytes:
    """Draws the error of each layer in the order of execution, as PNG bytes."""
    chart = Chart(theme, (WIDTH * 1.9, 3.0))
    axes = chart.panel("operation, in the order of execution", "% of its result's size")
    values = np.array([each.relative_error for each in errors]) * 100
    places = np.arange(1, len(values) + 1)
    axes.bar(places, values, width=0.75, color=chart.series(0))
    worst = int(np.argmax(values))
    axes.bar(places[worst], values[worst], width=0.75, color=chart.series(1))
    axes.set(xlim=(0.2, len(values) + 0.8))
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axes.grid(False, axis="x")
    return chart.png()


def latencies(table: dict[str, dict[str, dict[str, float]]], theme: Theme = "light") -> bytes:
    """Draws the milliseconds of each file for each number of threads, as PNG bytes.

    Args:
        table: From `litert_latency`.
        theme: `"light"` or `"dark"`.
    """
    names = list(next(iter(table.values())))
    chart = Chart(theme, (WIDTH, 3.9))
    axes = chart.panel(y="milliseconds per face")
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        places = np.arange(len(table)) + (index - (len(names) - 1) / 2) * width
        heights = [rows[name]["milliseconds"] for rows in table.values()]
        color = chart.series(index)
        axes.bar(places, heights, width * 0.92, color=color, label=name)
        for place, height in zip(places, heights, strict=True):
            axes.annotate(
                f"{height:.1f}",
                (place, height),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=chart.colors.ink,
            )
    labels = [f"{number} thread{'s' if number != '1' else ''}" for number in table]
    axes.set_xticks(np.arange(len(table)), labels, fontsize=9)
    axes.margins(y=0.22)
    axes.set_ylim(bottom=0)
    axes.grid(False, axis="x")
    chart.legend(axes, loc="upper right")
    return chart.png()
