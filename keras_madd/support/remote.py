"""Files in a bucket: `s3://BUCKET/FOLDER` and `gs://BUCKET/FOLDER`, through fsspec.

Files go over whole, one at a time, and count only when they have the size that the bucket tells.
Credentials come from where the cloud's own tools have them (environment, profile, role), never
from options. Paths of this machine never come here, and fsspec is imported by nobody else.
"""

import functools
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from keras_madd.support.errors import UserError
from keras_madd.support.files import replacing

SCHEMES = ("s3", "gs")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
# Beside the tries of the cloud's own library.
TRIES, FIRST_PAUSE = 4, 1.0
Result = TypeVar("Result")


class RemoteError(UserError):
    """A bucket that cannot be used; the message says why."""


def is_remote(path: str | os.PathLike) -> bool:
    """Whether a path is one of a bucket.

    Raises:
        UserError: It is an address of another kind, which would be taken for a folder's name.
    """
    scheme = _SCHEME.match(os.fspath(path))
    if scheme and scheme[1] not in SCHEMES:
        raise UserError(
            f"{path}: addresses begin with s3:// or gs://; there is no way to read {scheme[0]}"
        )
    return scheme is not None


def user_cache() -> Path:
    """The folder of this user's cache that belongs to the package."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "keras-madd"


def cache_folder(url: str, kind: str) -> Path:
    """The folder of this user's cache that stands for a folder in a bucket."""
    name = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:16]
    return user_cache() / kind / name


class RemoteFolder:
    """A folder in a bucket.

    Args:
        url: `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.

    Raises:
        UserError: The library for it is not installed.
    """

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self._path = self.url.partition("://")[2]
        if not self._path.strip("/"):
            raise UserError(f"{url}: there is no bucket in it; it must be like s3://BUCKET/FOLDER.")
        self._files = _file_system(self.url.partition("://")[0])

    def sizes(self) -> dict[str, int]:
        """Every file below, by its path from here, with its bytes.

        A bucket's names need not be paths: `a//b`, `../a` and the like are left out.

        Raises:
            RemoteError: There is no such bucket, it may not be read or cannot be reached.
        """
        found = self._try(lambda: self._files.find(self._path, detail=True), self.url)
        start = len(self._path) + 1
        return {
            name[start:]: facts["size"]
            for name, facts in sorted(found.items())
            if name.startswith(f"{self._path}/") and _is_path(name[start:])
        }

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to this machine, whole or not at all; replaces what is there.

        Raises:
            FileNotFoundError: There is none.
            RemoteError: It cannot be had.
        """
        source = f"{self._path}/{name}"

        def copy() -> None:
            size = self._info(source)["size"]
            with replacing(target, overwrite=True) as temporary:
                self._files.get_file(source, str(temporary))
                if (found := temporary.stat().st_size) != size:
                    raise OSError(f"{found} of {size} bytes came")

        self._try(copy, f"{self.url}/{name}", missing=False)

    def put(self, source: Path, name: str) -> None:
        """Copy a file into the bucket, where it appears when it is whole.

        Raises:
            RemoteError: It cannot be written.
        """
        target, size = f"{self._path}/{name}", source.stat().st_size

        def copy() -> None:
            self._files.put_file(str(source), target)
            if (found := self._info(target)["size"]) != size:
                raise OSError(f"{found} of {size} bytes arrived")

        self._try(copy, f"{self.url}/{name}")

    def remove(self, name: str) -> None:
        """Remove a file, if it is there.

        Raises:
            RemoteError: It cannot be removed.
        """
        place = f"{self._path}/{name}"

        def remove() -> None:
            if self._files.exists(place):
                self._files.rm_file(place)

        self._try(remove, f"{self.url}/{name}")

    def _info(self, place: str) -> dict:
        self._files.invalidate_cache()
        return self._files.info(place)

    def _try(self, action: Callable[[], Result], what: str, missing: bool = True) -> Result:
        """Do something, again after a pause where that may help."""
        pause = FIRST_PAUSE
        for tries_left in reversed(range(TRIES)):
            try:
                self._files.invalidate_cache()
                return action()
            except FileNotFoundError as error:
                if not missing:
                    raise
                raise RemoteError(f"{what}: there is no such bucket or folder.") from error
            except UserError:
                raise
            except Exception as error:
                if isinstance(error, PermissionError) or "Credentials" in type(error).__name__:
                    raise RemoteError(
                        f"{what}: no permission ({_line(error)}). Credentials are taken from where "
                        "the cloud's own tools look for them: the environment, a profile, or the "
                        "machine's role."
                    ) from error
                if not tries_left:
                    raise RemoteError(
                        f"{what}: {TRIES} tries failed, the last with {_line(error)}."
                    ) from error
            time.sleep(pause)
            pause *= 2
        raise AssertionError


@contextmanager
def named_by_url(local: Path, url: str) -> Iterator[None]:
    """Errors within speak of the folder in the bucket, not of the one that stands for it."""
    try:
        yield
    except UserError as error:
        raise type(error)(str(error).replace(str(local), url.rstrip("/"))) from error


@functools.cache
def _file_system(scheme: str) -> Any:
    try:
        import fsspec

        return fsspec.filesystem(scheme)
    except ImportError as error:
        raise UserError(
            f"{scheme}:// needs another library: pip install 'keras-madd[cloud]'. "
            f"Its import says: {error}"
        ) from None


def _is_path(name: str) -> bool:
    """Whether a bucket's name is that of a file below the folder."""
    return not {"", ".", ".."}.intersection(name.split("/"))


def _line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__
