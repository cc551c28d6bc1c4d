"""Looking at a Beam pipeline while it runs: its progress, and whether too many videos fail."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.runners.runner import PipelineState

from keras_madd.datasets.prepare.tally import Tally

NAMESPACE = "keras_madd"
VIDEOS, FAILED, FACES = "videos", "failed", "faces"
WAIT_SECONDS = 1.0


def count_videos(line: dict) -> None:
    """Count a video, in a worker of the runner, in the metrics that the runner shows.

    Args:
        line: The video's line of the manifest.
    """
    Metrics.counter(NAMESPACE, VIDEOS).inc()
    Metrics.counter(NAMESPACE, FACES).inc(line["crops"])
    if line["status"] == "failed":
        Metrics.counter(NAMESPACE, FAILED).inc()


def watch(result: Any, tally: Tally, finished_lines: Callable[[], list]) -> None:
    """Wait for a pipeline to end, showing how far it is.

    A runner's counters count twice what is tried twice, so they only tell when to look
    into the folder, which knows: a pipeline is cancelled because of what is in it. It is cancelled
    on Ctrl-C too.

    Args:
        result: What `Pipeline.run` returned; a Beam `PipelineResult`.
        tally: Counts of the run so far.
        finished_lines: Reads number and line of the manifest of every video done in this run.

    Raises:
        UserError: Too many videos failed.
        RuntimeError: The pipeline failed.
    """
    suspected = 0
    try:
        while not PipelineState.is_terminal(result.state):
            # Not `wait_until_finish` with a duration: each call of it leaves threads behind.
            time.sleep(WAIT_SECONDS)
            counts = read_counts(result)
            tally.advance(counts[VIDEOS], counts[FACES])
            if counts[FAILED] > suspected and tally.would_stop(counts[FAILED]):
                suspected = counts[FAILED]
                tally.check(finished_lines())
    except BaseException:
        with contextlib.suppress(Exception):
            result.cancel()
        raise
    result.wait_until_finish()
    # Some runners tell only now.
    counts = read_counts(result)
    tally.advance(counts[VIDEOS], counts[FACES])


def read_counts(result: Any) -> dict[str, int]:
    """Reads a runner's counters; 0 each where it does not tell."""
    counts = dict.fromkeys((VIDEOS, FAILED, FACES), 0)
    if hasattr(result, "_metrics"):
        result._metrics = None  # Otherwise a portable runner's result asks only once.
    with contextlib.suppress(NotImplementedError, AttributeError):
        found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))
        for counter in found["counters"]:
            number = max(counter.attempted or 0, counter.committed or 0)
            counts[counter.key.metric.name] += number
    return counts
