"""Self-contained HTML pages: no script, no font and no picture from anywhere else."""

import base64
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

DEMONSTRATION_BANNER = (
    "This model is a demonstration trained on synthetic faces; it detects nothing in the wild."
)


def render(template: str, **content: object) -> bytes:
    """Returns an HTML page: a template of `visualize/templates`, filled.

    Texts are escaped, and one that is missing is an error. `page.html` is the frame of all pages,
    `parts.html` has their tables and figures; a figure is drawn by a function that takes
    `theme="light"` or `"dark"` and returns the bytes of a PNG or JPEG file.

    Args:
        template: Its name, such as `"evaluation"`.
        **content: What it shows: `title`, `lead`, `warnings`, `tiles`, and what is its own.
    """
    text = _environment().get_template(f"{template}.html").render(content)
    # A file name that is not UTF-8 comes to Python with lone surrogates.
    return text.encode("utf-8", "backslashreplace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("keras_madd.visualize"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"form": format, "uri": _uri}
    return environment


def _uri(image: bytes) -> str:
    kind = "png" if image.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64," + base64.b64encode(image).decode("ascii")
