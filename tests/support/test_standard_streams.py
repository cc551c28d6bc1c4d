import contextlib
import errno
import io
import os
import sys
import threading

import pytest

from keras_madd.support.standard_streams import (
    guarded_streams,
    printable,
    standard_output_error,
    terminal,
)


def stream_to(descriptor, encoding="utf-8"):
    return io.TextIOWrapper(io.FileIO(descriptor, "w"), encoding, write_through=True)


@contextlib.contextmanager
def piped(encoding="utf-8"):
    """Makes standard output a guarded pipe; gives its other end."""
    read, write = os.pipe()
    end, stream = io.FileIO(read), stream_to(write, encoding)
    with contextlib.redirect_stdout(stream), guarded_streams():
        yield end
    stream.close()
    end.close()


def test_what_a_terminal_would_obey_is_escaped():
    with piped() as read:
        print("a\x1b[31mb\rc\x9bd\u202ee\tf")
        terminal(sys.stdout).write("\x1b[1mbar\r\n")
        assert read.read(100) == b"a\\x1b[31mb\\rc\\x9bd\\u202ee\tf\n\x1b[1mbar\r\n"


def test_a_name_in_one_line():
    assert printable("a\nerror: b\x07\tc") == "a\\nerror: b\\x07\\tc"
    assert printable("Äpfel 🍏") == "Äpfel 🍏"


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", b"caf\\udce9 \xc3\x84\n"), ("ascii", b"caf\\udce9 \\xc4\n")],
)
def test_what_cannot_be_encoded_is_escaped(encoding, expected):
    with piped(encoding) as read:
        print(os.fsdecode(b"caf\xe9"), "Ä")
        assert read.read(100) == expected


def test_each_line_comes_at_once():
    with piped() as read:
        print("first")
        assert read.read(100) == b"first\n"
        sys.stdout.buffer.write(b"\x1b bytes as they are")
        sys.stdout.buffer.flush()
        assert read.read(100) == b"\x1b bytes as they are"


def test_a_reader_that_goes_away_is_no_error_of_whoever_prints():
    with piped() as read:
        print("read")
        assert standard_output_error() is None
        read.close()
        for _ in range(3):
            print("not read")
        assert isinstance(standard_output_error(), BrokenPipeError)


def test_a_full_disk_is_remembered():
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    stream = stream_to(os.open("/dev/full", os.O_WRONLY))
    with contextlib.redirect_stdout(stream), guarded_streams():
        print("lost")
        assert standard_output_error().errno == errno.ENOSPC


def test_a_pipe_that_somebody_made_non_blocking():
    taken = bytearray()

    def take(read):
        while len(taken) < 2000 * 201:
            taken.extend(read.read(65536))

    with piped() as read:
        os.set_blocking(sys.stdout.fileno(), False)
        thread = threading.Thread(target=take, args=(read,), daemon=True)
        thread.start()
        for number in range(2000):
            print(f"{number:0200}")
        assert standard_output_error() is None
        thread.join(timeout=30)
    assert len(taken.splitlines()) == 2000


def test_streams_that_are_closed_or_somebodys_own_are_left_alone():
    own = io.StringIO()
    with contextlib.redirect_stdout(own), contextlib.redirect_stderr(None):
        with guarded_streams():
            print("kept")
            print("into nothing", file=sys.stderr)
            assert standard_output_error() is None
        assert sys.stderr is None
    assert own.getvalue() == "kept\n"
