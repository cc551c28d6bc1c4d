"""Writing files so that a half-written one never stands under its final name."""

import os
import tempfile
from collections.abc import Iterator
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
