"""Smoothing against golden vectors from 50-digit decimal arithmetic, and its limit cases.

`python tests/inference/test_smoothing.py` writes the golden vectors anew, from the decimal
arithmetic and not from the code under test. The phone's twin reads the same file.
"""

import itertools
import json
import math
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from keras_madd.inference.smoothing import ScoreSmoother

GOLDEN = Path(__file__).parents[1] / "golden" / "smoothing.json"
LEAST = 1e-7
EXPLANATION = (
    "Observations in order; after each, the smoothed probability (within 1e-12), the verdict and "
    "the number of the track's observations. The arithmetic is written out in "
    "keras_madd/inference/smoothing.py. Written by tests/inference/test_smoothing.py."
)


def cases():
    """Yields name, settings and (track, probability) pairs."""
    usual = {"alpha": 0.1, "on": 0.55, "off": 0.45, "min_frames": 5}
    rng = np.random.default_rng(5)
    noisy = rng.uniform(0, 1, 60).round(4).tolist()
    drift = (0.5 + 0.45 * np.sin(np.arange(80) / 9)).round(4).tolist()
    tracks = rng.integers(0, 4, 60).tolist()
    yield "constant_fake", usual, [(0, 0.93)] * 8
    yield "constant_real", usual, [(0, 0.08)] * 8
    yield "undecided", usual, [(0, 0.5)] * 8
    yield "between_the_levels_keeps_the_verdict", usual, [(0, 0.9)] * 6 + [(0, 0.5)] * 60
    yield "fake_turns_real", usual, [(0, 0.97)] * 10 + [(0, 0.05)] * 30
    yield "noise", usual, [(0, value) for value in noisy]
    yield "drift", usual | {"alpha": 0.3}, [(0, value) for value in drift]
    yield "several_tracks", usual, list(zip(tracks, noisy, strict=True))
    yield "clamped", usual, [(0, value) for value in (1.0, 0.0, 1.0, 1.0, 1e-9, 0.3, 1 - 1e-9)]
    yield "no_memory", usual | {"alpha": 1.0, "min_frames": 1}, [(7, v) for v in noisy[:10]]
    yield "other_levels", usual | {"on": 0.93, "off": 0.83}, [(0, 0.9)] * 6 + [(0, 0.97)] * 9


def word_cases():
    """The same with the levels of `"no trace found"`."""
    usual = {"alpha": 0.1, "on": 0.75, "off": 0.65, "clear_on": 0.25, "clear_off": 0.35}
    usual |= {"min_frames": 5}
    rng = np.random.default_rng(6)
    noisy = rng.uniform(0, 1, 60).round(4).tolist()
    drift = (0.5 + 0.48 * np.sin(np.arange(90) / 9)).round(4).tolist()
    yield "constant_fake", usual, [(0, 0.93)] * 8
    yield "constant_clear", usual, [(0, 0.08)] * 8
    yield "constant_uncertain", usual, [(0, 0.5)] * 8
    yield "fake_is_kept_and_then_lost", usual, [(0, 0.97)] * 6 + [(0, 0.5)] * 40
    yield "clear_is_kept_and_then_lost", usual, [(0, 0.03)] * 6 + [(0, 0.5)] * 40
    yield "fake_turns_clear", usual, [(0, 0.97)] * 10 + [(0, 0.02)] * 40
    yield "noise", usual, [(0, value) for value in noisy]
    yield "drift", usual | {"alpha": 0.4}, [(0, value) for value in drift]
    no_band = usual | {"alpha": 0.5, "on": 0.55, "off": 0.45, "clear_on": 0.45, "clear_off": 0.55}
    yield "no_band", no_band, [(0, value) for value in drift]


def exact_verdict(shown, before, levels):
    on, off, clear_on, clear_off = levels
    if shown >= on:
        return "fake"
    if clear_on is None:
        return "real" if shown <= off else before
    if shown <= clear_on:
        return "no trace found"
    if (before == "fake" and shown > off) or (before == "no trace found" and shown < clear_off):
        return before
    return "uncertain"


def exact_steps(settings, observations):
    """The rule in 50 digits; refuses observations that land on a level, where rounding decides."""
    levels = [settings.get(key) for key in ("on", "off", "clear_on", "clear_off")]
    levels = [None if level is None else Decimal(level) for level in levels]
    alpha = Decimal(settings["alpha"])
    least = Decimal(LEAST)
    states = {}
    with localcontext(prec=50):
        for track, probability in observations:
            count, smoothed, verdict = states.get(track, (0, Decimal(0), "unsure"))
            kept = min(max(Decimal(probability), least), Decimal(1 - LEAST))
            count += 1
            gain = max(alpha, Decimal(1) / count)
            smoothed += gain * ((kept / (1 - kept)).ln() - smoothed)
            shown = 1 / (1 + (-smoothed).exp())
            assert min(abs(shown - level) for level in levels if level) > Decimal("1e-9")
            if count >= settings["min_frames"]:
                verdict = exact_verdict(shown, verdict, levels)
            states[track] = count, smoothed, verdict
            yield {
                "track": track,
                "probability": probability,
                "smoothed": float(shown),
                "verdict": verdict,
                "frames": count,
            }


