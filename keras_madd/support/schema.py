"""What a JSON file may hold: sizes, kinds and ranges of its values.

A file that describes a model or a data set decides what is computed from it, so it is believed
only within bounds. The few kinds that are needed are here: pydantic takes longer to import than
scoring a photograph, and neither it nor jsonschema bounds a number's digits or a file's nesting.
"""

import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_madd.support.errors import UserError

MOST_BYTES = 1 << 20
MOST_NESTING = 32
MOST_DIGITS = 25  # A double has 17 that count.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    Attributes:
        accepts: Whether a value is one; it may raise nothing, whatever it is given.
        wanted: In words, after "must be".
    """

    accepts: Callable[[Any], bool]
    wanted: str

    def or_null(self) -> "Kind":
        """The same, or null."""
        return Kind(lambda value: value is None or self.accepts(value), f"{self.wanted}, or null")


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""
    return Kind(
        lambda value: type(value) is int and least <= value <= most,
        f"a whole number from {least} to {most}",
    )


def number(least: float, most: float) -> Kind:
    """A number within bounds."""
    return Kind(
        lambda value: type(value) in (int, float) and least <= value <= most,
        f"a number from {least:g} to {most:g}",
    )


def text(most: int = 200, pattern: str = r"[^\x00-\x1f\x7f]*", words: str = "") -> Kind:
    """A string of so many characters that matches a pattern; by default without control ones."""
    regex = re.compile(pattern)
    return Kind(
        lambda value: isinstance(value, str) and len(value) <= most and _matches(regex, value),
        words or f"a string of {most} characters at most, without control characters",
    )


def one_of(*values: Any) -> Kind:
    """One of some values, of the same type."""
    words = [json.dumps(value) for value in values]
    listed = " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return Kind(
        lambda value: any(type(value) is type(each) and value == each for each in values), listed
    )


def boolean() -> Kind:
    """True or false."""
    return Kind(lambda value: isinstance(value, bool), "true or false")


def array(kind: Kind, least: int, most: int, words: str = "", distinct: bool = False) -> Kind:
    """A list of values of one kind."""

    def accepts(value: Any) -> bool:
        if not isinstance(value, list) or not least <= len(value) <= most:
            return False
        if not all(map(kind.accepts, value)):
            return False
        return not distinct or len({json.dumps(each) for each in value}) == len(value)

    return Kind(accepts, words or f"a list of {least} to {most} entries, each {kind.wanted}")


def table(kind: Kind, words: str = "") -> Kind:
    """An object with any keys and values of one kind."""
    key = text()
    return Kind(
        lambda value: (
            isinstance(value, dict)
            and all(key.accepts(name) and kind.accepts(each) for name, each in value.items())
        ),
        words or f"an object whose values are each {kind.wanted}",
    )


def anything() -> Kind:
    """Whatever JSON can hold; the bounds on the file hold for it."""
    return Kind(lambda value: True, "anything")


def first_misfit(values: Mapping[str, Any], kinds: Mapping[str, Kind]) -> str | None:
    """Says which value is not of its kind, or returns None.

    Args:
        values: What a file holds; keys that are not in it are passed over.
        kinds: The kind of each key.
    """
    for key, kind in kinds.items():
        if key in values and not kind.accepts(values[key]):
            return f"`{key}` must be {kind.wanted}. Received: {key}={shown(values[key])}"
    return None


def shown(value: Any) -> str:
    """Returns a value in one line of bounded length, for messages."""
    words = ascii(value)
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


def listed(names: Iterable[str]) -> str:
    """Returns names in one line of bounded length, for messages."""
    return shown(", ".join(names))[1:].rstrip("'\"")


def read_json(path: str | os.PathLike, most_bytes: int = MOST_BYTES) -> Any:
    """Reads a JSON file of bounded size, nesting and digits.

    Args:
        path: The file.
        most_bytes: Its largest size.

    Raises:
        FileNotFoundError: There is none.
        UserError: It is too large, no JSON (NaN and infinities are none), or holds a key twice,
            too many digits in a number or too many brackets in one another.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(content) > most_bytes:
        raise UserError(f"{path} is larger than {most_bytes} bytes, so it is no such file.")
    try:
        return parse_json(content.decode("utf-8"))
    except ValueError as error:
        raise UserError(f"{path} cannot be read as JSON: {' '.join(str(error).split())}") from None


def parse_json(content: str) -> Any:
    """Reads JSON text with the bounds of `read_json`.

    Raises:
        ValueError: It is no JSON, or beyond the bounds.
    """
    try:
        value = json.loads(
            content,
            parse_int=lambda digits: int(_bounded(digits)),
            parse_float=_finite,
            parse_constant=_no_constant,
            object_pairs_hook=_without_twins,
        )
        nesting: float = _nesting(value)
    except RecursionError:
        nesting = math.inf
    if nesting > MOST_NESTING:
        raise ValueError(f"more than {MOST_NESTING} brackets in one another")
    return value


def _nesting(value: Any) -> int:
    """How deep lists and objects lie in one another."""
    depth, level = 0, [value]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [
            each
            for group in level
            for each in (group.values() if isinstance(group, dict) else group)
        ]
    return depth


def _bounded(digits: str) -> str:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return digits


def _finite(digits: str) -> float:
    value = float(_bounded(digits))
    if not math.isfinite(value):
        raise ValueError(f"the number {digits} is too large")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise ValueError(f"the key {shown(name)} stands there twice")
            seen.add(name)
    return values


def _matches(regex: re.Pattern, value: str) -> bool:
    if any(0xD800 <= ord(each) < 0xE000 for each in value):
        return False  # Half a character, which no file and no terminal can hold.
    return regex.fullmatch(value) is not None
