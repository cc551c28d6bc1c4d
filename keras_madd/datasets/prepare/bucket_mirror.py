"""A run's output folder in a bucket, as the machine that starts the run sees it."""

import contextlib
from pathlib import Path

from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.datasets.prepare.folder import MANIFEST, WORK
from keras_madd.support.errors import UserError
from keras_madd.support.remote import RemoteFolder

_PLAN = f"{WORK}/plan.json"


class BucketMirror:
    """A folder of this machine that is kept like one in a bucket.

    Descriptions are copied. A shard or a piece is an empty file of its size, so that
    `PrepareFolder` finds the folder that it knows.

    Args:
        url: The folder in the bucket, `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.
        here: The folder of this machine.

    Raises:
        UserError: The library for it is not installed.
    """

    def __init__(self, url: str, here: Path):
        self._remote, self._here = RemoteFolder(url), here

    @property
    def url(self) -> str:
        """The folder in the bucket."""
        return self._remote.url

    def begin(self) -> None:
        """As `pull`, without what an earlier run may have left here.

        Raises:
            UserError: The bucket cannot be read, or the folder in it holds something else.
        """
        for path in self._files():
            path.unlink()
        self.pull()
        if self._files() and not (self._here / _PLAN).exists():
            raise UserError(
                f"The folder {self.url} is not empty, and no run of a Beam runner was begun in it."
            )

    def pull(self) -> None:
        """Make the folder here like the bucket's.

        Raises:
            RemoteError: The bucket cannot be read.
        """
        sizes = self._remote.sizes()
        for path in self._files():
            if path.relative_to(self._here).as_posix() not in sizes:
                path.unlink()
        for name, size in sizes.items():
            place = self._here / name
            if place.is_file() and place.stat().st_size == size:
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            if name.startswith(f"{WORK}/") and name.endswith(".json"):
                # A piece that was there a moment ago may be in its shard by now.
                with contextlib.suppress(FileNotFoundError):
                    self._remote.fetch(name, place)
            else:
                with place.open("wb") as file:
                    file.truncate(size)

    def push(self) -> None:
        """Remove from the bucket what is not here any more, and bring the plan there.

        Raises:
            RemoteError: The bucket cannot be written.
        """
        there = self._remote.sizes()
        # A folder with a description is a finished one: that goes first.
        for name in sorted(there, key=lambda name: name != DATASET_JSON):
            if not (self._here / name).exists():
                self._remote.remove(name)
        if _PLAN not in there:
            self._remote.put(self._here / _PLAN, _PLAN)

    def finish(self) -> None:
        """Bring the manifest and, last, the description into the bucket.

        Raises:
            RemoteError: The bucket cannot be written.
        """
        for name in (MANIFEST, DATASET_JSON):
            self._remote.put(self._here / name, name)

    def _files(self) -> list[Path]:
        lock = self._here / WORK / "lock"
        return [path for path in self._here.rglob("*") if path.is_file() and path != lock]
