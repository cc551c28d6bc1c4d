"""What is known about a model, as a page beside the one that scores with it."""

import json
from html import escape

from keras_madd.inference.model_description import ModelDescription

# No style and no script of its own: the page's policy allows neither.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>About this model</title>
<link rel="stylesheet" href="../style.css">
</head>
<body>
<main>
<h1>About this model</h1>
{banner}<dl class="card">
{facts}
</dl>
{readme}<p><a href="../index.html">Back</a></p>
</main>
</body>
</html>
"""


def model_card(description: ModelDescription, readme: str | None = None) -> str:
    """Returns the page about a model.

    Args:
        description: Of the exported file.
        readme: More in words, as Markdown, which is shown as it is written.
    """
    height, width = description.input_size
    facts = {
        "Trained on": description.training_data or "not stated",
        "Numbers": description.quantization,
        "Input": f"{height} x {width} pixels, crop margin {description.crop_margin}",
        "Heat maps": description.num_attention_maps,
        "Face detector": description.detector,
        "Temperature": f"{description.temperature:.4g}",
        "Words": _words(description),
        "Measured": json.dumps(description.metrics, indent=1) if description.metrics else "nothing",
        "SHA-256": description.sha256,
    }
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(str(fact))}</dd>" for name, fact in facts.items())
    banner = ""
    if description.demonstration:
        banner = '<p class="banner">A demonstration model: its scores prove nothing.</p>\n'
    words = f'<pre class="readme">{escape(readme)}</pre>\n' if readme else ""
    return _PAGE.format(banner=banner, facts="\n".join(rows), readme=words)


def _words(description: ModelDescription) -> str:
    clear = getattr(description, "clear_threshold", None)
    if clear is None:
        return f"fake from {description.threshold:.4g}, else real"
    return (
        f"fake from {description.threshold:.4g}, no trace found below {clear:.4g}, else uncertain"
    )
