"""How long files take, beside each other."""

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_madd.exporting.interpreter import open_interpreter


def interleaved(
    functions: Mapping[str, Callable[[], object]], rounds: int = 30, warm_up: int = 3
) -> dict[str, list[float]]:
    """Times functions in turn, round after round, so that a drift of the machine hits all.

    Args:
        functions: Name to a function.
        rounds: Number of rounds.
        warm_up: Calls of each before the clock counts.

    Returns:
        Name to seconds, one number for each round.
    """
    for function in functions.values():
        for _ in range(warm_up):
            function()
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def ratios(seconds: Mapping[str, Sequence[float]], reference: str) -> dict[str, dict[str, float]]:
    """Sums up `interleaved`: milliseconds and the ratio to one of the functions.

    Other work on the machine only ever adds time, so a function's fastest tenth of the rounds
    tells what it takes.
    """
    typical = {
        name: statistics.mean(sorted(times)[: max(1, len(times) // 10)])
        for name, times in seconds.items()
    }
    return {
        name: {
            "milliseconds": round(1e3 * value, 3),
            "ratio": round(value / typical[reference], 4),
        }
        for name, value in typical.items()
    }


def litert_call(model: str | os.PathLike | bytes, threads: int) -> Callable[[], None]:
    """Returns a function that runs a LiteRT file, given by path or content, on one batch."""
    interpreter = open_interpreter(model, threads)
    (image,) = interpreter.get_input_details()
    # A picture, not zeros: sparse inputs are faster on some processors.
    pixels = np.random.default_rng(0).integers(0, 256, image["shape"])
    interpreter.set_tensor(image["index"], pixels.astype(image["dtype"]))
    return interpreter.invoke


def litert_latency(
    files: Mapping[str, str | os.PathLike | bytes],
    reference: str,
    threads: Sequence[int] = (1, 2),
    rounds: int = 30,
    faces: int = 1,
) -> dict[str, dict[str, dict[str, float]]]:
    """Times LiteRT files beside each other.

    Args:
        files: Name to a path or the content of a file.
        reference: The name that ratios are taken to.
        threads: Numbers of threads to measure with.
        rounds: Number of rounds.
        faces: Faces that a run scores: the files' batch size.

    Returns:
        Number of threads, as text, to name to `milliseconds` of one face and `ratio`.
    """
    table = {}
    for number in threads:
        calls = {name: litert_call(file, number) for name, file in files.items()}
        seconds = interleaved(calls, rounds)
        each = {name: [time / faces for time in times] for name, times in seconds.items()}
        table[str(number)] = ratios(each, reference)
    return table
