"""Figures of training and of scores, as bytes of a PNG file; faces, of a JPEG file."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from keras_madd.visualize.attention import overlay_attention
from keras_madd.visualize.figure import WIDTH, Chart, Theme


def loss_curves(
    history: Mapping[str, Sequence[float]],
    best_epoch: int | None = None,
    theme: Theme = "light",
) -> bytes:
    """Draws one panel per quantity: training as a line, validation (`val_...`) dashed.

    Args:
        history: As `keras.callbacks.History.history`: name to one value per epoch.
        best_epoch: Index from 0 of the epoch that was kept; marked where given.
        theme: `"light"` or `"dark"`.

    Raises:
        ValueError: If `history` is empty.
    """
    if not history:
        raise ValueError(f"Argument `history` must hold at least one curve. Received: {history=}")
    names = list(dict.fromkeys(name.removeprefix("val_") for name in history))
    columns = min(2, len(names))
    rows = -(-len(names) // columns)
    height = 0.35 + (1.75 if columns > 1 else 2.8) * rows
    chart = Chart(theme, (WIDTH, height), (rows, columns))
    for position, name in enumerate(names):
        axes = chart.panel("epoch" if position >= len(names) - columns else "", "", position, 8)
        for key, style, label in ((name, "-", "training"), ("val_" + name, "--", "validation")):
            if key in history:
                epochs = np.arange(1, len(history[key]) + 1)
                color = chart.series(style == "--")
                marker = "o" if len(epochs) == 1 else None
                axes.plot(epochs, history[key], style, color=color, label=label, marker=marker)
        if best_epoch is not None:
            axes.axvline(best_epoch + 1, **chart.dotted())
        title = name.replace("_", " ")
        axes.set_title(title, fontsize=9, color=chart.colors.ink, loc="left", parse_math=False)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=1))
        if len(epochs) == 1:
            axes.set_xlim(0.5, 1.5)
    handles: dict[str, Any] = {}
    for axes in chart.figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    entries = list(handles.values()), list(handles)
    chart.legend(chart.figure, *entries, loc="upper right", ncols=2, size=8)
    return chart.png(rect=(0, 0, 1, 1 - 0.22 / height), w_pad=1.2)


def roc_curves(
    curves: Mapping[str, tuple[Sequence[int], Sequence[float]]], theme: Theme = "light"
) -> bytes:
    """Draws the ROC of one or more sets of scores, with each AUC in the legend.

    Args:
        curves: Name to `(labels, scores)`; 1 is fake.
        theme: `"light"` or `"dark"`.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    chart = Chart(theme)
    axes = chart.panel("real called fake", "fakes found")
    axes.plot([0, 1], [0, 1], **chart.dotted(), label="chance")
    for index, (name, (labels, scores)) in enumerate(curves.items()):
        false_alarms, hits, _ = roc_curve(labels, scores)
        label = f"{name}  AUC {roc_auc_score(labels, scores):.3f}"
        color = chart.series(index)
        axes.plot(false_alarms, hits, color=color, label=label, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    chart.legend(axes, loc="lower right")
    return chart.png()


def score_histogram(groups: Mapping[str, Sequence[float]], theme: Theme = "light") -> bytes:
    """Draws how the scores of each group spread; every group's bars add up to 100 %.

    Args:
        groups: Name to scores, 0 to 1; the first is usually the real ones.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme)
    axes = chart.panel("probability of being fake", "% of the group")
    edges = np.linspace(0, 1, 26)
    for index, (name, scores) in enumerate(groups.items()):
        share = np.histogram(scores, edges)[0] / max(1, len(scores)) * 100
        color = chart.series(index)
        axes.stairs(share, edges, fill=True, alpha=0.22, color=color)
        axes.stairs(share, edges, color=color, linewidth=1.4, label=f"{name} ({len(scores)})")
    axes.axvline(0.5, **chart.dotted())
    axes.set(xlim=(0, 1))
    axes.margins(y=0.28)  # Room for the legend above the bars.
    axes.set_ylim(bottom=0)
    chart.legend(axes, loc="upper center")
    return chart.png()


def method_chart(aucs: Mapping[str, float], theme: Theme = "light") -> bytes:
    """Draws one AUC per manipulation as a dot on a common scale, in the order given.

    Args:
        aucs: Name to AUC, 0 to 1.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme, (WIDTH, 0.75 + 0.36 * len(aucs)))
    axes = chart.panel("AUC against all real ones (0.5 is chance)")
    places = np.arange(len(aucs))
    values = np.array(list(aucs.values()))
    low = values.min() - 0.12 if values.min() < 0.5 else 0.48
    axes.hlines(places, 0.5, values, color=chart.series(0), linewidth=2)
    axes.plot(values, places, "o", color=chart.series(0), markersize=6, clip_on=False)
    for place, value in zip(places, values, strict=True):
        # On the side where the line to 0.5 does not run.
        side, align = (9, "left") if value >= 0.5 else (-9, "right")
        style: dict[str, Any] = {"textcoords": "offset points", "ha": align, "va": "center"}
        style["xytext"] = (side, 0)
        axes.annotate(f"{value:.3f}", (value, place), fontsize=9, color=chart.colors.ink, **style)
    _auc_scale(axes, chart, list(aucs), low)
    # Room for the figures beside dots at the right edge.
    return chart.png(right=0.88)


