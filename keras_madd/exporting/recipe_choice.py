"""Which 8-bit recipe suits a network: tried on the calibration pictures, not guessed.

Equalising the channels helps networks whose channels differ much, and costs where an activation is
capped (ReLU6); the first convolutions bear 8 bits in most networks and not in all.
"""

from collections.abc import Callable, Sequence

import numpy as np

from keras_madd.exporting import activation_ranges as measure
from keras_madd.exporting.equalization import equalized
from keras_madd.exporting.interpreter import open_interpreter
from keras_madd.exporting.quantization import Recipe, quantize_content
from keras_madd.inference.calibration import log_odds
from keras_madd.inference.model_description import FAKE_PROBABILITY

# Whether channels are equalised, and the recipe; the cheapest to run come first.
CANDIDATES = ((True, Recipe()), (False, Recipe()), (False, Recipe(shallow="float")))
# Correlation of the log-odds with the float file's that is good enough not to look further.
ENOUGH = 0.999
_PICTURES = 64


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
    pictures = calibration[:_PICTURES]
    reference = _log_odds(content, pictures)
    measured: dict[bool, tuple[bytes, dict]] = {}
    found: list[tuple[float, int, bytes]] = []
    for equal, recipe in CANDIDATES:
        if equal not in measured:
            ready = equalized(content, calibration) if equal else content
            extremes = measure.activation_extremes(ready, calibration, advance)
            measured[equal] = ready, measure.activation_ranges(extremes, ready)
            advance = None
        ready, ranges = measured[equal]
        quantized = quantize_content(ready, recipe, ranges, input_type)
        agreement = _correlation(reference, _log_odds(quantized, pictures))
        if agreement >= ENOUGH:
            return quantized
        found.append((agreement, -len(found), quantized))
    return max(found)[2]


def _log_odds(content: bytes, pictures: Sequence[np.ndarray]) -> np.ndarray:
    run = open_interpreter(content).get_signature_runner()
    ((name, details),) = run.get_input_details().items()
    values = []
    for picture in pictures:
        batch = np.broadcast_to(picture, (int(details["shape"][0]), *picture.shape))
        value = run(**{name: batch.astype(details["dtype"])})[FAKE_PROBABILITY].reshape(-1)[0]
        values.append(value)
    return log_odds(np.asarray(values))


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation; that of a constant or of a single picture, which says nothing, is 0."""
    if len(first) < 2 or not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
