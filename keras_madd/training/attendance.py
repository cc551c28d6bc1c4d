"""Which worker the others wait for, where one is slow."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras

# Seconds without a step after which the first worker says whom it waits for, and between two looks.
PATIENCE, EVERY = 30.0, 5.0
# Runs of one process, such as two stages, must not read each other's counts.
_runs = itertools.count()


class Attendance:
    """Counts where this worker has met the others, and finds those that are not there yet.

    Workers meet in every step, once its batch is read, and wherever they exchange something. Each
    tells the coordinator how often it has; who has met less often than the first worker is waited
    for. A lost worker breaks the sum instead, see `Devices.loss_is_named`.

    Args:
        index: Number of this worker, from 0.
        count: Workers.
        say: Called on the first worker with a line that names those it waits for.
        store: The coordinator's keys and values: what `jax.distributed` connects to.
    """

    def __init__(self, index: int, count: int, say: Callable[[str], None], store: Any):
        self._index, self._count, self._say, self._store = index, count, say, store
        self._folder = f"keras_madd/attendance/{next(_runs)}"
        self._met, self._told = 0, -1
        self._since = time.time()
        self._named: list[int] = []

    def arrive(self) -> None:
        """Say that this worker is where it meets the others."""
        self._met += 1
        self._since = time.time()
        self._named = []

    def look(self) -> None:
        """Tell the coordinator where this worker is; on the first one, name those waited for."""
        met = self._met
        if met != self._told:
            self._store.key_value_set(f"{self._folder}/{self._index}", str(met), True)
            self._told = met
        if self._index or time.time() - self._since < PATIENCE:
            return
        others = dict(self._store.key_value_dir_get(self._folder))
        behind = [
            worker
            for worker in range(1, self._count)
            if int(others.get(f"{self._folder}/{worker}", 0)) < met
        ]
        if behind and behind != self._named and met == self._met:
            self._named = behind
            names = f"worker{'s' * (len(behind) > 1)} {', '.join(map(str, behind))}"
            since = time.strftime("%H:%M:%S", time.localtime(self._since))
            self._say(f"waiting for {names} of {self._count} since {since}")

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Look every few seconds meanwhile, beside the training."""
        ended = threading.Event()

        def look_now_and_then() -> None:
            # Where the coordinator is lost, training says so.
            with contextlib.suppress(Exception):
                while not ended.wait(EVERY):
                    self.look()

        thread = threading.Thread(target=look_now_and_then, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()


class Attend(keras.callbacks.Callback):
    """Counts a batch, as soon as it is read, as a place where workers meet.

    Args:
        arrive: Called before each step.
    """

    def __init__(self, arrive: Callable[[], None]):
        super().__init__()
        self._arrive = arrive

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count it."""
        self._arrive()
