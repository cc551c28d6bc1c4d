"""LiteRT's interpreter over a file that is measured."""

import os
import warnings
from typing import Any

import numpy as np

from keras_madd.support.native_stderr import native_stderr_silenced


def open_interpreter(
    model: str | os.PathLike | bytes, threads: int = 2, every_tensor: bool = False
) -> Any:
    """Returns an interpreter that is ready to run.

    Args:
        model: A LiteRT file, by path or content.
        threads: Number of threads.
        every_tensor: Whether every activation can be read after a run.
    """
    from ai_edge_litert.interpreter import Interpreter

    given: dict[str, Any] = {"num_threads": threads}
    if isinstance(model, bytes):
        given["model_content"] = model
    else:
        given["model_path"] = os.fspath(model)
    if every_tensor:
        given["experimental_preserve_all_tensors"] = True
    with warnings.catch_warnings(), native_stderr_silenced():
        # It warns that keeping every tensor takes memory; that is what is wanted.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = Interpreter(**given)
        interpreter.allocate_tensors()
    return interpreter


def run_picture(interpreter: Any, picture: np.ndarray) -> None:
    """Runs a file on one picture, (H, W, 3) RGB 0 to 255, in every place of its batch."""
    (image,) = interpreter.get_input_details()
    fed = np.broadcast_to(picture, (int(image["shape"][0]), *picture.shape))
    interpreter.set_tensor(image["index"], fed.astype(image["dtype"]))
    interpreter.invoke()
