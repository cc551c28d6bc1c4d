"""Conversion to LiteRT, in builtin operations only."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.errors import UserError
from keras_madd.exporting.litert_file import check_builtin_only
from keras_madd.exporting.model_json import INPUT
from keras_madd.files import replacing
from keras_madd.native_stderr import native_stderr_silenced

if TYPE_CHECKING:
    from keras_madd.madd import MADD

QUANTIZATIONS = ("none", "float16", "dynamic")


def export_litert(
    model: "MADD", path: str | os.PathLike, quantize: str = "none", batch: int = 1
) -> Path:
    """Writes a model as a LiteRT file with one signature.

    Its input is `image`, (batch, H, W, 3) float32 RGB pixels 0 to 255; the scaling is inside. Its
    outputs, to be looked up by name since their order is the converter's, are `fake_probability`
    (batch,) and `attention_maps` (batch, h, w, M).

    Args:
        model: A `MADD` model.
        path: The file to write, ending in `.tflite`; an existing one is replaced at the end.
        quantize: `"none"`; `"float16"`, weights stored in half the bytes; or `"dynamic"`, weights
            stored in 8 bits, activations quantised on the fly where an operation can.
        batch: The fixed batch size. Delegates refuse dynamic shapes.

    Returns:
        The path.

    Raises:
        ValueError: If an argument is none of what it may be.
        UserError: If the graph needs an operation that LiteRT has not built in.
    """
    path = Path(path)
    if quantize not in QUANTIZATIONS:
        raise ValueError(
            f"Argument `quantize` must be one of {QUANTIZATIONS}. Received: quantize={quantize!r}"
        )
    if path.suffix != ".tflite":
        raise ValueError(f"Argument `path` must end in .tflite. Received: path={str(path)!r}")
    if not isinstance(batch, int) or batch < 1:
        raise ValueError(f"Argument `batch` must be 1 or more. Received: batch={batch!r}")

    # Importing TensorFlow is slow, and checking arguments must not wait for it.
    with native_stderr_silenced():
        import keras
        import tensorflow as tf

        from keras_madd.exporting.scoring_graph import scoring_graph

        graph = scoring_graph(model, batch)
        target = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
        if quantize == "float16":
            target["supported_types"] = [tf.float16]
        signature = keras.InputSpec(shape=graph.inputs[0].shape, dtype="float32", name=INPUT)
        with replacing(path) as temporary, _foreign_operations_named():
            graph.export(
                temporary,
                format="litert",
                verbose=False,
                input_signature=[signature],
                optimizations=[] if quantize == "none" else [tf.lite.Optimize.DEFAULT],
                target_spec=target,
            )
            check_builtin_only(temporary)
    return path


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
