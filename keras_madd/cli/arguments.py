"""Kinds of arguments that several commands take, and the ranges of numbers.

A number outside its range is refused before anything begins, in one line: beyond these limits are
slips of the finger, exhausted machines and native libraries that end the process.
"""

import argparse
import dataclasses
import shlex
import sys
from dataclasses import dataclass
from typing import Any, TypeVar

from keras_madd.support.files import STANDARD_OUTPUT
from keras_madd.support.standard_streams import printable

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class Range:
    """Reads a number within limits: a whole one where the limits are whole.

    Attributes:
        least: The smallest value.
        most: The largest one.
        above: Whether the smallest value itself is out.
    """

    least: float
    most: float
    above: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are taken."""
        return isinstance(self.least, int) and isinstance(self.most, int)

    def __call__(self, text: str) -> float:
        """Returns the number."""
        try:
            value = int(text) if self.is_whole else float(text)
        except ValueError:
            value = float("nan")
        if self.least <= value <= self.most and not (self.above and value == self.least):
            return value
        kind = "a whole number" if self.is_whole else "a number"
        least = f"above {self.least:g}, up" if self.above else f"from {self.least:.12g}"
        raise argparse.ArgumentTypeError(
            f"must be {kind} {least} to {self.most:.12g}. Received: {printable(text)[:40]}"
        )


COUNT = Range(1, 10**9)
COUNT_OR_NONE = Range(0, 10**9)
THREADS = Range(1, 256)
WORKERS = Range(1, 256)
SEED = Range(0, 2**32 - 1)
SIDE = Range(16, 4096)
EPOCHS = Range(1, 10**6)
BATCH = Range(1, 65_536)
RESAMPLES = Range(100, 100_000)
GALLERY = Range(0, 1_000)
SHARE = Range(0.0, 1.0)
PART = Range(1e-6, 1 - 1e-6)
SECONDS = Range(0.0, 1e9, above=True)
MARGIN = Range(0.5, 5.0)
CONTEXT = Range(1.0, 3.0)
TEMPERATURE = Range(0.01, 100.0)


def settings_of(kind: type[Settings], args: argparse.Namespace, **given: Any) -> Settings:
    """Builds the settings of a command from its options, which have the names of their fields.

    Args:
        kind: A dataclass.
        args: The options; those that are no field are passed over.
        **given: Fields in place of what the options say.
    """
    return kind(**options_of(kind, args) | given)


def options_of(kind: Any, args: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that have the name of a field of a dataclass."""
    fields = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in vars(args).items() if name in fields}


def command_line(command: str) -> str:
    """Returns how a command was called, for what it writes; scripts leave out its name."""
    arguments = sys.argv[1:]
    named = arguments if arguments[:1] == [command] else [command, *arguments]
    return shlex.join(["keras-madd", *named])


def path(text: str) -> str:
    """Reads the name of a file or folder; an empty one would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty; . is the current folder")
    return text


def folder(text: str) -> str:
    """Reads the name of a folder to write, which standard output cannot be."""
    if text == STANDARD_OUTPUT:
        raise argparse.ArgumentTypeError(
            "must be a folder; - is standard output (./- is a folder of that name)"
        )
    return path(text)


def local_folder(text: str) -> str:
    """Reads the name of a folder to write on this machine, where a bucket does not do."""
    from keras_madd.support.remote import is_remote

    if is_remote(text):
        raise argparse.ArgumentTypeError(f"must be a folder of this machine. Received: {text}")
    return folder(text)
