"""Names that moved or that will go: the old place gives them for one more version, and warns."""

import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping


def moved_names(
    old: str, homes: Mapping[str, Iterable[str]], instead: Mapping[str, str] | None = None
) -> Callable[[str], object]:
    """Return a module's `__getattr__` that finds old names and warns.

    Args:
        old: Name of the module that they left.
        homes: For each module that holds them now, their names.
        instead: For each name that will go altogether, what to use.
    """
    instead = instead or {}
    home = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        text = f"{old}.{name} is {home[name]}.{name} now; the old name goes with version 0.3."
        if name in instead:
            text = f"{old}.{name} goes with version 0.3; use {instead[name]}."
        warnings.warn(text, DeprecationWarning, stacklevel=2)
        return getattr(importlib.import_module(home[name]), name)

    return find
