"""Several processes that train one model together: who they are, and how they meet.

Over hosts it is JAX that works: `jax.distributed` connects the processes, and `keras.distribution`
spreads each batch over the devices of all. Keras 3.15's `fit` fails under TensorFlow's
`MultiWorkerMirroredStrategy` before the first step, which averages the first batch over the
workers as if it were one tensor.
"""

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from keras_madd.support.errors import UserError

ENVIRONMENT = "env"
CONNECT_SECONDS = 300
# A lost worker is noticed by its broken connections at once, by its silence after this time.
HEARTBEAT_SECONDS = 20
SHUTDOWN_SECONDS = 20
_PORT = 29_400
_FLAGS = {"coordinator": "--coordinator HOST:PORT", "count": "--workers N", "index": "--worker I"}


@dataclass(frozen=True)
class Workers:
    """One process among those that train together.

    Attributes:
        coordinator: Address of worker 0, `host:port`.
        count: Workers in all.
        index: Number of this one, from 0; 0 writes all files.
    """

    coordinator: str
    count: int
    index: int

    def __post_init__(self):
        if not re.fullmatch(r".+:\d{1,5}", self.coordinator):
            raise UserError(
                "`coordinator` must be the address of worker 0, HOST:PORT. "
                f"Received: coordinator={self.coordinator!r}"
            )
        if not 0 <= self.index < self.count:
            raise UserError(
                f"`worker` must be from 0 to below the {self.count} workers. "
                f"Received: worker={self.index}"
            )


def workers_of(
    coordinator: str,
    count: int | None,
    index: int | None,
    environment: Mapping[str, str],
) -> Workers | None:
    """Return the workers that options and environment name; `None`: this process is alone.

    Args:
        coordinator: `host:port` of worker 0, `"env"` for what the environment says, or "".
        count: Workers in all; `None`: as the environment says.
        index: Number of this one; `None`: as the environment says.
        environment: Such as `os.environ`; see `workers_of_environment`.

    Raises:
        UserError: If something is missing, or TF_CONFIG names workers and `coordinator` is "".
    """
    if not coordinator:
        if count is not None or index is not None:
            raise UserError("--workers and --worker need --coordinator HOST:PORT or env.")
        # What else the environment may say, left over or half, is of other programs.
        named = _read("TF_CONFIG", environment).get("count", 1)
        if named > 1:
            raise UserError(
                f"TF_CONFIG names {named} workers, and Keras 3.15 cannot train under "
                "MultiWorkerMirroredStrategy. What works over hosts is JAX: KERAS_BACKEND=jax and "
                "--coordinator env, which reads TF_CONFIG too. For one host alone, unset TF_CONFIG."
            )
        return None
    found = workers_of_environment(environment)
    given = {"coordinator": coordinator, "count": count, "index": index}
    if coordinator == ENVIRONMENT:
        del given["coordinator"]
    values = {**found, **{name: value for name, value in given.items() if value is not None}}
    missing = [flag for name, flag in _FLAGS.items() if name not in values]
    if missing:
        raise UserError(
            f"The environment does not say who trains together: give {' and '.join(missing)}."
        )
    return Workers(**values)


def workers_of_environment(environment: Mapping[str, str]) -> dict:
    """Return what the environment says of `coordinator`, `count` and `index`.

    The first of these counts: Keras's `KERAS_DISTRIBUTION_*`; TF_CONFIG, which Vertex AI sets;
    MASTER_ADDR, MASTER_PORT, WORLD_SIZE and RANK, which Kubeflow sets; Slurm's variables of a
    step. A Kubernetes job with indexed completion sets JOB_COMPLETION_INDEX, and names its
    coordinator in JAX_COORDINATOR_ADDRESS and its size in JAX_NUM_PROCESSES itself.

    Raises:
        UserError: If a variable cannot be read.
    """
    for source in _SOURCES:
        if found := _read(source, environment):
            return found
    return {}


def _read(source: str, environment: Mapping[str, str]) -> dict:
    try:
        return _SOURCES[source](environment)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"{source} in the environment cannot be read: {error!r}") from error


