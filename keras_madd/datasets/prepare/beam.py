"""Workers of an Apache Beam runner: Dataflow, Flink, Spark, or Beam's own on this machine.

The pipeline is: groups of videos, dealt out anew; each made into its piece; pieces brought
together by shard; shards assembled. Every machine must see the data set and the output folder
under the same paths (a network file system or a mounted bucket) and have this package. A runner
that tries a step twice, or all steps from the beginning, finds what is done and makes no more
than the rest.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from keras_madd.datasets.prepare.folder import PrepareFolder, assemble_shard, shard_is_finished
from keras_madd.datasets.prepare.group import Group, read_piece
from keras_madd.datasets.prepare.group_worker import GroupWorker
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.plan import Shard
from keras_madd.datasets.prepare.settings import PrepareSettings
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
        folder: The output folder.
        pieces: Where pieces go.
        origin: Where the videos' files are, if not under their paths.
    """

    def __init__(self, settings: dict, folder: str, pieces: str, origin: Origin | None = None):
        super().__init__()
        self._origin = origin
        self._settings, self._folder, self._pieces = settings, folder, pieces
        self._worker: GroupWorker | None = None

    def process(self, element: tuple[str, str]) -> Iterator[tuple[str, str]]:
        """Takes a shard's name and a group in JSON; gives the shard's name and the piece's."""
        shard, text = element
        group = Group.from_json(json.loads(text))
        finished = shard_is_finished(Path(self._folder), shard)
        piece = None if finished else read_piece(Path(self._pieces), group.piece)
        if piece is not None:
            for _, line in piece[1]:
                count_videos(line)
        elif not finished:
            self._make(group)
        yield shard, group.piece

    def _make(self, group: Group) -> None:
        if self._worker is None:
            settings = PrepareSettings.from_json(self._settings)
            self._worker = GroupWorker(settings, Path(self._pieces), self._origin)
        self._worker.start(group)
        while "done" not in (message := self._worker.receive()):
            if "number" in message:
                count_videos(message["line"])

    def teardown(self) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


class AssembleShard(beam.DoFn):
    """Puts a shard together from its pieces.

    Args:
        folder: The output folder.
    """

    def __init__(self, folder: str):
        super().__init__()
        self._folder = folder

    def process(self, element: tuple[str, Iterable[str]]) -> None:
        """Takes a shard's name and those of all its pieces."""
        shard, pieces = element
        assemble_shard(Path(self._folder), shard, sorted(pieces))


def run_beam(
    shards: Sequence[Shard],
    settings: PrepareSettings,
    folder: PrepareFolder,
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
        folder: Where; every worker must see it under the same path.
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
    path, pieces = str(folder.path.absolute()), str(folder.pieces.absolute())
    try:
        pipeline = beam.Pipeline(options=PipelineOptions([f"--runner={runner}", *options]))
        _ = (
            pipeline
            | "Groups" >> beam.Create(elements, reshuffle=True)
            | "Make pieces" >> beam.ParDo(MakePiece(settings.to_json(), path, pieces, origin))
            | "By shard" >> beam.GroupByKey()
            | "Assemble" >> beam.ParDo(AssembleShard(path))
        )
        watch(pipeline.run(), tally, lambda: folder.finished_lines(shards))
    except (RuntimeError, ValueError, grpc.RpcError, grpc.FutureTimeoutError) as error:
        # What a job server's line says is long; its details are what a person can read.
        says = error.details() if isinstance(error, grpc.Call) else str(error)
        last = ((says or "").strip() or type(error).__name__).splitlines()[-1]
        raise UserError(
            f"The Beam pipeline failed: {last}. What is done is kept; the same command "
            "goes on from there."
        ) from error
