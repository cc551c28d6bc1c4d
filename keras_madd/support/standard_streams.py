"""Standard output and error of a command, whatever is at their other end.

A reader that goes away, a full disk or a closed terminal must not turn into an error of the file
in work: what cannot be written is left out, and `standard_output_error` tells of it. What a
terminal would obey (control characters in file names) or cannot show (a name that is not UTF-8) is
written as an escape.
"""

import contextlib
import io
import os
import re
import select
import sys
from collections.abc import Iterator
from typing import TextIO, cast

# All that is not printed but obeyed, but for the line break and the tabulator.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: object) -> str:
    """Returns text of one line without control characters, such as a file's name to print."""
    return _escaped(str(text)).replace("\n", "\\n").replace("\t", "\\t")


def standard_output_error() -> OSError | None:
    """Returns why standard output takes nothing any more: its reader is gone, a disk is full."""
    return getattr(sys.stdout, "error", None)


def terminal(stream: TextIO) -> TextIO:
    """Returns a stream that lets control characters pass, for progress bars."""
    return cast(TextIO, _Unescaped(stream)) if isinstance(stream, _Escaping) else stream


@contextlib.contextmanager
def guarded_streams() -> Iterator[None]:
    """Guard `sys.stdout` and `sys.stderr`; a stream that somebody replaced stays as it is."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(_guarded, before)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _guarded(stream: TextIO | None) -> TextIO:
    if stream is None:  # Closed from the start, as by `>&-`.
        return _Escaping(_PatientFile(None), "utf-8")
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)  # Without a buffer where Python was told so.
    if not isinstance(file, io.FileIO):
        return stream
    stream.flush()
    return _Escaping(_PatientFile(file.fileno()), stream.encoding)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class _PatientFile(io.RawIOBase):
    """A file that swallows what cannot be written, and remembers why."""

    def __init__(self, descriptor: int | None):
        # A descriptor of its own: the other one is native code's, and may be sent elsewhere.
        self._descriptor = None if descriptor is None else os.dup(descriptor)
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._descriptor is not None and os.isatty(self._descriptor)

    def fileno(self) -> int:
        if self._descriptor is None:
            raise io.UnsupportedOperation("fileno")
        return self._descriptor

    def write(self, content) -> int:
        if self._descriptor is None or self.error is not None:
            return len(content)
        try:
            return os.write(self._descriptor, content)
        except BlockingIOError:  # Somebody else's setting of a shared pipe.
            select.select([], [self._descriptor], [])
            return 0
        except OSError as error:
            self.error = error
            return len(content)

    def close(self) -> None:
        if not self.closed and self._descriptor is not None:
            os.close(self._descriptor)
        super().close()


class _Escaping(io.TextIOWrapper):
    """Text with its control characters escaped, flushed at the end of each line."""

    def __init__(self, file: _PatientFile, encoding: str):
        super().__init__(
            io.BufferedWriter(file), encoding, errors="backslashreplace", line_buffering=True
        )
        self._file = file

    @property
    def error(self) -> OSError | None:
        return self._file.error

    def write(self, text: str) -> int:
        super().write(_escaped(text))
        return len(text)


class _Unescaped:
    """The same stream, its control characters as they are."""

    def __init__(self, stream: _Escaping):
        self._stream = stream

    def write(self, text: str) -> int:
        return io.TextIOWrapper.write(self._stream, text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
