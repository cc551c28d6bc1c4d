"""Conversion to LiteRT, in builtin operations only, and quantisation."""

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.exporting.litert_file import (
    check_builtin_only,
    graph_of,
    parse,
    read_graph,
    unfolded_scales,
)
from keras_madd.inference.model_description import INPUT, INPUT_TYPES
from keras_madd.support.errors import UserError, check_choice
from keras_madd.support.files import check_output, replacing
from keras_madd.support.native_stderr import native_stderr_silenced

if TYPE_CHECKING:
    import keras

    from keras_madd.model.face_classifier import FaceClassifier

QUANTIZATIONS = ("none", "float16", "dynamic", "int8", "int8-full")
CALIBRATED = ("int8", "int8-full")


def export_litert(
    model: "FaceClassifier",
    path: str | os.PathLike,
    quantize: str = "none",
    batch: int = 1,
    *,
    input_type: str = "float32",
    calibration: Sequence[np.ndarray] | np.ndarray | None = None,
    float_content: bytes | None = None,
    advance: Callable[[int, int], None] | None = None,
    overwrite: bool = False,
) -> Path:
    """Writes a model as a LiteRT file with one signature.

    Its input is `image`, (batch, H, W, 3) RGB pixels 0 to 255; the scaling is inside. Its
    outputs, to be looked up by name since their order is the converter's, are `fake_probability`
    (batch,) and `attention_maps` or `blend_maps` (batch, h, w, M), float32.

    Args:
        model: A detector.
        path: The file to write, ending in `.tflite`.
        quantize: `"none"`; `"float16"`, weights stored in half the bytes; `"dynamic"`, weights
            stored in 8 bits, activations of plain convolutions quantised as they come; `"int8"`,
            convolutions in 8 bits, pooling and attention in float (see `quantization`); or
            `"int8-full"`, everything in 8 bits, for accelerators that know nothing else.
        batch: The fixed batch size. Delegates refuse dynamic shapes.
        input_type: Type of the pixels, `"float32"` or `"uint8"`.
        calibration: Face crops (H, W, 3), RGB 0 to 255, from the model's training data, on which
            the ranges of the activations are measured; for `"int8"` and `"int8-full"` only.
        float_content: What `float_litert` returned of the same model and batch, where it is there
            already.
        advance: Called as `advance(pictures done, pictures in all)` while they are.
        overwrite: Whether an existing file is replaced, at the end.

    Returns:
        The path.

    Raises:
        ValueError: If an argument is none of what it may be, or `calibration` is missing.
        UserError: If the graph needs an operation that LiteRT has not built in, or `"int8-full"`
            would ruin its spectra.
    """
    path = Path(path)
    _check(path, quantize, batch, input_type, calibration)
    check_output(path, overwrite=overwrite)
    if quantize in ("none", "float16"):
        with replacing(path, overwrite) as temporary:
            _convert(model, temporary, quantize, batch, input_type)
        return path

    # Imported here: with it comes LiteRT's quantiser, which other exports do without.
    from keras_madd.exporting.quantization import RECIPES, quantize_content

    if quantize in CALIBRATED:
        content = float_content or float_litert(model, batch)
        assert calibration is not None
        total = len(calibration)
        tell = advance
        step = (lambda done: tell(done, total)) if tell else None
        content = _calibrated(content, quantize, calibration, input_type, step)
    else:
        ready = float_content if input_type == "float32" else None
        content = ready or float_litert(model, batch, input_type)
        content = quantize_content(content, RECIPES[quantize], {}, input_type)
    with replacing(path, overwrite) as temporary:
        temporary.write_bytes(content)
        check_builtin_only(temporary)
    return path


def _calibrated(content, quantize, calibration, input_type, advance) -> bytes:
    from keras_madd.exporting import activation_ranges as measure
    from keras_madd.exporting.equalization import equalized
    from keras_madd.exporting.quantization import RECIPES, quantize_content, spectral
    from keras_madd.exporting.recipe_choice import int8_content

    if quantize == "int8":
        return int8_content(content, calibration, input_type, advance)
    if spectral(graph_of(parse(content))):
        raise UserError(
            "int8-full would put this network's spectra in 8 bits, in which their small values are "
            "gone, and its answers with them. Use --quantize int8, which keeps them in float."
        )
    content = equalized(content, calibration)
    ranges = measure.activation_ranges(
        measure.activation_extremes(content, calibration, advance), content
    )
    return quantize_content(content, RECIPES[quantize], ranges, input_type)


def float_litert(model: "FaceClassifier", batch: int = 1, input_type: str = "float32") -> bytes:
    """Returns a model as the content of a float LiteRT file, from which others are quantised."""
    with tempfile.TemporaryDirectory() as folder:
        temporary = Path(folder) / "float.tflite"
        _convert(model, temporary, "none", batch, input_type)
        return temporary.read_bytes()


def _convert(
    model: "FaceClassifier", path: Path, quantize: str, batch: int, input_type: str
) -> None:
    # Importing TensorFlow is slow, and checking arguments must not wait for it.
    with native_stderr_silenced(), _foreign_operations_named():
        import tensorflow as tf

        from keras_madd.exporting.scoring_graph import scoring_graph

        graph = scoring_graph(model, batch, input_type)
        with _saved_model(graph, input_type) as folder:
            converter = tf.lite.TFLiteConverter.from_saved_model(folder)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
            if quantize == "float16":
                converter.target_spec.supported_types = [tf.float16]
            if quantize != "none":
                converter.optimizations = [tf.lite.Optimize.DEFAULT]
            path.write_bytes(converter.convert())
    check_builtin_only(path)
    left = unfolded_scales(read_graph(path))
    if left:
        raise RuntimeError(f"normalisations were not folded into convolutions: {', '.join(left)}")


def _check(path, quantize, batch, input_type, calibration) -> None:
    check_choice("quantize", quantize, QUANTIZATIONS)
    if path.suffix != ".tflite":
        raise ValueError(f"Argument `path` must end in .tflite. Received: path={str(path)!r}")
    if not isinstance(batch, int) or batch < 1:
        raise ValueError(f"Argument `batch` must be 1 or more. Received: batch={batch!r}")
    check_choice("input_type", input_type, INPUT_TYPES)
    if quantize in CALIBRATED and (calibration is None or not len(calibration)):
        raise ValueError(
            f"Argument `calibration` must hold face crops for {quantize!r}. Received: none"
        )


@contextlib.contextmanager
def _saved_model(graph: "keras.Model", input_type: str) -> Iterator[str]:
    """Holds a graph as a SavedModel of one function.

    `Model.export` saves the layers too and traces the network four times, which no file shows.
    """
    import tensorflow as tf

    (image,) = graph.inputs

    @tf.function(input_signature=[tf.TensorSpec(image.shape, input_type, name=INPUT)])
    def score(image):
        return graph(image, training=False)

    concrete = score.get_concrete_function()
    saved = tf.Module()
    saved.captured = list(concrete.variables)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(saved, folder, signatures={"serving_default": concrete})
        yield folder


@contextlib.contextmanager
def _foreign_operations_named() -> Iterator[None]:
    """Turns the converter's pages on operations it cannot translate into one line."""
    try:
        yield
    except Exception as error:  # The converter's own class is not public.
        found = re.findall(r"^(?:Custom|Flex|TF Select) ops: (.+)$", str(error), re.MULTILINE)
        if not found:
            raise
        names = ", ".join(line.strip() for line in found)
        raise UserError(
            f"The model needs operations that are not built into LiteRT: {names}."
        ) from error
