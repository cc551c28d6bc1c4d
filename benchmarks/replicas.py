"""One training step on 1, 2 and 4 replicas: is it the same step?

    python benchmarks/replicas.py
    KERAS_BACKEND=jax python benchmarks/replicas.py

Replicas are virtual devices of one processor: `tf.distribute.MirroredStrategy` with TensorFlow,
`keras.distribution.DataParallel` with JAX. Every case makes one step of `fit` from the same
weights, the same centres and the same weighted images. Printed are the largest differences from
one replica: of the loss and its terms and of the gradient's norm, relative; of the gradient
relative to its norm; of the centres and of the batch-norm averages, absolute.
"""

import argparse
import contextlib
import functools
import itertools
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from record import write_record

MOST = 4
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + f" --xla_force_host_platform_device_count={MOST}"
)

OFFICIAL_MARGINS = {"inner_margins": [0.2, -0.8], "outer_margin": 0.8}
CASES = {
    "paper, sum": {},
    "paper, mean": {"batch_reduction": "mean"},
    "paper, dropout": {"region_dropout": 0.3, "global_dropout": 0.3, "agda_mode": "mix"},
    "detached prefix": {"agda_attention": "detached_prefix"},
    "official": {
        "variant": "official",
        **OFFICIAL_MARGINS,
        "agda_kernel_size": 11,
        "match_weight": 0.1,
        "update_state_in_second_pass": True,
    },
    "deepfakebench": {"variant": "deepfakebench"},
    "stochastic depth": {"backbone": "efficientnet_b0", "drop_connect_rate": 0.5},
}
BATCH_NORM = ("frozen", "synchronized")
BATCH = 8
RATE = 0.01


def main() -> None:
    """Compare the replicas and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replicas", type=int, nargs="+", default=[2, 4], choices=range(2, 5))
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--batch-norm", nargs="+", default=BATCH_NORM, choices=BATCH_NORM)
    parser.add_argument("--output", type=Path, help="JSON file for the table")
    args = parser.parse_args()

    rows = []
    for replicas in args.replicas:
        # TensorFlow's collectives know one number of replicas in the life of a process.
        job = functools.partial(compare, replicas, args.cases, args.batch_norm)
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            rows += pool.submit(job).result()
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    write_record(args.output, {"backend": backend, "rows": rows})


def compare(replicas: int, cases: list[str], batch_norm: list[str]) -> list[dict]:
    """Compare a number of replicas with one, case by case; print and return the rows."""
    make_virtual_devices()
    rows = []
    for case, norm in itertools.product(cases, batch_norm):
        alone, found = (one_step(count, norm, CASES[case]) for count in (1, replicas))
        row = differences(found, alone)
        if not rows:
            print(f"{replicas} replicas".ljust(32) + "".join(f"{name:>10}" for name in row))
        figures = "".join(f"{value:10.1e}" for value in row.values())
        print(f"{case + ', ' + norm:<32}{figures}", flush=True)
        rows.append({"case": case, "batch_norm": norm, "replicas": replicas, **row})
    return rows


def make_virtual_devices() -> None:
    """Cut TensorFlow's processor into several devices; JAX's flag is set before its import."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow":
        return
    import tensorflow as tf

    (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, MOST * [tf.config.LogicalDeviceConfiguration()])


def one_step(replicas: int, batch_norm: str, fields: dict) -> dict:
    """Make one step of `fit`; return its logs, gradients, centres and batch-norm averages."""
    import keras
    import numpy as np

    from keras_madd import MADD

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (BATCH, 32, 32, 3)).astype("uint8")
    # Parts of the batch differ in their classes and in their weight.
    labels = np.arange(BATCH) // (BATCH // 2)
    weights = random.uniform(0.5, 1.5, BATCH).astype("float32")
    with scope(replicas):
        model = MADD(
            **{"backbone": "tiny", "input_size": 32, "seed": 0, "centre_step": 0.5, **fields},
            synchronized_batch_norm=batch_norm == "synchronized",
        )
        norms = [
            layer
            for layer in model._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
        ]
        for layer in norms:
            layer.trainable = batch_norm == "synchronized"
        centres = model.region_independence.feature_centres
        centres.assign(random.normal(0, 0.1, centres.shape))
        # The momentum of the first step is the gradient.
        model.compile(keras.optimizers.SGD(RATE, momentum=0.5), jit_compile=False)
        history = model.fit(
            images, labels, batch_size=BATCH, sample_weight=weights, shuffle=False, verbose=0
        )
    gradients = [as_array(slot) / -RATE for slot in model.optimizer.momentums]
    averages = [average for norm in norms for average in (norm.moving_mean, norm.moving_variance)]
    return {
        "logs": {name: values[0] for name, values in history.history.items()},
        "gradient": np.concatenate([gradient.ravel() for gradient in gradients]),
        "centres": as_array(centres),
        "averages": np.concatenate([as_array(average).ravel() for average in averages]),
    }


@contextlib.contextmanager
def scope(replicas: int):
    """Build and train inside on so many virtual devices."""
    import keras

    if replicas == 1:
        yield
    elif keras.backend.backend() == "tensorflow":
        with mirrored_strategy(replicas).scope():
            yield
    else:
        devices = keras.distribution.list_devices("cpu")[:replicas]
        with keras.distribution.DataParallel(devices=devices).scope():
            yield


@functools.cache
def mirrored_strategy(replicas: int):
    """Return the one strategy of the process: two would number their collectives alike."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(replicas)])


def as_array(variable):
    """Return the value of a variable, which all replicas must share."""
    import numpy as np

    values = getattr(variable.value, "values", (variable.value,))
    copies = [np.asarray(value) for value in values]
    if any((copy != copies[0]).any() for copy in copies):
        raise ValueError(f"Replicas hold different values of {variable.path}.")
    return copies[0]


def differences(found: dict, alone: dict) -> dict:
    """Return the largest differences; see the table's head."""
    import numpy as np

    norm = np.linalg.norm(alone["gradient"])
    return {
        "loss": max(
            abs(found["logs"][name] - value) / max(abs(value), 1e-6)
            for name, value in alone["logs"].items()
        ),
        "norm": abs(float(np.linalg.norm(found["gradient"]) / norm) - 1),
        "gradient": float(np.abs(found["gradient"] - alone["gradient"]).max() / norm),
        "centres": float(np.abs(found["centres"] - alone["centres"]).max()),
        "averages": float(np.abs(found["averages"] - alone["averages"]).max()),
    }


if __name__ == "__main__":
    main()
