"""Which 8-bit recipe suits a network: tried on the calibration pictures, not guessed.

Equalising the channels helps networks whose channels differ much, and costs where an activation is
capped (ReLU6); the first convolutions bear 8 bits in most networks and not in all.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_madd.exporting import activation_ranges as measure
from keras_madd.exporting.equalization import PICTURES, channel_reader, equalized_by
from keras_madd.exporting.interpreter import over_pictures
from keras_madd.exporting.litert_file import graph_of, parse
from keras_madd.exporting.quantization import Recipe, quantize_content
from keras_madd.inference.calibration import log_odds
from keras_madd.inference.model_description import FAKE_PROBABILITY

# Whether channels are equalised, and the recipe; the cheapest to run come first.
CANDIDATES = ((True, Recipe()), (False, Recipe()), (False, Recipe(shallow="float")))
# Correlation of the log-odds with the float file's that is good enough not to look further.
ENOUGH = 0.999


def int8_content(
    content: bytes,
    calibration: Sequence[np.ndarray],
    input_type: str = "float32",
    advance: Callable[[int], None] | None = None,
) -> bytes:
    """Quantise a float LiteRT file to 8 bits by the first recipe that keeps its answers.

    Args:
        content: The float file.
        calibration: Pictures that the activations' ranges are measured on, and recipes tried on.
        input_type: As `quantize_content`.
        advance: Called with the number of pictures done, of the first measurement.

    Returns:
        The file of the first good recipe; of the best one where none is good.
    """
    pictures = calibration[:PICTURES]
    # One run over the float file gives the reference, the channels and the activations.
    graph = graph_of(parse(content))
    channels_of, extremes_of = channel_reader(graph), measure.extremes_reader(graph)
    answers, channels, extremes = zip(
        *over_pictures(
            content,
            pictures,
            lambda run: (_fake_probability(run), channels_of(run), extremes_of(run)),
            every_tensor=True,
        ),
        strict=True,
    )
    reference = log_odds(np.asarray(answers))
    measured: dict[bool, tuple[bytes, dict]] = {}
    found: list[tuple[float, int, bytes]] = []
    for equal, recipe in CANDIDATES:
        if equal not in measured:
            if equal:
                ready = equalized_by(content, channels)
                found_extremes = measure.activation_extremes(ready, calibration, advance)
            else:
                ready = content
                rest = over_pictures(
                    content, calibration[PICTURES:], extremes_of, every_tensor=True
                )
                found_extremes = measure.extremes_by_name(graph, [*extremes, *rest])
            measured[equal] = ready, measure.activation_ranges(found_extremes, ready)
        ready, ranges = measured[equal]
        quantized = quantize_content(ready, recipe, ranges, input_type)
        agreement = _correlation(reference, _log_odds(quantized, pictures))
        if agreement >= ENOUGH:
            return quantized
        found.append((agreement, -len(found), quantized))
    return max(found)[2]


def _log_odds(content: bytes, pictures: Sequence[np.ndarray]) -> np.ndarray:
    return log_odds(np.asarray(over_pictures(content, pictures, _fake_probability)))


def _fake_probability(interpreter: Any) -> float:
    output = interpreter.get_signature_runner().get_output_details()[FAKE_PROBABILITY]
    return interpreter.get_tensor(output["index"]).reshape(-1)[0]


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation; that of a constant or of a single picture, which says nothing, is 0.

    That of what is no number is -1: any other file is better.
    """
    if not np.isfinite(second).all():
        return -1.0
    if len(first) < 2 or not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
