"""Names that live elsewhere now: the old place goes on to give them, with a warning."""

import importlib
import warnings
from collections.abc import Callable, Iterable, Mapping


def moved_names(old: str, homes: Mapping[str, Iterable[str]]) -> Callable[[str], object]:
    """Return a module's `__getattr__` that finds moved names and warns.

    Args:
        old: Name of the module that they left.
        homes: For each module that holds them now, their names.
    """
    home = {name: module for module, names in homes.items() for name in names}

    def find(name: str) -> object:
        if name not in home:
            raise AttributeError(f"module {old!r} has no attribute {name!r}")
        warnings.warn(
            f"{old}.{name} is {home[name]}.{name} now; the old name goes with version 0.3.",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(importlib.import_module(home[name]), name)

    return find
