"""Where a run computes: one device, several of this host, or those of several workers."""

import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.training.attendance import Attendance
from keras_madd.training.settings import TrainSettings


class WorkerLostError(UserError):
    """Another worker has ended, so that the next sum over all of them cannot be made."""


@dataclass(frozen=True)
class Devices:
    """The devices of a run, and this process's place among its workers.

    Attributes:
        replicas: Devices that share each batch, of all workers.
        index: Number of this worker, from 0.
        count: Workers.
        distribution: A strategy of `tf.distribute`, a `keras.distribution.Distribution`, or `None`.
        arrive: Called where this worker waits for the others; see `Attendance`.
    """

    replicas: int = 1
    index: int = 0
    count: int = 1
    distribution: Any = None
    arrive: Callable[[], None] = field(default=lambda: None, compare=False)

    @classmethod
    def of(cls, settings: TrainSettings) -> "Devices":
        """Return the devices that a run asks for; where there are several workers, all of them.

        Raises:
            UserError: If there are not so many, or they cannot share a batch.
        """
        asked = settings.devices
        backend = keras.backend.backend()
        if backend == "jax":
            import jax

            if jax.process_count() > 1:
                if asked not in (1, "all"):
                    raise UserError(
                        "Several workers use all devices that each of them sees. "
                        f"Received: devices={asked}"
                    )
                distribution = keras.distribution.DataParallel(auto_shard_dataset=False)
                count = jax.device_count()
                found = cls(count, jax.process_index(), jax.process_count(), distribution)
                found._check(settings)
                return found
        if asked == 1:
            return cls()
        names = _names(backend)
        number = len(names) if asked == "all" else int(asked)
        if number > len(names):
            raise UserError(
                f"There are {len(names)} devices ({', '.join(names)}). Received: devices={asked}"
            )
        if number == 1:
            return cls()
        found = cls(number, distribution=_distribution(backend, tuple(names[:number])))
        found._check(settings)
        return found

    @property
    def is_writer(self) -> bool:
        """Whether this worker writes the run's files."""
        return self.index == 0

    @property
    def shard(self) -> tuple[int, int] | None:
        """Part of each batch that this worker reads; see `load_dataset`."""
        return (self.index, self.count) if self.count > 1 else None

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Make models inside whose variables are on all devices."""
        with self.distribution.scope() if self.distribution else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def training(self) -> Iterator[None]:
        """Call `fit` inside. A TensorFlow model knows its strategy itself."""
        with self.building() if self._is_keras else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Make and use models inside that are on one device of this worker."""
        if not self._is_keras:
            yield
            return
        keras.distribution.set_distribution(None)
        try:
            yield
        finally:
            keras.distribution.set_distribution(self.distribution)

    def exchange(self, content: bytes) -> list[bytes]:
        """Give every worker what each of them has; all must call it.

        Args:
            content: Of this worker.

        Returns:
            Of all workers, in their order.
        """
        if self.count == 1:
            return [content]
        from jax.experimental import multihost_utils

        self.arrive()
        sizes = np.ravel(multihost_utils.process_allgather(np.int32(len(content))))
        padded = np.zeros(max(1, int(sizes.max())), "uint8")
        padded[: len(content)] = np.frombuffer(content, "uint8")
        rows = multihost_utils.process_allgather(padded)
        return [rows[worker, :size].tobytes() for worker, size in enumerate(sizes.tolist())]

    def wait(self) -> None:
        """Wait until all workers are here."""
        self.exchange(b"")

    def agree(self, facts: dict[str, Any]) -> None:
        """Check that all workers begin alike; all must call it.

        Args:
            facts: Plain data that must be equal.

        Raises:
            UserError: On every worker, if something differs; it names what.
        """
        told = [json.loads(each) for each in self.exchange(json.dumps(facts).encode())]
        differences = [
            f"worker {worker}: {name} {there.get(name)!r}, worker 0: {told[0].get(name)!r}"
            for worker, there in enumerate(told)
            for name in dict.fromkeys([*told[0], *there])
            if there.get(name) != told[0].get(name)
        ]
        if differences:
            raise UserError(
                "All workers must begin with the same versions, settings, data and run: "
                f"{'; '.join(differences)}."
            )

    @contextlib.contextmanager
    def slow_workers_named(self, say: Callable[[str], None]) -> Iterator["Devices"]:
        """Say on the first worker, meanwhile, which others it waits for.

        Args:
            say: Called with a line; see `Attendance`.

        Yields:
            These devices, whose workers are looked after.
        """
        if self.count == 1:
            yield self
            return
        from jax._src import distributed

        attendance = Attendance(self.index, self.count, say, distributed.global_state.client)
        with attendance.kept():
            yield replace(self, arrive=attendance.arrive)

    @contextlib.contextmanager
    def loss_is_named(self) -> Iterator[None]:
        """Turn the errors of a broken connection into a line that says how to go on.

        Raises:
            WorkerLostError: Instead of such an error.
        """
        try:
            yield
        except Exception as error:
            if self.count == 1 or isinstance(error, UserError) or not _is_of_connection(error):
                raise
            raise WorkerLostError(
                f"Worker {self.index} of {self.count} has lost another one, which was killed or "
                "has failed: its own words say why. Finished epochs are safe: start all workers "
                "again with --resume, as many as you like."
            ) from error

    def words(self, settings: TrainSettings, synchronized: bool) -> str:
        """Say how a batch is shared, and what that leaves to the user; "" on one device."""
        if self.replicas == 1:
            return ""
        own = settings.batch_size // self.replicas
        words = (
            f"{self.replicas} devices share each batch of {settings.batch_size} faces, {own} each; "
            f"the learning rate stays {settings.learning_rate:g}"
        )
        if self._is_keras or synchronized:
            return words
        return (
            f"{words}. Batch normalisation is over each device's {own} faces; "
            "--set synchronized_batch_norm=true makes it that of the batch"
        )

    @property
    def _is_keras(self) -> bool:
        return isinstance(self.distribution, keras.distribution.DataParallel)

    def _check(self, settings: TrainSettings) -> None:
        if settings.batch_size % self.replicas:
            raise UserError(
                f"`batch_size` is that of all {self.replicas} devices, and must be a multiple of "
                f"their number. Received: batch_size={settings.batch_size}"
            )
        if not self._is_keras and settings.gradient_accumulation > 1:
            raise UserError(
                "Keras cannot accumulate gradients on several devices under TensorFlow. Take a "
                "larger --batch-size instead, or JAX (KERAS_BACKEND=jax). "
                f"Received: gradient_accumulation={settings.gradient_accumulation}"
            )
        width = 1 if settings.sampling == "natural" else 2
        if settings.batch_size % (width * self.count):
            raise UserError(
                f"`batch_size` must give each of {self.count} workers the same number of whole "
                f"pairs. Received: batch_size={settings.batch_size}"
            )
        if self.count > 1 and settings.faces:
            raise UserError(
                "Several workers train on shards: cut the faces out first with keras-madd prepare, "
                "and give --data."
            )


ONE_DEVICE = Devices()


def _names(backend: str) -> list[str]:
    if backend == "jax":
        return keras.distribution.list_devices()
    if backend != "tensorflow":
        raise UserError(
            f"Several devices need TensorFlow or JAX. Received: KERAS_BACKEND={backend}"
        )
    import tensorflow as tf

    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in found]


@functools.cache
def _distribution(backend: str, names: tuple[str, ...]) -> Any:
    """One strategy for the whole life of a process: two would number their collectives alike."""
    if backend == "jax":
        return keras.distribution.DataParallel(devices=list(names), auto_shard_dataset=False)
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(list(names))


def _is_of_connection(error: BaseException) -> bool:
    """Whether a sum over all workers has failed, here or in what led to here."""
    words = ("Gloo", "NCCL", "coordination service", "CoordinationService", "UNAVAILABLE")
    seen: BaseException | None = error
    while seen is not None:
        if any(word in str(seen) for word in words):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
