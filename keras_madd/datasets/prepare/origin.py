"""A data set in a bucket.

The data set's tree is built on this machine with its lists whole and its videos empty, so that
whatever reads a data set finds the tree it knows, and the plan is that of a local copy. A worker
fetches the video it is about to read, and removes it when that is done.
"""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keras_madd.datasets.sources import SourceVideo
from keras_madd.support.errors import UserError
from keras_madd.support.remote import RemoteFolder, is_remote, named_by_url

# Of the files that say what a data set holds; of all others a tree needs the names.
_LISTS = (".json", ".csv", ".txt")


@dataclass(frozen=True)
class Origin:
    """Where the files of a tree of empty ones really are.

    Attributes:
        tree: The tree on the machine that made the plan; it need not exist elsewhere.
        url: The data set's folder in the bucket.
    """

    tree: str
    url: str

    def to_json(self) -> dict:
        """Returns it as plain data."""
        return dataclasses.asdict(self)

    @contextlib.contextmanager
    def fetched(self, video: SourceVideo) -> Iterator[SourceVideo]:
        """Fetch a video's files; they are there meanwhile.

        Yields:
            The video, with the paths of the copies. What is missing in the bucket is missing there.

        Raises:
            RemoteError: The bucket cannot be read.
        """
        remote = RemoteFolder(self.url)
        with tempfile.TemporaryDirectory(prefix="keras-madd-") as folder:
            if video.frames:
                places = [self._fetch(remote, path, Path(folder)) for path in video.frames]
                yield dataclasses.replace(video, frames=tuple(places))
            else:
                assert video.path is not None
                place = self._fetch(remote, video.path, Path(folder))
                yield dataclasses.replace(video, path=place)

    def _fetch(self, remote: RemoteFolder, path: Path, folder: Path) -> Path:
        name = path.relative_to(self.tree).as_posix()
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            remote.fetch(name, place)
        except FileNotFoundError:
            # A folder of frames, or gone.
            for below in RemoteFolder(f"{self.url}/{name}").sizes():
                self._fetch(remote, path / below, folder)
        return place


@contextlib.contextmanager
def tree_of(root: str | os.PathLike) -> Iterator[tuple[Path, Origin | None]]:
    """Build a data set's tree from a bucket, for as long as it is needed.

    Args:
        root: Its folder, on this machine or in a bucket.

    Yields:
        The tree, and where its files are; None for a folder of this machine, which is its own tree.

    Raises:
        UserError: The bucket cannot be read, or there is nothing.
    """
    if not is_remote(root):
        yield Path(root), None
        return
    remote = RemoteFolder(os.fspath(root))
    sizes = remote.sizes()
    if not sizes:
        raise UserError(f"The root of the data set does not exist or is empty: {root}")
    with tempfile.TemporaryDirectory(prefix="keras-madd-") as folder:
        tree = Path(folder) / Path(remote.url).name
        for name in sizes:
            place = tree / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.suffix.lower() in _LISTS:
                remote.fetch(name, place)
            else:
                place.touch()
        with named_by_url(tree, remote.url):
            yield tree, Origin(str(tree), remote.url)
