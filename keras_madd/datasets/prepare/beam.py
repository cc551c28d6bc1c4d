"""Workers of an Apache Beam runner: Dataflow, Flink, Spark, or Beam's own on this machine.

The pipeline is: groups of videos, dealt out anew; each made into its piece; pieces brought
together by shard; shards assembled. Every machine must have this package and see the data set and
the output folder: in a bucket, or under the same paths on a network file system. A runner that
tries a step twice, or all steps from the beginning, finds what is done and makes no more than the
rest.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from keras_madd.datasets.prepare.group import Group
from keras_madd.datasets.prepare.group_worker import GroupWorker
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.plan import Shard
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.prepare.shared_output import shared_output
from keras_madd.datasets.prepare.tally import Tally
from keras_madd.support.errors import UserError

logging.disable(logging.WARNING)  # Beam warns of parts of Google's cloud that are not there.
try:
    import apache_beam as beam
    import grpc
    from apache_beam.options.pipeline_options import PipelineOptions

    from keras_madd.datasets.prepare.beam_watch import count_videos, watch
except ImportError as error:
    raise UserError(
        f"A Beam runner needs Apache Beam: pip install 'keras-madd[beam]'. Its import says: {error}"
    ) from None
finally:
    logging.disable(logging.NOTSET)

# What Beam calls DirectRunner first tries to fetch another program; this is the part of it that
# runs here.
_DIRECT = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"


class MakePiece(beam.DoFn):
    """Makes the piece of a group, in a process of its own that may die.

    Args:
        settings: `PrepareSettings.to_json`.
        output: The output folder; see `shared_output`.
        origin: Where the videos' files are, if not under their paths.
    """

    def __init__(self, settings: dict, output: str, origin: Origin | None = None):
        super().__init__()
        self._settings, self._output, self._origin = settings, output, origin
        self._worker: GroupWorker | None = None
        self._open: contextlib.ExitStack | None = None

    def process(self, element: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Takes a shard's name and a group in JSON; gives the shard's name and the piece's."""
        shard, text = element
        group = Group.from_json(json.loads(text))
        output = shared_output(self._output)
        finished = output.has_shard(shard)
        lines = None if finished else output.piece_lines(group.piece)
        if lines is not None:
            for _, line in lines:
                count_videos(line)
        elif not finished:
            self._make(group)
        yield shard, group.piece

    def _make(self, group: Group) -> None:
        if self._open is None:
            self._open = contextlib.ExitStack()
            place, self._put = self._open.enter_context(shared_output(self._output).making())
            settings = PrepareSettings.from_json(self._settings)
            self._worker = GroupWorker(settings, place, self._origin)
            self._open.callback(self._worker.close)
        assert self._worker is not None
        self._worker.start(group)
        while "done" not in (message := self._worker.receive()):
            if "number" in message:
                count_videos(message["line"])
        self._put(group.piece)

    def teardown(self) -> None:
        """End the process."""
        if self._open is not None:
            self._open.close()
            self._open = None


class AssembleShard(beam.DoFn):
    """Puts a shard together from its pieces.

    Args:
        output: The output folder; see `shared_output`.
    """

    def __init__(self, output: str):
        super().__init__()
        self._output = output

    def process(self, element: tuple[str, Iterable[str]]) -> None:
        """Takes a shard's name and those of all its pieces."""
        shard, pieces = element
        shared_output(self._output).assemble(shard, sorted(pieces))


def run_beam(
    shards: Sequence[Shard],
    settings: PrepareSettings,
    output: str,
    finished_lines: Callable[[], list],
    runner: str,
    workers: int,
    tally: Tally,
    arguments: Sequence[str] = (),
    origin: Origin | None = None,
) -> None:
    """Make shards with a Beam pipeline.

    Args:
        shards: What is still to be made.
        settings: What is done with videos.
        output: Where: a path that is the same on every worker, or an address in a bucket.
        finished_lines: Reads number and line of the manifest of every video done in this run.
        runner: A Beam runner's name; "DirectRunner" is this machine.
        workers: Processes of the DirectRunner.
        tally: Counts; it shows what the runner tells of its progress.
        arguments: Options of the pipeline.
        origin: Where the videos' files are, if not under their paths.

    Raises:
        UserError: The pipeline fails, or too many videos did.
    """
    options = list(arguments)
    if runner == "DirectRunner":
        runner = _DIRECT
        # Threads suffice: each has a worker process of ours.
        options = [
            f"--direct_num_workers={workers}",
            "--direct_running_mode=multi_threading",
            *options,
        ]
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    elements = [
        (shard.name, json.dumps(group.to_json())) for shard in shards for group in shard.groups
    ]
    try:
        pipeline = beam.Pipeline(options=PipelineOptions([f"--runner={runner}", *options]))
        _ = (
            pipeline
            | "Groups" >> beam.Create(elements, reshuffle=True)
            | "Make pieces" >> beam.ParDo(MakePiece(settings.to_json(), output, origin))
            | "By shard" >> beam.GroupByKey()
            | "Assemble" >> beam.ParDo(AssembleShard(output))
        )
        watch(pipeline.run(), tally, finished_lines)
    except (RuntimeError, ValueError, grpc.RpcError, grpc.FutureTimeoutError) as error:
        # What a job server's line says is long; its details are what a person can read.
        says = error.details() if isinstance(error, grpc.Call) else str(error)
        last = ((says or "").strip() or type(error).__name__).splitlines()[-1]
        raise UserError(
            f"The Beam pipeline failed: {last.rstrip('.')}. What is done is kept; the same command "
            "goes on from there."
        ) from error
