"""The pictures of an export's report."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from keras_madd.exporting.layer_errors import LayerError
from keras_madd.visualize.figure import WIDTH, Theme, add_axes, colors_of, recolor, to_png


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
    colors = colors_of(theme)
    figure = Figure(figsize=(WIDTH, 3.9))
    axes = add_axes(figure, (1, 1, 1), colors)
    axes.plot([0, 1], [0, 1], color=colors.muted, linewidth=0.8, linestyle=":")
    for draw in (axes.axvline, axes.axhline):
        draw(threshold, color=colors.grid, linewidth=0.9)
    groups = {"pictures": np.ones(len(reference), bool)}
    if labels is not None:
        groups = {"real": np.asarray(labels) == 0, "fake": np.asarray(labels) == 1}
    for (name, chosen), color, marker in zip(groups.items(), colors.series, "os", strict=False):
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
    axes.set_xlabel("probability of being fake, model", fontsize=9, color=colors.muted)
    axes.set_ylabel("the same, exported file", fontsize=9, color=colors.muted)
    recolor(axes.legend(loc="lower right", frameon=False, fontsize=9), colors)
    figure.tight_layout()
    return to_png(figure, colors)


def differences(reference: np.ndarray, exported: np.ndarray, theme: Theme = "light") -> bytes:
    """Draws how the changes of the probability spread, largest first, as PNG bytes."""
    colors = colors_of(theme)
    figure = Figure(figsize=(WIDTH, 3.9))
    axes = add_axes(figure, (1, 1, 1), colors)
    sizes = np.sort(np.abs(exported - reference))[::-1]
    share = np.arange(1, len(sizes) + 1) / len(sizes) * 100
    axes.fill_between(share, sizes, step="pre", alpha=0.22, color=colors.series[0])
    axes.step(share, sizes, where="pre", color=colors.series[0], linewidth=1.6)
    axes.set(xlim=(0, 100))
    axes.set_ylim(0, max(float(sizes[0]) * 1.08, 1e-6))
    axes.set_xlabel("% of the pictures that change by more", fontsize=9, color=colors.muted)
    axes.set_ylabel("change of the probability", fontsize=9, color=colors.muted)
    figure.tight_layout()
    return to_png(figure, colors)


def errors_by_depth(errors: Sequence[LayerError], theme: Theme = "light") -> bytes:
    """Draws the error of each layer in the order of execution, as PNG bytes."""
    colors = colors_of(theme)
    figure = Figure(figsize=(WIDTH * 1.9, 3.0))
    axes = add_axes(figure, (1, 1, 1), colors)
    values = np.array([each.relative_error for each in errors]) * 100
    places = np.arange(1, len(values) + 1)
    axes.bar(places, values, width=0.75, color=colors.series[0])
    worst = int(np.argmax(values))
    axes.bar(places[worst], values[worst], width=0.75, color=colors.series[1])
    axes.set(xlim=(0.2, len(values) + 0.8))
    axes.xaxis.set_major_locator(MaxNLocator(10, integer=True, min_n_ticks=1))
    axes.set_xlabel("operation, in the order of execution", fontsize=9, color=colors.muted)
    axes.set_ylabel("% of its result's size", fontsize=9, color=colors.muted)
    axes.grid(False, axis="x")
    figure.tight_layout()
    return to_png(figure, colors)


def latencies(table: dict[str, dict[str, dict[str, float]]], theme: Theme = "light") -> bytes:
    """Draws the milliseconds of each file for each number of threads, as PNG bytes.

    Args:
        table: From `litert_latency`.
        theme: `"light"` or `"dark"`.
    """
    colors = colors_of(theme)
    names = list(next(iter(table.values())))
    figure = Figure(figsize=(WIDTH, 3.9))
    axes = add_axes(figure, (1, 1, 1), colors)
    width = 0.8 / len(names)
    for index, name in enumerate(names):
        places = np.arange(len(table)) + (index - (len(names) - 1) / 2) * width
        heights = [rows[name]["milliseconds"] for rows in table.values()]
        color = colors.series[index % len(colors.series)]
        axes.bar(places, heights, width * 0.92, color=color, label=name)
        for place, height in zip(places, heights, strict=True):
            axes.annotate(
                f"{height:.1f}",
                (place, height),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=colors.ink,
            )
    labels = [f"{number} thread{'s' if number != '1' else ''}" for number in table]
    axes.set_xticks(np.arange(len(table)), labels, fontsize=9)
    axes.margins(y=0.22)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("milliseconds per face", fontsize=9, color=colors.muted)
    axes.grid(False, axis="x")
    recolor(axes.legend(loc="upper right", frameon=False, fontsize=9), colors)
    figure.tight_layout()
    return to_png(figure, colors)
