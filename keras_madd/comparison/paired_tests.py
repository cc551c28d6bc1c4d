"""What an experiment's arms reach on each data set, and which differences are beyond chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from keras_madd.comparison.arms import ArmRun
from keras_madd.evaluation.compare import compare_videos, holm
from keras_madd.evaluation.protocol import Protocol
from keras_madd.evaluation.video_runs import VideoRuns, videos_of


def paired_tests(
    runs: Mapping[str, Sequence[ArmRun]], protocol: Protocol, advance: Callable[[int, int], None]
) -> tuple[dict[str, dict], list[dict]]:
    """Test every arm on every data set, and every two arms against each other.

    Args:
        runs: Arm to its runs, one for each seed.
        protocol: How frames become videos.
        advance: Called with the pairs done and all of them.

    Returns:
        Arm to data set to `videos`, `video_auc` and `methods`, the AUCs of `VideoRuns.auc`; and
        for each data set and two arms a `Comparison` with `dataset`, `models` and `holm_p`, for
        which all pairs of a data set are one family of tests.
    """
    arms = {
        name: videos_of([run.scores() for run in each], protocol) for name, each in runs.items()
    }
    tests = {
        name: {
            dataset: _aucs(videos)
            for dataset, videos in datasets.items()
            if videos.has_both_classes
        }
        for name, datasets in arms.items()
    }
    names, pairs = list(arms), []
    couples = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    for done, (one, other) in enumerate(couples, start=1):
        found = compare_videos(arms[one], arms[other], protocol)
        pairs += [
            {"dataset": dataset, "models": [one, other], **asdict(each)}
            for dataset, each in found.items()
        ]
        advance(done, len(couples))
    for dataset in dict.fromkeys(pair["dataset"] for pair in pairs):
        family = [pair for pair in pairs if pair["dataset"] == dataset]
        for pair, p in zip(family, holm([each["delong_p"] for each in family]), strict=True):
            pair["holm_p"] = p
    return tests, pairs


def _aucs(videos: VideoRuns) -> dict[str, Any]:
    kinds = sorted(set(videos.methods[videos.labels].tolist()))
    return {
        "videos": len(videos.labels),
        "video_auc": videos.auc(),
        "methods": {
            kind: videos[~videos.labels | (videos.methods == kind)].auc() for kind in kinds
        },
    }
