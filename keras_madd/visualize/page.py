"""One self-contained HTML page: no script, no font and no picture from anywhere else."""

import base64
from collections.abc import Callable, Sequence
from html import escape

DEMONSTRATION_BANNER = (
    "This model is a demonstration trained on synthetic faces; it detects nothing in the wild."
)

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2430; --muted: #5d6776;
  --line: #e3e7ec; --soft: #f5f7f9; --accent: #2a66c8; --warn: #8a4b00; --warn-soft: #fff4e2;
  --warn-line: #f0c98a; }
@media (prefers-color-scheme: dark) { :root { --paper: #171c24; --ink: #e8ecf1; --muted: #9aa5b5;
  --line: #2d3541; --soft: #1f2630; --accent: #7fb0ff; --warn: #ffd08a; --warn-soft: #33270f;
  --warn-line: #6b4f1c; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui,
  -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 2.2rem 1.1rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.3rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 2.8rem 0 0.4rem; }
p { margin: 0.4rem 0; max-width: 44rem; }
a { color: var(--accent); }
.lead, figcaption, .note { color: var(--muted); }
.banner { margin: 1.3rem 0; padding: 0.8rem 1rem; border: 1px solid var(--warn-line);
  border-left-width: 5px; border-radius: 6px; background: var(--warn-soft); color: var(--warn);
  font-weight: 600; max-width: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.2rem, 1fr)); gap: 0.7rem;
  margin: 1.3rem 0; padding: 0; }
.card { padding: 0.8rem 0.9rem; border: 1px solid var(--line); border-radius: 8px;
  background: var(--soft); }
.card dt { color: var(--muted); font-size: 0.85rem; line-height: 1.3; }
.card dd { margin: 0.15rem 0 0; font-size: 1.6rem; font-weight: 650; line-height: 1.2;
  font-variant-numeric: tabular-nums; }
.card dd small { display: block; font-size: 0.8rem; font-weight: 400; color: var(--muted); }
.scroll { overflow-x: auto; margin: 0.7rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.94rem;
  font-variant-numeric: tabular-nums; }
th, td { padding: 0.42rem 0.6rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
td { white-space: nowrap; }
thead th { color: var(--muted); font-size: 0.85rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; overflow-wrap: anywhere; }
.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.facts th { width: 11rem; min-width: 0; color: var(--muted); font-weight: 500;
  vertical-align: top; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
  gap: 0.5rem 2rem; align-items: start; }
figure { margin: 0.9rem 0; }
figure img { display: block; width: 100%; height: auto; border-radius: 6px; }
figure.wide img { min-width: 36rem; }
figcaption { font-size: 0.88rem; margin-top: 0.35rem; }
code { font: 0.88em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  overflow-wrap: anywhere; }
@media (max-width: 34rem) { main { padding: 1.4rem 1rem 3rem; } h1 { font-size: 1.55rem; }
  .cards { grid-template-columns: 1fr 1fr; } .card dd { font-size: 1.35rem; }
  th, td { padding: 0.4rem 0.42rem; } thead th { white-space: normal; }
  tbody th { min-width: 7rem; } .facts th { width: 7.5rem; } }
@media print { figure, .card, tr { break-inside: avoid; } }
"""


def page(title: str, body: Sequence[str]) -> str:
    """Returns a whole HTML document from its title and the fragments of its body."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # Without this a browser asks the server, or the folder, for an icon.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str) -> str:
    """Returns a quiet paragraph, for definitions and remarks."""
    return f'<p class="note">{escape(text)}</p>'


def heading(text: str, note: str = "") -> str:
    """Returns a section's heading, with a sentence under it where given."""
    return f"<h2>{escape(text)}</h2>" + (paragraph(note) if note else "")


def cards(items: Sequence[tuple[str, str, str]]) -> str:
    """Returns tiles of `(label, value, small print)`."""
    tiles = (
        f'<div class="card"><dt>{escape(label)}</dt><dd>{escape(value)}'
        + (f"<small>{escape(small)}</small>" if small else "")
        + "</dd></div>"
        for label, value, small in items
    )
    return f'<dl class="cards">{"".join(tiles)}</dl>'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns a table whose first column names its rows; it scrolls where the screen is narrow."""
    titles = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(_row(row) for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{titles}</tr></thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def facts(rows: Sequence[tuple[str, str]], code: Sequence[str] = ()) -> str:
    """Returns a two-column list of facts; values of the names in `code` are set as code."""
    lines = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>'
        + (f"<code>{escape(value)}</code>" if name in code else escape(value))
        + "</td></tr>"
        for name, value in rows
    )
    return f'<table class="facts"><tbody>{lines}</tbody></table>'


def chart(draw: Callable[..., bytes], alt: str, caption: str = "", wide: bool = False) -> str:
    """Returns a figure that follows the reader's theme.

    Args:
        draw: Called with `theme="light"` and `theme="dark"`; returns PNG or JPEG bytes.
        alt: What the picture shows, for those who cannot see it.
        caption: Text under it.
        wide: Whether it keeps a minimum width and scrolls sideways on a narrow screen.
    """
    image = (
        '<picture><source media="(prefers-color-scheme: dark)" '
        f'srcset="{_uri(draw(theme="dark"))}">'
        f'<img src="{_uri(draw(theme="light"))}" alt="{escape(alt)}"></picture>'
    )
    return _figure(image, caption, wide)


def picture(png: bytes, alt: str, caption: str = "") -> str:
    """Returns a figure with one PNG picture."""
    return _figure(f'<img src="{_uri(png)}" alt="{escape(alt)}">', caption, wide=False)


def _figure(image: str, caption: str, wide: bool) -> str:
    caption = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    if wide:
        return f'<figure class="wide"><div class="scroll">{image}</div>{caption}</figure>'
    return f"<figure>{image}{caption}</figure>"


def _uri(image: bytes) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")


def _row(cells: Sequence[str]) -> str:
    first, *rest = (escape(cell) for cell in cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
