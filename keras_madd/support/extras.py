"""What to install when a library of an optional part is missing."""

# Of each library that the light installation lacks: the extra that brings it.
_EXTRAS = {
    "ai_edge_quantizer": "export",
    "apache_beam": "beam",
    "flatbuffers": "export",
    "fsspec": "cloud",
    "huggingface_hub": "hub",
    "jinja2": "evaluate",
    "jax": "jax",
    "keras": "train",
    "matplotlib": "evaluate",
    "onnx": "export",
    "onnxruntime": "export",
    "pyarrow": "evaluate",
    "scipy": "evaluate",
    "sklearn": "evaluate",
    "tensorboard": "train",
    "tensorflow": "train",
    "tf2onnx": "export",
    "torch": "torch",
}


def advice_on_missing(error: ModuleNotFoundError) -> str | None:
    """Say in one line what to install, or return `None` where no extra has the module."""
    module = (error.name or "").split(".")[0]
    if module not in _EXTRAS:
        return None
    return f"This needs {module}: pip install 'keras-madd[{_EXTRAS[module]}]'"