def interval_chart(aucs: Mapping[str, tuple[float, float, float]], theme: Theme = "light") -> bytes:
    """Draws AUCs with their intervals, one below the other on a common scale.

    Args:
        aucs: Name to AUC, lower and upper end, 0 to 1.
        theme: `"light"` or `"dark"`.
    """
    chart = Chart(theme, (WIDTH, 0.75 + 0.36 * len(aucs)))
    axes = chart.panel("AUC and its 95% interval (0.5 is chance)")
    places = np.arange(len(aucs))
    means, lows, highs = np.array(list(aucs.values())).T
    axes.hlines(places, lows, highs, color=chart.series(0), linewidth=2, alpha=0.5)
    axes.plot(means, places, "o", color=chart.series(0), markersize=6, clip_on=False)
    _auc_scale(axes, chart, list(aucs), min(0.48, lows.min() - 0.02))
    return chart.png()


def _auc_scale(axes: Any, chart: Chart, names: list[str], low: float) -> None:
    """Name the rows, the first on top, over a common scale of AUC that ends at 1."""
    axes.axvline(0.5, color=chart.colors.muted, linewidth=0.8)
    shown = [name if len(name) <= 40 else f"{name[:18]}...{name[-19:]}" for name in names]
    style: dict[str, Any] = {"fontsize": 9, "color": chart.colors.ink, "parse_math": False}
    axes.set_yticks(np.arange(len(names)), shown, **style)
    axes.set(ylim=(len(names) - 0.4, -0.6), xlim=(low, 1.0))
    axes.grid(False, axis="y")


def attention_grid(
    images: np.ndarray,
    maps: np.ndarray,
    captions: Sequence[str] | None = None,
    full_scale: float | None = None,
    theme: Theme = "light",
) -> bytes:
    """Draws each face, each map over it, and, of several, their sum.

    Faces with several maps have a row each; of those with one, three share a row.

    Args:
        images: (B, H, W, 3) uint8 RGB.
        maps: (B, h, w, M) of 0 or more. Each map is drawn to its own scale, or to `full_scale`.
        captions: B short texts, such as `"fake 93%"`, in one line or two.
        full_scale: As `overlay_attention`.
        theme: `"light"` or `"dark"`.

    Raises:
        ValueError: If there are no faces or the numbers of faces, maps and captions differ.
    """
    images, maps = np.asarray(images), np.asarray(maps)
    captions = [""] * len(images) if captions is None else list(captions)
    if not len(images) or not len(images) == len(maps) == len(captions):
        raise ValueError(
            "Arguments `images`, `maps` and `captions` must be of one length, at least 1. "
            f"Received: lengths {len(images)}, {len(maps)} and {len(captions)}"
        )
    several = maps.shape[-1] > 1
    numbered = [f"map {index + 1}" for index in range(maps.shape[-1])]
    titles = ["face", *numbered, "sum"] if several else ["face", "map"] * 3
    columns = len(titles) if several else 2
    rows = -(-len(images) * columns // len(titles))
    cell, title_height = 1.05, 0.26
    caption_height = 0.22 + 0.13 * max(caption.count("\n") for caption in captions)
    height = title_height + (cell + caption_height) * rows
    chart = Chart(theme, (cell * len(titles), height))
    layout = {"left": 0.005, "right": 0.995, "wspace": 0.04, "hspace": caption_height / cell}
    layout |= {"top": 1 - title_height / height, "bottom": caption_height / height}
    grid = chart.figure.subplots(rows, len(titles), squeeze=False, gridspec_kw=layout)
    for axes in grid.flat:
        axes.set_axis_off()
    # The last row may have room for more faces.
    places = grid.reshape(-1, columns)[: len(images)]
    for row, image, stack, caption in zip(places, images, maps, captions, strict=True):
        drawn = [*np.moveaxis(stack, -1, 0), *[stack.sum(-1)] * several]
        overlays = (overlay_attention(image, each, full_scale=full_scale) for each in drawn)
        pictures = [image, *overlays]
        for axes, picture in zip(row, pictures, strict=True):
            axes.imshow(picture, interpolation="bilinear")
        row[0].text(
            0,
            -0.04,
            caption,
            transform=row[0].transAxes,
            fontsize=8,
            color=chart.colors.ink,
            va="top",
            parse_math=False,
        )
    for axes, title in zip(grid[0], titles, strict=True):
        axes.set_title(title, fontsize=9, color=chart.colors.muted, pad=4)
    return chart.jpeg()
