"""LiteRT's interpreter over a file that is measured."""

import os
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np

from keras_madd.support.native_stderr import native_stderr_silenced

Read = TypeVar("Read")


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


def over_pictures(
    content: bytes,
    pictures: Iterable[np.ndarray],
    read: Callable[[Any], Read],
    threads: int = 2,
    *,
    every_tensor: bool = False,
    advance: Callable[[int], None] | None = None,
) -> list[Read]:
    """Runs a file on each picture and reads something off the interpreter after each.

    Pictures are shared among interpreters of one thread each, which leaves no processor waiting at
    the small operations nor while results are read.

    Args:
        content: The file.
        pictures: (H, W, 3) RGB pixels 0 to 255.
        read: Given an interpreter that has run; called in other threads. It must keep no view of
            a tensor.
        threads: Number of interpreters.
        every_tensor: As `open_interpreter`; every interpreter then holds every activation.
        advance: Called with the number of pictures done.

    Returns:
        What `read` returned, in the order of the pictures.
    """
    pictures = list(pictures)
    idle: SimpleQueue[Any] = SimpleQueue()
    for _ in range(min(threads, len(pictures))):
        idle.put(open_interpreter(content, 1, every_tensor))

    def run(picture):
        interpreter = idle.get()
        try:
            run_picture(interpreter, picture)
            return read(interpreter)
        finally:
            idle.put(interpreter)

    results = []
    pool = ThreadPoolExecutor(threads)
    try:
        for result in pool.map(run, pictures):
            results.append(result)
            if advance is not None:
                advance(len(results))
    finally:
        # An error or Ctrl-C must not wait for the pictures that are left.
        pool.shutdown(cancel_futures=True)
    return results
