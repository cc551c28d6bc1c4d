"""The output folder as the workers of a Beam runner see it: a folder in common, or a bucket.

In a bucket lies what lies in a folder: shards, and in `.prepare/` the plan, finished pieces and the
finished shards' descriptions. A worker makes a piece or a shard on its own disk and puts it there
whole, the description after what it describes.
"""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from keras_madd.datasets.prepare.folder import WORK, assemble_shard, shard_is_finished
from keras_madd.datasets.prepare.group import read_piece
from keras_madd.support.remote import RemoteFolder, is_remote, named_by_url

_SHARDS, _PIECES = f"{WORK}/shards", f"{WORK}/pieces"


class SharedFolder:
    """A folder that every worker sees under the same path.

    Args:
        place: The folder.
    """

    def __init__(self, place: str):
        self._path = Path(place)
        self._pieces = self._path / _PIECES

    def has_shard(self, name: str) -> bool:
        """Whether a shard has been put together."""
        return shard_is_finished(self._path, name)

    def piece_lines(self, piece: str) -> list | None:
        """`[number, line]` of a finished piece's videos; `None` where it is not finished."""
        found = read_piece(self._pieces, piece)
        return None if found is None else found[1]

    @contextlib.contextmanager
    def making(self) -> Iterator[tuple[Path, Callable[[str], None]]]:
        """Make pieces.

        Yields:
            Where, and what to call with a piece's name once it is made there.
        """
        yield self._pieces, lambda piece: None

    def assemble(self, name: str, pieces: Sequence[str]) -> None:
        """Put a shard together from its pieces; see `assemble_shard`."""
        assemble_shard(self._path, name, pieces)


class SharedBucket:
    """A folder in a bucket; see `SharedFolder`.

    Args:
        place: `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.

    Raises:
        UserError: The library for it is not installed.
    """

    def __init__(self, place: str):
        self._remote = RemoteFolder(place)

    def has_shard(self, name: str) -> bool:
        """Whether a shard has been put together."""
        return self._read(f"{_SHARDS}/{name}.json") is not None

    def piece_lines(self, piece: str) -> list | None:
        """`[number, line]` of a finished piece's videos; `None` where it is not finished."""
        content = self._read(f"{_PIECES}/{piece}.json")
        return None if content is None else content["lines"]

    @contextlib.contextmanager
    def making(self) -> Iterator[tuple[Path, Callable[[str], None]]]:
        """Make pieces on this worker's disk.

        Yields:
            Where, and what to call with a piece's name once it is made there.
        """
        with _scratch() as here:

            def put(piece: str) -> None:
                for name in (f"{piece}.tfrecord", f"{piece}.json"):
                    self._remote.put(here / name, f"{_PIECES}/{name}")
                    (here / name).unlink()

            yield here, put

    def assemble(self, name: str, pieces: Sequence[str]) -> None:
        """Put a shard together from its pieces on this worker's disk, as `assemble_shard` does.

        Args:
            name: Of the shard, `SPLIT-00012`.
            pieces: Names of its pieces, in order.

        Raises:
            UserError: A piece is not there, or the bucket cannot be used.
            OSError: The disk is full.
        """
        files = [f"{_PIECES}/{piece}{end}" for piece in pieces for end in (".json", ".tfrecord")]
        if not self.has_shard(name):
            with _scratch() as here:
                for below in files:
                    (here / below).parent.mkdir(parents=True, exist_ok=True)
                    with contextlib.suppress(FileNotFoundError):
                        self._remote.fetch(below, here / below)
                # Where another worker was faster, its pieces are gone.
                if not self.has_shard(name):
                    (here / _SHARDS).mkdir()
                    with named_by_url(here, self._remote.url):
                        assemble_shard(here, name, pieces)
                    for below in (f"{name}.tfrecord", f"{_SHARDS}/{name}.json"):
                        if (here / below).exists():  # A shard without a face has no records.
                            self._remote.put(here / below, below)
        for below in files:
            self._remote.remove(below)

    def _read(self, name: str) -> dict | None:
        with _scratch() as here:
            try:
                self._remote.fetch(name, here / "content")
            except FileNotFoundError:
                return None
            return json.loads((here / "content").read_bytes())


def shared_output(place: str) -> SharedFolder | SharedBucket:
    """Return what is at a path or an address.

    Raises:
        UserError: The library for a bucket is not installed.
    """
    return SharedBucket(place) if is_remote(place) else SharedFolder(place)


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="keras-madd-") as folder:
        yield Path(folder)
