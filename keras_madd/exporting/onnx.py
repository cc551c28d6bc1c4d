"""Conversion to ONNX, with a free batch size."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.inference.model_description import INPUT
from keras_madd.support.files import replacing
from keras_madd.support.native_stderr import native_stderr_silenced

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

# Understood by every ONNX Runtime since 1.12 (2022).
OPSET = 17


def export_onnx(
    model: "FaceClassifier", path: str | os.PathLike, opset: int = OPSET, overwrite: bool = False
) -> Path:
    """Writes a model as an ONNX file, checked by `onnx.checker`.

    Its input is `image`, (B, H, W, 3) float32 RGB pixels 0 to 255, B free; its outputs are
    `fake_probability` (B,) and `attention_maps` or `blend_maps` (B, h, w, M).

    Args:
        model: A detector.
        path: The file to write, ending in `.onnx`.
        opset: Version of the ONNX operators.
        overwrite: Whether an existing file is replaced, at the end.

    Returns:
        The path.

    Raises:
        ValueError: If the path ends otherwise.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"Argument `path` must end in .onnx. Received: path={str(path)!r}")
    with native_stderr_silenced():
        import onnx
        import tensorflow as tf
        import tf2onnx

        from keras_madd.exporting.scoring_graph import scoring_graph

        graph = scoring_graph(model, None)
        signature = [tf.TensorSpec(graph.inputs[0].shape, tf.float32, name=INPUT)]
        function = tf.function(lambda image: graph(image, training=False), signature)
        converted, _ = tf2onnx.convert.from_function(function, signature, opset=opset)
        onnx.checker.check_model(converted)
        with replacing(path, overwrite) as temporary:
            onnx.save(converted, temporary)
    return path
