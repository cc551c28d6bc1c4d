"""How often the intervals of the AUC hold the true AUC, from 3 to 400 videos.

    python benchmarks/auc_interval.py --output benchmarks/results/auc_interval.json

Draws test sets whose true AUC is known: normal scores of equal and of unequal spread, exponential
ones, fakes of which a part is found for sure, and frames that share a half or a tenth of their
variance within a video; as many real as fake videos, and four fakes to a real one; AUC 0.6 to 0.99.
Beside the score interval of `keras_madd.evaluation` stand the percentile bootstrap over videos,
which it has replaced, and logit DeLong. An interval of a stated 95 % should hold the truth in
95 of 100 sets, whatever the setting.
"""

import argparse
import itertools
from pathlib import Path

import numpy as np
from record import write_record
from scipy.special import expit, logit
from scipy.stats import norm

from keras_madd.evaluation.auc_interval import auc_interval, placements
from keras_madd.evaluation.bootstrap import GroupedAUC, people_resamples, percentile_interval

VIDEOS, AUCS, FAKE_SHARES = (3, 10, 40, 400), (0.6, 0.8, 0.95, 0.99), (0.5, 0.8)
FRAMES, RESAMPLES = 8, 200


def normal(rng, fakes, reals, auc, fake_spread=1.0, real_spread=1.0):
    """Scores of single frames, normal with these spreads."""
    middle = norm.ppf(auc) * np.hypot(fake_spread, real_spread)
    return rng.normal(middle, fake_spread, (fakes, 1)), rng.normal(0, real_spread, (reals, 1))


def exponential(rng, fakes, reals, auc):
    """Exponential scores; Hanley and McNeil's variance is theirs."""
    return rng.exponential(auc / (1 - auc), (fakes, 1)), rng.exponential(1, (reals, 1))


def some_found(rng, fakes, reals, auc):
    """Fakes of which a part is found for sure, and the others are like reals."""
    found = rng.random((fakes, 1)) < 2 * auc - 1
    return rng.normal(0, 1, (fakes, 1)) + 100 * found, rng.normal(0, 1, (reals, 1))


def of_frames(rng, fakes, reals, auc, shared):
    """Several frames a video, which share a part of their variance."""

    def scores(count, middle):
        video, own = rng.normal(0, 1, (count, 1)), rng.normal(0, 1, (count, FRAMES))
        return middle + np.sqrt(shared) * video + np.sqrt(1 - shared) * own

    return scores(fakes, norm.ppf(auc) * np.sqrt(2)), scores(reals, 0)


SETTINGS = {
    "normal": normal,
    "normal, fakes spread three times wider": lambda *args: normal(*args, fake_spread=3.0),
    "normal, reals spread three times wider": lambda *args: normal(*args, real_spread=3.0),
    "exponential": exponential,
    "some fakes found for sure": some_found,
    "8 frames a video, half of the variance shared": lambda *args: of_frames(*args, 0.5),
    "8 frames a video, a tenth shared": lambda *args: of_frames(*args, 0.1),
}


def bootstrap(labels, scores, videos, seed):
    """The middle 95 % of resampled videos."""
    first = np.unique(videos, return_index=True)[1]
    curve = GroupedAUC(labels, scores, videos, len(first))
    draws = people_resamples(labels[first], videos[first], RESAMPLES, seed)
    return percentile_interval(np.concatenate([curve.auc(drawn) for drawn in draws]))


def logit_delong(labels, scores, videos):
    """DeLong's interval on the scale of log-odds, of one frame a video."""
    above, below = placements(labels, scores)
    auc = above.mean()
    variance = sum(each.var(ddof=1) / len(each) for each in (above, below) if len(each) > 1)
    if auc in (0, 1) or not variance:
        return auc, auc
    return expit(logit(auc) + np.array([-1.96, 1.96]) * np.sqrt(variance) / (auc * (1 - auc)))


def measure(draw, videos: int, share: float, auc: float, repeats: int) -> dict[str, list[float]]:
    """Share of intervals that hold the truth and their mean width, by kind of interval."""
    rng = np.random.default_rng(0)
    fakes = min(videos - 1, max(1, round(videos * share)))
    found: dict[str, list] = {}
    for repeat in range(repeats):
        fake, real = draw(rng, fakes, videos - fakes, auc)
        scores = np.concatenate([fake, real])
        labels = np.repeat(np.arange(videos) < fakes, scores.shape[1])
        numbers = np.repeat(np.arange(videos), scores.shape[1])
        ours = labels, scores.ravel(), numbers
        kinds = {"score interval": auc_interval(*ours), "bootstrap": bootstrap(*ours, repeat)}
        if scores.shape[1] == 1:
            kinds["logit DeLong"] = logit_delong(*ours)
        for kind, (low, high) in kinds.items():
            found.setdefault(kind, []).append((low <= auc <= high, high - low))
    return {kind: np.mean(rows, axis=0).tolist() for kind, rows in found.items()}


def main() -> None:
    """Simulate, print a table and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = []
    for videos, (name, draw) in itertools.product(VIDEOS, SETTINGS.items()):
        for share, auc in itertools.product(FAKE_SHARES if videos > 3 else (0.67,), AUCS):
            found = measure(draw, videos, share, auc, args.repeats)
            for kind, (coverage, width) in found.items():
                row = {"videos": videos, "setting": name, "fakes": share, "auc": auc}
                rows.append(row | {"kind": kind, "coverage": coverage, "width": width})
    print("| videos | interval | coverage, mean | lowest of all settings | mean width |")
    print("|---|---|---|---|---|")
    for videos, kind in itertools.product(VIDEOS, ("score interval", "bootstrap", "logit DeLong")):
        chosen = [row for row in rows if (row["videos"], row["kind"]) == (videos, kind)]
        coverage = [row["coverage"] for row in chosen]
        width = np.mean([row["width"] for row in chosen])
        mean, low = np.mean(coverage), min(coverage)
        print(f"| {videos} | {kind} | {mean:.3f} | {low:.3f} | {width:.3f} |")
    result = {"repeats": args.repeats, "resamples": RESAMPLES, "rows": rows}
    write_record(args.output, result)


if __name__ == "__main__":
    main()
