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
"""

from collections import OrderedDict
from dataclasses import dataclass

from keras_madd.inference.calibration import log_odds, sigmoid

DEFAULT_ALPHA = 0.1
MIN_FRAMES = 5
# Distance of both levels from the threshold.
HALF_BAND = 0.05
# States are kept of as many tracks as were seen last; few pictures show more faces at a time.
_MOST_TRACKS = 64

REAL, FAKE, UNSURE = "real", "fake", "unsure"


@dataclass(frozen=True)
class SmoothedScore:
    """What a `ScoreSmoother` says of a track after an observation.

    Attributes:
        probability: Smoothed probability of being fake, 0 to 1.
        verdict: `"real"`, `"fake"` or `"unsure"`.
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
        self.alpha, self.on, self.off, self.min_frames = alpha, on, off, min_frames
        self._states: OrderedDict[int, tuple[int, float, str]] = OrderedDict()

    @classmethod
    def for_threshold(cls, threshold: float, **settings: float) -> "ScoreSmoother":
        """Returns a smoother whose two levels lie about a threshold, 0 to 1."""
        return cls(
            on=min(threshold + HALF_BAND, (threshold + 1) / 2),
            off=max(threshold - HALF_BAND, threshold / 2),
            **settings,
        )

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
        observed = log_odds(probability)
        frames, smoothed, verdict = self._states.pop(track, (0, 0.0, UNSURE))
        frames += 1
        smoothed += max(self.alpha, 1 / frames) * (observed - smoothed)
        shown = sigmoid(smoothed)
        if frames >= self.min_frames:
            if shown >= self.on:
                verdict = FAKE
            elif shown <= self.off:
                verdict = REAL
        self._states[track] = frames, smoothed, verdict
        if len(self._states) > _MOST_TRACKS:
            self._states.popitem(last=False)
        return SmoothedScore(shown, verdict, frames)
