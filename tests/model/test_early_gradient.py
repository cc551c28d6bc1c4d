"""A pass that is differentiated at once is freed before the next: XLA's own account of it."""

from backends import run_script

SCRIPT = """
import json
import jax
import jax.numpy as jnp
import numpy as np
from keras_madd.model.early_gradient import after, pullback, with_gradient

random = np.random.default_rng(0)
weights = [jnp.asarray(random.normal(0, 0.1, (64, 64)), "float32") for _ in range(12)]
images = jnp.asarray(random.normal(size=(4096, 64)), "float32")

def loss(weights, x):
    for weight in weights:
        x = jnp.tanh(x @ weight)
    return jnp.mean(x * x)

def both_at_once(weights):
    return loss(weights, images) + loss(weights, 2.0 * images)

def one_at_a_time(weights):
    fixed = [jax.lax.stop_gradient(each) for each in weights]
    first, _, pull = pullback(lambda values: (loss(values, images), None), fixed)
    scale = jnp.asarray(8.0)
    gradients = pull(scale)
    second = loss(weights, after(gradients, 2.0 * images, True))
    return with_gradient(first, scale, weights, gradients) + second

found = {}
for function in (both_at_once, one_at_a_time):
    scaled = lambda weights, function=function: 8.0 * function(weights)
    step = jax.jit(jax.value_and_grad(scaled)).lower(weights).compile()
    value, gradients = step(weights)
    found[function.__name__] = {
        "bytes": step.memory_analysis().temp_size_in_bytes,
        "value": float(value),
        "gradients": [float(x) for each in gradients for x in np.ravel(each)[:20]],
    }
print(json.dumps(found))
"""


def test_xla_needs_the_memory_of_one_pass():
    found = run_script(SCRIPT, "jax")
    one, both = found["one_at_a_time"], found["both_at_once"]
    size = max(map(abs, both["gradients"]))
    assert abs(one["value"] - both["value"]) < 1e-5 * abs(both["value"])
    pairs = zip(one["gradients"], both["gradients"], strict=True)
    assert max(abs(left - right) for left, right in pairs) < 1e-5 * size
    assert one["bytes"] < 0.7 * both["bytes"], (one["bytes"], both["bytes"])
