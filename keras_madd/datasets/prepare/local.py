"""Workers on this machine."""

from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import wait

from keras_madd.datasets.prepare.folder import PrepareFolder, assemble_shard, cannot_write
from keras_madd.datasets.prepare.group import Group, read_piece
from keras_madd.datasets.prepare.group_worker import GroupWorker
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.plan import Shard
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.prepare.tally import Tally


def run_local(
    shards: Sequence[Shard],
    settings: PrepareSettings,
    folder: PrepareFolder,
    workers: int,
    tally: Tally,
    origin: Origin | None = None,
) -> None:
    """Make shards with worker processes.

    Args:
        shards: What is still to be made.
        settings: What is done with videos.
        folder: Where.
        workers: Number of processes.
        tally: Counts.
        origin: Where the videos' files are, if not here.

    Raises:
        UserError: Too many videos failed, or the shards cannot be written.
    """
    shard_of = {group.piece: shard for shard in shards for group in shard.groups}
    open_groups = {shard.name: len(shard.groups) for shard in shards}
    waiting: deque[Group] = deque()

    def finished(piece: str) -> None:
        shard = shard_of[piece]
        open_groups[shard.name] -= 1
        if not open_groups[shard.name]:
            try:
                assemble_shard(folder.path, shard.name, [group.piece for group in shard.groups])
            except OSError as error:
                raise cannot_write(error) from None

    for shard in shards:
        for group in shard.groups:
            piece = read_piece(folder.pieces, group.piece)
            if piece is None:
                waiting.append(group)
            else:
                tally.add_finished(piece[1])
                finished(group.piece)
    idle = [GroupWorker(settings, folder.pieces, origin) for _ in range(min(workers, len(waiting)))]
    everyone = list(idle)
    try:
        while waiting or len(idle) < len(everyone):
            while waiting and idle:
                idle.pop().start(waiting.popleft())
            busy: dict[object, tuple[GroupWorker, str]] = {
                worker.connection: (worker, worker.group.piece)
                for worker in everyone
                if worker.group is not None
            }
            for connection in wait([worker.connection for worker, _ in busy.values()]):
                worker, name = busy[connection]
                message = worker.receive()
                tally.add(message)
                if "done" in message:
                    finished(name)
                    idle.append(worker)
    finally:
        for worker in everyone:
            worker.close()
