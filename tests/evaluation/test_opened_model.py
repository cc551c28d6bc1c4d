import numpy as np
import pytest
from backends import run_script, tensorflow_only
from exported_model import exported, tiny_model

from keras_madd.evaluation.opened_model import open_model
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.support.errors import UserError

pytestmark = tensorflow_only


def crops(count: int = 5) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("fields", "full_scale"),
    [
        ({}, None),
        ({"num_attentions": 0}, None),
        ({"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}, 1.0),
    ],
)
def test_every_kind_of_file_gives_the_same_scores(tmp_path, fields, full_scale):
    model = tiny_model()
    if fields:
        model = type(model).from_preset("madd_tiny", seed=0, **fields)
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    export_bundle(model, tmp_path / "model.onnx")
    export_bundle(model, tmp_path / "model.tflite")
    expected = model.fake_probability(crops())
    for name in ("model.keras", "preset", "model.tflite", "model.onnx"):
        opened = open_model(tmp_path / name)
        probabilities, maps = opened.score_with_maps(crops())
        np.testing.assert_allclose(probabilities, expected, atol=1e-5)
        np.testing.assert_allclose(maps, model.heat_maps(crops()), atol=1e-4)
        assert (opened.size, opened.temperature, opened.threshold) == (64, 1.0, 0.5)
        assert opened.full_scale == full_scale


def test_more_crops_than_a_batch(tmp_path):
    model = open_model(exported(tmp_path))
    many = crops(70)
    np.testing.assert_allclose(model.score(many)[33:35], model.score(many[33:35]), atol=1e-6)


def test_not_a_number_is_refused(tmp_path):
    model = tiny_model().__class__.from_preset("madd_tiny")
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    model.save(tmp_path / "model.keras")
    with pytest.raises(UserError, match="not numbers"):
        open_model(tmp_path / "model.keras").score(crops())


def test_what_is_no_model(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"x")
    with pytest.raises(UserError, match="no model that can be evaluated"):
        open_model(tmp_path / "model.h5")
    with pytest.raises(UserError, match="no model file"):
        open_model(tmp_path / "absent.tflite")
    with pytest.raises(UserError, match="There is no model"):
        open_model(tmp_path / "absent.keras")


ON_JAX = """
import json
import numpy as np
from keras_madd import MADD
from keras_madd.evaluation.opened_model import open_model

model = MADD.from_preset("madd_tiny", seed=0)
model.save(sys.argv[1])
opened = open_model(sys.argv[1])
sizes = []
predict = opened._runner._graph.predict_on_batch
opened._runner._graph.predict_on_batch = lambda x: sizes.append(len(x)) or predict(x)
crops = np.random.default_rng(0).integers(0, 256, (11, 64, 64, 3), np.uint8)
found = [opened.score_with_maps(crops[:count]) for count in (11, 5, 6, 1)]
print(json.dumps({
    "sizes": sizes,
    "counts": [[len(scores), len(maps)] for scores, maps in found],
    "difference": float(np.abs(found[0][0] - model.fake_probability(crops)).max()),
}))
"""


@pytest.mark.slow
def test_on_jax_few_batch_sizes_are_compiled(tmp_path):
    script = ON_JAX.replace("sys.argv[1]", repr(str(tmp_path / "model.keras")))
    found = run_script(script, "jax")
    assert found["sizes"] == [16, 8, 8, 1]
    assert found["counts"] == [[count, count] for count in (11, 5, 6, 1)]
    assert found["difference"] < 1e-5
