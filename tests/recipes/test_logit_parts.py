import numpy as np
import pytest
from backends import tensorflow_only
from logit_parts import logit_parts

from keras_madd import MADD

pytestmark = tensorflow_only


@pytest.mark.parametrize("standardize_local", [False, True])
def test_parts_add_up_to_the_logits(standardize_local):
    fields = {"num_attentions": 3, "seed": 0, "standardize_local": standardize_local}
    model = MADD.from_preset("madd_tiny", **fields)
    head = model.network.get_layer("head")
    head.classifier.bias.assign([0.5, -0.25])
    if standardize_local:
        width = head.standardization.moving_mean.shape
        head.standardization.moving_mean.assign(np.full(width, 0.2))
        head.standardization.moving_variance.assign(np.full(width, 0.01))
    faces = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    parts = logit_parts(model, model.network.predict(faces, verbose=0))
    logits = model.predict(faces, verbose=0)
    difference = logits[:, 1] - logits[:, 0]
    np.testing.assert_allclose(parts["regional"] + parts["global"] - 0.75, difference, atol=1e-5)
    assert min(values.std() for values in parts.values()) > 1e-4
