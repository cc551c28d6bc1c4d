"""The arguments that say on which devices, and with which other processes, a command trains."""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator

from keras_madd.cli.arguments import Range
from keras_madd.training.workers import Workers, join_workers, workers_of

_MOST = 65_536
_LOST = (
    "error: worker {index} of {count} has ended without a word: it was killed, or another worker "
    "was lost. Finished epochs are safe: start all workers again with --resume."
)


def add_device_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    group = parser.add_argument_group("devices")
    group.add_argument(
        "--devices",
        type=_devices,
        metavar="N|all",
        help="devices of this host that share each batch (default: 1)",
    )
    group.add_argument(
        "--coordinator",
        metavar="HOST:PORT",
        help="train with other hosts (JAX): address of worker 0, or env for what Slurm, Kubernetes "
        "or Vertex AI have set",
    )
    group.add_argument("--workers", type=Range(1, _MOST), metavar="N", help="processes in all")
    group.add_argument(
        "--worker", type=Range(0, _MOST), metavar="I", help="number of this one, from 0"
    )


def workers_asked(args: argparse.Namespace) -> Workers | None:
    """Return the workers that a command line and the environment name; `None`: there are none.

    Raises:
        UserError: If something is missing or cannot work.
    """
    coordinator, count, index = (
        getattr(args, name, None) for name in ("coordinator", "workers", "worker")
    )
    return workers_of(coordinator or "", count, index, os.environ)


@contextlib.contextmanager
def joined(workers: Workers | None) -> Iterator[None]:
    """Train together with the other workers inside; without any, do nothing.

    A lost worker ends the process with status 2 and a line about it, also where JAX aborts it.
    """
    if workers is None:
        yield
        return
    from keras_madd.support.last_words import last_words

    lost = False
    with last_words(_LOST.format(index=workers.index, count=workers.count)):
        try:
            join_workers(workers)
            yield
        except Exception as error:
            from keras_madd.training.devices import WorkerLostError

            if not isinstance(error, WorkerLostError):
                raise
            # Said in here: JAX may abort the process the next moment.
            print(f"error: {error}", file=sys.stderr, flush=True)
            sys.stdout.flush()
            lost = True
    if lost:
        # Ending in order would wait for the lost one.
        os._exit(2)


def _devices(text: str) -> int | str:
    return text if text == "all" else int(Range(1, _MOST)(text))