def golden_text():
    levels = []
    word_levels = []
    for threshold in (0.0, 0.02, 0.05, 0.3, 0.5, 0.62, 0.95, 0.98, 1.0):
        on = min(threshold + 0.05, (threshold + 1) / 2)
        off = max(threshold - 0.05, threshold / 2)
        levels.append({"threshold": threshold, "on": on, "off": off})
    for threshold, clear in ((0.7, 0.3), (0.5, 0.5), (1.0, 0.0), (0.99, 0.02)):
        word_levels.append(
            {
                "threshold": threshold,
                "clear_threshold": clear,
                "on": min(threshold + 0.05, (threshold + 1) / 2),
                "off": max(threshold - 0.05, threshold / 2),
                "clear_on": max(clear - 0.05, clear / 2),
                "clear_off": min(clear + 0.05, (clear + 1) / 2),
            }
        )
    return (
        f'{{"explanation": {json.dumps(EXPLANATION)},\n"levels": {json.dumps(levels)},\n'
        f'"cases": [\n{_lines(cases())}\n],\n"word_levels": {json.dumps(word_levels)},\n'
        f'"word_cases": [\n{_lines(word_cases())}\n]}}\n'
    )


def _lines(chosen):
    found = [
        {"name": name, **settings, "steps": list(exact_steps(settings, observations))}
        for name, settings, observations in chosen
    ]
    return ",\n".join(
        json.dumps({key: value for key, value in case.items() if key != "steps"})[:-1]
        + ', "steps": [\n'
        + ",\n".join(json.dumps(step) for step in case["steps"])
        + "]}"
        for case in found
    )


def golden():
    return json.loads(GOLDEN.read_text())


def test_the_golden_file_is_what_the_generator_writes():
    assert GOLDEN.read_text() == golden_text()


@pytest.mark.parametrize("kind", ["cases", "word_cases"])
def test_golden_vectors(kind):
    for case in golden()[kind]:
        levels = ("alpha", "on", "off", "min_frames", "clear_on", "clear_off")
        smoother = ScoreSmoother(**{key: case[key] for key in levels if key in case})
        for step in case["steps"]:
            score = smoother.update(step["track"], step["probability"])
            assert score.probability == pytest.approx(step["smoothed"], abs=1e-12, rel=0)
            assert (score.verdict, score.frames) == (step["verdict"], step["frames"]), case["name"]


@pytest.mark.parametrize("kind", ["levels", "word_levels"])
def test_levels_about_thresholds(kind):
    for row in golden()[kind]:
        smoother = ScoreSmoother.for_threshold(row["threshold"], row.get("clear_threshold"))
        for level in ("on", "off", "clear_on", "clear_off"):
            assert getattr(smoother, level) == pytest.approx(row.get(level), abs=1e-15)


def test_the_first_observations_are_averaged_in_log_odds():
    smoother = ScoreSmoother(alpha=0.01)
    values = [0.9, 0.2, 0.6]
    for value in values:
        score = smoother.update(0, value)
    mean = np.mean([math.log(value / (1 - value)) for value in values])
    assert score.probability == pytest.approx(1 / (1 + math.exp(-mean)), abs=1e-12)


def test_verdicts_flicker_less_than_scores():
    rng = np.random.default_rng(0)
    raw = (rng.normal(0.5, 0.2, 300).clip(0.01, 0.99)).tolist()
    smoother = ScoreSmoother()
    verdicts = [smoother.update(0, value).verdict for value in raw]
    changes = sum(a != b for a, b in itertools.pairwise(verdicts))
    raw_changes = sum((a >= 0.5) != (b >= 0.5) for a, b in itertools.pairwise(raw))
    assert raw_changes > 100
    assert changes < raw_changes / 10


def test_tracks_that_are_gone_are_forgotten():
    smoother = ScoreSmoother()
    for track in range(1000):
        smoother.update(track, 0.5)
        assert smoother.update(-1, 0.9).frames == track + 1
    assert smoother.update(5, 0.5).frames == 1
    assert smoother.update(999, 0.5).frames == 2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 0}, "`alpha`.*Received: alpha=0"),
        ({"alpha": 1.1}, "`alpha`"),
        ({"on": 0.4}, "`off` and `on`.*Received: on=0.4, off=0.45"),
        ({"on": 1.2}, "`off` and `on`"),
        ({"off": -0.1}, "`off` and `on`"),
        ({"min_frames": 0}, "`min_frames`"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ValueError, match=message):
        ScoreSmoother(**settings)


@pytest.mark.parametrize("value", [float("nan"), -0.1, 1.1])
def test_probabilities_are_checked(value):
    with pytest.raises(ValueError, match="`probability`"):
        ScoreSmoother().update(0, value)


if __name__ == "__main__":
    GOLDEN.write_text(golden_text())
