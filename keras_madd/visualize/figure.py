"""What all figures share: two themes, quiet axes, bytes of a file.

Every figure is a `Figure` of its own and leaves Matplotlib's global state alone, so that drawing
works beside a user's own plots, in threads and without a display.
"""

import io
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from keras_madd.support.errors import check_choice

Theme = Literal["light", "dark"]

# Drawn small on purpose: at a phone's width the letters are then as large as the page's own.
WIDTH, HEIGHT = 4.8, 3.9
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
    check_choice("theme", theme, _THEMES)
    return _THEMES[theme]


class Chart:
    """A figure in a theme's colours, with one panel or several in a grid.

    Args:
        theme: `"light"` or `"dark"`.
        size: Width and height in inches.
        grid: Rows and columns of panels.
    """

    def __init__(
        self,
        theme: str,
        size: tuple[float, float] = (WIDTH, HEIGHT),
        grid: tuple[int, int] = (1, 1),
    ):
        self.colors = colors_of(theme)
        self.figure = Figure(figsize=size)
        self._grid = grid

    def panel(self, x: str = "", y: str = "", index: int = 0, size: int = 9) -> Axes:
        """Adds quiet axes at a place of the grid, with names of the axes in letters of a size."""
        axes, colors = self.figure.add_subplot(*self._grid, index + 1), self.colors
        axes.set_facecolor(colors.paper)
        axes.tick_params(colors=colors.muted, labelsize=8, length=0)
        axes.grid(True, color=colors.grid, linewidth=0.7)
        axes.set_axisbelow(True)
        for side, spine in axes.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(colors.grid)
        axes.set_xlabel(x, fontsize=size, color=colors.muted)
        axes.set_ylabel(y, fontsize=size, color=colors.muted)
        return axes

    def series(self, index: int) -> str:
        """Returns the colour of a curve by its number."""
        return self.colors.series[index % len(self.colors.series)]

    def dotted(self) -> dict:
        """Returns the style of a line that only guides the eye."""
        return {"color": self.colors.muted, "linewidth": 0.8, "linestyle": ":"}

    def legend(self, axes: Axes | Figure, *entries: Any, size: int = 9, **place: Any) -> None:
        """Adds a legend without a frame."""
        legend = axes.legend(*entries, frameon=False, fontsize=size, **place)
        for text in legend.get_texts():
            text.set_color(self.colors.ink)
            text.set_parse_math(False)  # Names of files, methods and data sets are as they are.

    def png(self, right: float | None = None, **layout: Any) -> bytes:
        """Returns the figure as a PNG file's bytes, laid out by `Figure.tight_layout`.

        Args:
            right: Where the panels end on the right, 0 to 1, whatever the layout says.
            **layout: Of `Figure.tight_layout`.
        """
        self.figure.tight_layout(**layout)
        if right is not None:
            self.figure.subplots_adjust(right=right)
        return self._bytes("png", DPI)

    def jpeg(self) -> bytes:
        """Returns a figure of photographs as a JPEG file's bytes, a fifth of a PNG's."""
        return self._bytes("jpeg", PHOTO_DPI, pil_kwargs={"quality": 88, "subsampling": 0})

    def _bytes(self, kind: str, dpi: int, **options: Any) -> bytes:
        buffer = io.BytesIO()
        self.figure.savefig(buffer, format=kind, dpi=dpi, facecolor=self.colors.paper, **options)
        return buffer.getvalue()
