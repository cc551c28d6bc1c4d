"""Errors that a user can cause and mend."""

from collections.abc import Iterable
from typing import Any


class UserError(Exception):
    """A mistake in the input, told in one clear line; commands exit with status 2.

    Raise it with a message that names what is wrong and what to do about it. The command line
    prints the message without a traceback.
    """


def check_choice(name: str, value: Any, choices: Iterable[Any]) -> None:
    """Raise a `ValueError` unless an argument is one of its choices."""
    choices = list(choices)
    if value not in choices:
        raise ValueError(
            f"`{name}` must be one of {', '.join(map(str, choices))}. Received: {name}={value!r}"
        )
