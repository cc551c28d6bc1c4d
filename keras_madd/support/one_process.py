"""Native handles belong to the process that opened them."""

import os


class OneProcess:
    """Remembers the process in which an object was made.

    A process that `os.fork` or multiprocessing's "fork" makes has a copy of every object but none
    of the native threads behind it: whoever uses or closes such a copy waits for ever.

    Args:
        owner: Name of the object's class, for messages.
    """

    def __init__(self, owner: str):
        self._owner, self._process = owner, os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether this is that process."""
        return os.getpid() == self._process

    def check(self, is_open: bool) -> None:
        """Raise an error where the object is closed, or was made before a fork.

        Raises:
            RuntimeError: In either case.
        """
        if not self.is_here:
            raise RuntimeError(
                f"This {self._owner} was opened in another process, and does not survive a fork; "
                "open one in each process."
            )
        if not is_open:
            raise RuntimeError(f"This {self._owner} is closed; create another one.")
