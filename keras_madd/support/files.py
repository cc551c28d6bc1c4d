"""Finding files, and writing them so that no half-written one stands under its final name."""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on success it takes that name, else it is removed.

    The temporary file keeps the ending of `path`, which some writers insist on.

    Args:
        path: The file to write; an existing one is replaced, in one step, at the end.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # A temporary file is private; the result gets the rights any new file has.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def replace_file(path: str | os.PathLike, content: bytes) -> Path:
    """Writes a file through a temporary one beside it, and returns its path."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def find_files(
    paths: Iterable[str | os.PathLike], suffixes: Collection[str], passed_over: tuple[str, ...] = ()
) -> Iterator[Path]:
    """Yields the files named, and those of some kinds inside the folders named, by their names.

    A file is yielded whatever its ending; inside folders only those with one of `suffixes` are,
    and hidden ones are passed over.

    Args:
        paths: Files and folders.
        suffixes: Endings in small letters, such as `".png"`.
        passed_over: Ends of the names of files inside folders that are left out all the same.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if hidden or found.name.endswith(passed_over):
                continue
            if found.suffix.lower() in suffixes and found.is_file():
                yield found


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