def join_workers(workers: Workers) -> None:
    """Connect this process with the others; wait for them as long as `CONNECT_SECONDS`.

    Raises:
        UserError: If the back end is not JAX, or the others do not come.
    """
    import keras

    if keras.backend.backend() != "jax":
        raise UserError(
            "Keras 3.15 trains over several processes with JAX only (its `fit` fails under "
            "TensorFlow's MultiWorkerMirroredStrategy): set KERAS_BACKEND=jax, or use one host "
            f"with --devices all. Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    import jax
    from jax.experimental import multihost_utils

    # What carries sums between processors; graphics cards have NCCL.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    with contextlib.suppress(AttributeError):
        # It would take SIGTERM, which ends a run in order.
        jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            workers.coordinator,
            workers.count,
            workers.index,
            cluster_detection_method="deactivate",
            initialization_timeout=CONNECT_SECONDS,
            heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
            shutdown_timeout_seconds=SHUTDOWN_SECONDS,
        )
        # The first sum waits only 30 s for a slow worker (gloo), the others as long as it takes.
        multihost_utils.sync_global_devices("keras_madd")
    except (RuntimeError, ValueError) as error:
        raise UserError(
            f"Worker {workers.index} of {workers.count} cannot reach the others over "
            f"{workers.coordinator}: {str(error).splitlines()[0]}"
        ) from error


def _keras(environment: Mapping[str, str]) -> dict:
    addresses = environment.get("KERAS_DISTRIBUTION_JOB_ADDRESSES")
    if not addresses:
        return {}
    return {
        "coordinator": addresses.split(",")[0],
        "count": int(environment["KERAS_DISTRIBUTION_NUM_PROCESSES"]),
        "index": int(environment["KERAS_DISTRIBUTION_PROCESS_ID"]),
    }


def _tensorflow(environment: Mapping[str, str]) -> dict:
    if not environment.get("TF_CONFIG"):
        return {}
    content = json.loads(environment["TF_CONFIG"])
    cluster, task = content.get("cluster", {}), content.get("task", {})
    tasks = [
        (kind, number, address)
        for kind in ("chief", "master", "worker")
        for number, address in enumerate(cluster.get(kind, ()))
    ]
    if len(tasks) < 2 or task["type"] not in ("chief", "master", "worker"):
        return {}
    own = [(kind, number) for kind, number, _ in tasks].index((task["type"], int(task["index"])))
    return {"coordinator": tasks[0][2], "count": len(tasks), "index": own}


def _kubeflow(environment: Mapping[str, str]) -> dict:
    if not environment.get("MASTER_ADDR"):
        return {}
    return {
        "coordinator": f"{environment['MASTER_ADDR']}:{environment.get('MASTER_PORT', _PORT)}",
        "count": int(environment["WORLD_SIZE"]),
        "index": int(environment["RANK"]),
    }


def _slurm(environment: Mapping[str, str]) -> dict:
    nodes = environment.get("SLURM_STEP_NODELIST")
    if not nodes:
        return {}
    # The first of `node7`, `node7,node9`, `node[07-12,15]` or `node[07]-ib,login`.
    name = re.match(r"([^\[,]*)(?:\[(\w+)[^\]]*\])?([^,\[]*)", nodes)
    first = "".join(part or "" for part in name.groups()) if name else nodes
    # Jobs on one node at a time must not meet.
    port = _PORT + int(environment["SLURM_JOB_ID"]) % 4096
    return {
        "coordinator": f"{first}:{port}",
        "count": int(environment["SLURM_NTASKS"]),
        "index": int(environment["SLURM_PROCID"]),
    }


def _kubernetes(environment: Mapping[str, str]) -> dict:
    found: dict = {}
    if environment.get("JAX_COORDINATOR_ADDRESS"):
        found["coordinator"] = environment["JAX_COORDINATOR_ADDRESS"]
    if environment.get("JAX_NUM_PROCESSES"):
        found["count"] = int(environment["JAX_NUM_PROCESSES"])
    index = environment.get("JAX_PROCESS_ID") or environment.get("JOB_COMPLETION_INDEX")
    if index:
        found["index"] = int(index)
    return found


_SOURCES = {
    "KERAS_DISTRIBUTION_*": _keras,
    "TF_CONFIG": _tensorflow,
    "MASTER_ADDR, MASTER_PORT, WORLD_SIZE, RANK": _kubeflow,
    "SLURM_*": _slurm,
    "JAX_NUM_PROCESSES, JAX_PROCESS_ID, JOB_COMPLETION_INDEX": _kubernetes,
}
