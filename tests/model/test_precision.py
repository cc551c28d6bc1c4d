import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.model.precision import in_float32


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "bfloat16"])
def test_the_same_weights_compute_in_float32(policy):
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0, dtype=policy)
    before = model.get_weights()
    whole = in_float32(model)
    assert {layer.compute_dtype for layer in whole._flatten_layers()} == {"float32"}
    for left, right in zip(whole.get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, right.astype("float32"))
    assert model.dtype_policy.name == policy


def test_a_model_in_float32_is_itself():
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0)
    assert in_float32(model) is model
