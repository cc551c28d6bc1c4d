"""What all figures share: two themes, quiet axes, bytes of a file.

Every figure is a `Figure` of its own and leaves Matplotlib's global state alone, so that drawing
works beside a user's own plots, in threads and without a display.
"""

import io
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

Theme = Literal["light", "dark"]

# Drawn small on purpose: at a phone's width the letters are then as large as the page's own.
WIDTH = 4.8
DPI = 200
# Photographs fill a file quickly, and faces are small anyway.
PHOTO_DPI = 130


@dataclass(frozen=True)
class Colors:
    """The colours of a theme."""

    paper: str
    ink: str
    muted: str
    grid: str
    series: tuple[str, ...]


_THEMES = {
    "light": Colors(
        "#ffffff", "#1c2430", "#667080", "#e3e7ec", ("#2a66c8", "#d3541f", "#1b8a6b", "#8a4fc0")
    ),
    "dark": Colors(
        "#171c24", "#e8ecf1", "#98a3b3", "#2d3541", ("#7fb0ff", "#ff9560", "#58c9a4", "#c89bf2")
    ),
}


def colors_of(theme: str) -> Colors:
    """Returns the colours of `"light"` or `"dark"`."""
    if theme not in _THEMES:
        raise ValueError(f"Argument `theme` must be one of {list(_THEMES)}. Received: {theme=}")
    return _THEMES[theme]


def add_axes(figure: Figure, place: tuple[int, int, int], colors: Colors) -> Axes:
    """Adds axes at `(rows, columns, index)`, in the theme's colours."""
    axes = figure.add_subplot(*place)
    axes.set_facecolor(colors.paper)
    axes.tick_params(colors=colors.muted, labelsize=8, length=0)
    axes.grid(True, color=colors.grid, linewidth=0.7)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colors.grid)
    return axes


def recolor(legend, colors: Colors) -> None:
    """Gives a legend's texts the theme's ink."""
    for text in legend.get_texts():
        text.set_color(colors.ink)


def to_png(figure: Figure, colors: Colors) -> bytes:
    """Returns the figure as a PNG file's bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor=colors.paper)
    return buffer.getvalue()


def to_jpeg(figure: Figure, colors: Colors) -> bytes:
    """Returns a figure of photographs as a JPEG file's bytes, a fifth of a PNG's."""
    buffer = io.BytesIO()
    options = {"quality": 88, "subsampling": 0}
    figure.savefig(buffer, format="jpeg", dpi=PHOTO_DPI, facecolor=colors.paper, pil_kwargs=options)
    return buffer.getvalue()
