"""Steps of a pipeline that work at the same time, each in a thread of its own."""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class InThread(Generic[Item]):
    """Iterates over something in another thread, a little ahead of whoever uses it.

    What native code does there (decoding, finding faces, the network) runs beside the user's own.
    An exception in the thread is raised where the items are used. Use it in a `with` statement or
    call `close()`, which ends the thread.

    Args:
        items: What to iterate over. A generator is closed in the thread where it runs.
        ahead: Items that may wait; the thread pauses then.
        newest_only: Whether the thread never pauses and a newer item replaces one that waits.
            `ahead` must be 1.

    Attributes:
        dropped: Number of items that were replaced by newer ones.
    """

    def __init__(self, items: Iterable[Item], ahead: int = 1, newest_only: bool = False):
        if ahead < 1 or (newest_only and ahead > 1):
            raise ValueError(
                "Argument `ahead` must be 1 or more, and 1 with `newest_only`. "
                f"Received: ahead={ahead}"
            )
        self.dropped = 0
        self._items, self._ahead, self._newest_only = items, ahead, newest_only
        self._waiting: list[Item] = []
        self._changed = threading.Condition()
        self._finished = self._stopped = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="keras_madd", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._finished or self._stopped)
            if self._waiting:
                item = self._waiting.pop(0)
                self._changed.notify_all()
                return item
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            raise StopIteration

    def close(self) -> None:
        """Ends the thread and waits for it. Closing twice is harmless."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join()

    def __enter__(self) -> "InThread[Item]":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _work(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:
            self._error = error
        finally:
            close: Callable[[], None] | None = getattr(self._items, "close", None)
            if close is not None:
                try:
                    close()
                except Exception as error:
                    self._error = self._error or error
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        """Hands an item over; False where nobody wants any more."""
        with self._changed:
            if self._newest_only:
                self.dropped += len(self._waiting)
                self._waiting.clear()
            else:
                self._changed.wait_for(lambda: len(self._waiting) < self._ahead or self._stopped)
            if self._stopped:
                return False
            self._waiting.append(item)
            self._changed.notify_all()
            return True
