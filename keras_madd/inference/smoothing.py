"""A score that a person can read: smoothed over time, with a verdict that does not flicker.

The arithmetic, in IEEE double precision, which the phone's twin repeats;
`tests/golden/smoothing.json` holds the vectors that both are tested with, to 1e-12. A track has
three values: `n = 0` observations, smoothed log-odds `s = 0`, and the verdict "unsure". An
observation `p`, a calibrated probability, changes them so:

    n = n + 1
    z = ln(p' / (1 - p'))   with p' = min(max(p, 1e-7), 1 - 1e-7)
    g = max(alpha, 1 / n)
    s = s + g * (z - s)
    q = 1 / (1 + exp(-s))   where s >= 0, else e / (1 + e) with e = exp(s)

and then, from `n = min_frames` on, the verdict is "fake" where `q >= on`, "real" where
`q <= off`, and what it was before in between. The gain `1 / n` makes the first observations a
plain mean, so that no single first frame weighs more than the others.

The two levels of a threshold `t` lie 0.05 about it, and half-way to 0 or 1 where that is nearer:

    on = min(t + 0.05, (t + 1) / 2)        off = max(t - 0.05, t / 2)

A model with a second threshold `c`, below which no trace was found, has two more levels:

    clear_on = max(c - 0.05, c / 2)        clear_off = min(c + 0.05, (c + 1) / 2)

and from `n = min_frames` on the verdict is "fake" where `q >= on`, else "no trace found" where
`q <= clear_on`, else what it was if that is "fake" and `q > off`, or "no trace found" and
`q < clear_off`; else "uncertain".
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from keras_madd.inference.calibration import (
    FAKE,
    NO_TRACE,
    REAL,
    UNCERTAIN,
    check_probability,
    log_odds,
    sigmoid,
)

DEFAULT_ALPHA = 0.1
MIN_FRAMES = 5
# Distance of both levels from the threshold.
HALF_BAND = 0.05
# States are kept of as many tracks as were seen last; few pictures show more faces at a time.
_MOST_TRACKS = 64

# Before the first verdict.
UNSURE = "unsure"


@dataclass(frozen=True)
class SmoothedScore:
    """What a `ScoreSmoother` says of a track after an observation.

    Attributes:
        probability: Smoothed probability of being fake, 0 to 1.
        verdict: `"unsure"` at first, then one of the model's words; see `verdict_of`.
        frames: Number of observations of the track so far.
    """

    probability: float
    verdict: str
    frames: int


class ScoreSmoother:
    """Smooths the scores of tracked faces: exponentially, in log-odds, with hysteresis.

    Args:
        alpha: Weight of a new observation once the mean has settled, above 0 and at most 1; its
            inverse is the number of frames that the score remembers.
        on: Smoothed probability from which a face is called fake.
        off: Smoothed probability down from which it is called real; below `on`.
        min_frames: Observations before the first verdict.
        clear_on: In a model with the words `"uncertain"` and `"no trace found"`, the smoothed
            probability down from which no trace was found; else None.
        clear_off: That from which this no longer holds; above `clear_on`.

    Raises:
        ValueError: If an argument is out of its range.

    Example:
        >>> smoother = ScoreSmoother.for_threshold(0.5)
        >>> for _ in range(5):
        ...     score = smoother.update(track=0, probability=0.9)
        >>> score.verdict
        'fake'
    """

    def __init__(
        self,
        alpha: float = DEFAULT_ALPHA,
        on: float = 0.55,
        off: float = 0.45,
        min_frames: int = MIN_FRAMES,
        clear_on: float | None = None,
        clear_off: float | None = None,
    ):
        if not 0 < alpha <= 1:
            raise ValueError(
                f"Argument `alpha` must be above 0 and at most 1. Received: alpha={alpha}"
            )
        if not 0 <= off < on <= 1:
            raise ValueError(
                "Arguments `off` and `on` must be from 0 to 1 and `off` the smaller. "
                f"Received: on={on}, off={off}"
            )
        if min_frames < 1:
            raise ValueError(
                f"Argument `min_frames` must be 1 or more. Received: min_frames={min_frames}"
            )
        if (clear_on is None) != (clear_off is None) or (
            clear_on is not None
            and clear_off is not None
            and not (0 <= clear_on < clear_off <= 1 and clear_on <= off and clear_off <= on)
        ):
            raise ValueError(
                "Arguments `clear_on` and `clear_off` must be from 0 to 1, the first below the "
                "second, and neither above `off` and `on`; or both None. "
                f"Received: clear_on={clear_on}, clear_off={clear_off}, on={on}, off={off}"
            )
        self.alpha, self.on, self.off, self.min_frames = alpha, on, off, min_frames
        self.clear_on, self.clear_off = clear_on, clear_off
        self._states: OrderedDict[int, tuple[int, float, str]] = OrderedDict()

    @classmethod
    def for_threshold(
        cls, threshold: float, clear_threshold: float | None = None, **settings: Any
    ) -> "ScoreSmoother":
        """Returns a smoother whose levels lie about a model's thresholds, 0 to 1."""
        upper, lower = _about(threshold)
        if clear_threshold is not None:
            settings["clear_off"], settings["clear_on"] = _about(clear_threshold)
        return cls(on=upper, off=lower, **settings)

    def update(self, track: int, probability: float) -> SmoothedScore:
        """Takes one observation of a track.

        Args:
            track: The track's number.
            probability: Calibrated probability of being fake, 0 to 1.

        Returns:
            The track's smoothed score.

        Raises:
            ValueError: If the probability is not from 0 to 1.
        """
        check_probability(probability)
        observed = float(log_odds(probability))
        frames, smoothed, verdict = self._states.pop(track, (0, 0.0, UNSURE))
        frames += 1
        smoothed += max(self.alpha, 1 / frames) * (observed - smoothed)
        shown = float(sigmoid(smoothed))
        if frames >= self.min_frames:
            verdict = self._verdict(shown, verdict)
        self._states[track] = frames, smoothed, verdict
        if len(self._states) > _MOST_TRACKS:
            self._states.popitem(last=False)
        return SmoothedScore(shown, verdict, frames)

    def _verdict(self, shown: float, before: str) -> str:
        if shown >= self.on:
            return FAKE
        if self.clear_on is None or self.clear_off is None:
            return REAL if shown <= self.off else before
        if shown <= self.clear_on:
            return NO_TRACE
        kept = shown > self.off if before == FAKE else before == NO_TRACE and shown < self.clear_off
        return before if kept else UNCERTAIN


def _about(threshold: float) -> tuple[float, float]:
    """Returns the levels above and below a threshold."""
    above = min(threshold + HALF_BAND, (threshold + 1) / 2)
    return above, max(threshold - HALF_BAND, threshold / 2)
