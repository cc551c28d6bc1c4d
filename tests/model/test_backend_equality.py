"""The same weights, images and seed give the same losses on every backend."""

import numpy as np
import pytest
from backends import run_script, tensorflow_only

# AGDA draws by the package's own generator. Weights come from NumPy: each backend draws its own.
SCRIPT = """
import json
import keras
import numpy as np
from keras_madd import MADD

FIELDS = {
    "paper": {},
    "official": {
        "variant": "official",
        "agda_kernel_size": 11,
        "inner_margins": [0.2, -0.8],
        "outer_margin": 0.8,
        "match_weight": 0.1,
        "update_state_in_second_pass": True,
    },
    "detached_prefix": {"agda_attention": "detached_prefix", "agda_mode": "mix"},
}

def three_steps(fields):
    rng = np.random.default_rng(0)
    model = MADD.from_preset("madd_tiny", input_size=32, seed=7, **fields)
    for variable in model.network.trainable_variables:
        if len(variable.shape) > 1:
            scale = 1.5 / np.sqrt(np.prod(variable.shape[:-1]))
            variable.assign(rng.normal(0, scale, variable.shape))
    model.compile(keras.optimizers.SGD(0.02), jit_compile=False)
    steps = []
    for _ in range(3):
        images = rng.integers(0, 256, (8, 32, 32, 3)).astype("uint8")
        model.reset_metrics()
        logs = model.train_on_batch(images, np.arange(8) % 2, return_dict=True)
        steps.append({name: float(value) for name, value in logs.items()})
    return steps

print(json.dumps({name: three_steps(fields) for name, fields in FIELDS.items()}))
"""


@pytest.fixture(scope="module")
def on_tensorflow():
    return run_script(SCRIPT, "tensorflow")


@pytest.mark.slow
@tensorflow_only
@pytest.mark.parametrize("backend", ["jax", pytest.param("torch", marks=pytest.mark.torch)])
def test_losses_of_three_steps_are_equal(backend, on_tensorflow):
    found = run_script(SCRIPT, backend)
    for case, steps in on_tensorflow.items():
        for number, (wanted, given) in enumerate(zip(steps, found[case], strict=True)):
            assert set(given) == set(wanted)
            for name, value in wanted.items():
                assert given[name] == pytest.approx(value, abs=1e-4), f"{case}, {number}, {name}"
        assert len({step["loss"] for step in steps}) == 3
        assert all(np.isfinite(step["loss"]) for step in steps)
