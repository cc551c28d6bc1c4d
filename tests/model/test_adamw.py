"""AdamW by the fused kernel against Keras's own."""

import keras
import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.model.adamw import AdamW

SHAPES = {"kernel": (7, 3), "bias": (5,), "unused": (2,)}
SETTINGS = [
    {},
    {"weight_decay": 0.1, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3},
    {"use_ema": True, "ema_momentum": 0.9},
    {"use_ema": True, "ema_momentum": 0.9, "ema_overwrite_frequency": 4},
    {"gradient_accumulation_steps": 3, "use_ema": True},
    {"global_clipnorm": 0.1},
    {"loss_scale_factor": 8.0},
    {"amsgrad": True},
]


def trained(optimizer_class, steps=10, optimizer=None, **settings):
    """Weights and state after some steps along drawn gradients."""
    random = np.random.default_rng(0)
    variables = [
        keras.Variable(random.normal(size=shape).astype("float32"), name=name)
        for name, shape in SHAPES.items()
    ]
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    optimizer = optimizer_class(schedule, **settings)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(variables)
    for _ in range(steps):
        gradients = [
            keras.ops.convert_to_tensor(random.normal(size=shape).astype("float32"))
            for shape in SHAPES.values()
        ]
        optimizer.apply([*gradients[:2], None], variables)
    return [keras.ops.convert_to_numpy(each) for each in (*variables, *optimizer.variables)]


@pytest.mark.filterwarnings("ignore:Gradients do not exist")
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_weights_and_state_are_those_of_keras(settings):
    ours, theirs = (trained(each, **settings) for each in (AdamW, keras.optimizers.AdamW))
    assert len(ours) == len(theirs)
    for mine, kerass in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, kerass, rtol=1e-5, atol=1e-5)
    start = trained(AdamW, steps=0)
    assert np.abs(ours[0] - start[0]).max() > 0.1
    np.testing.assert_array_equal(ours[2], start[2])


def compiled_updates(optimizer_class, how):
    """Weights and state after five updates inside a TensorFlow function."""
    import tensorflow as tf

    random = np.random.default_rng(0)
    variables = [keras.Variable(random.normal(size=(5, 3)).astype("float32"))]
    optimizer = optimizer_class(0.1, weight_decay=0.1, use_ema=True)
    whole = keras.optimizers.LossScaleOptimizer(optimizer) if how == "scaled" else optimizer
    whole.build(variables)
    update = tf.function(
        lambda gradient: whole.apply([gradient], variables), jit_compile=how == "xla"
    )
    scale = float(whole.dynamic_scale) if how == "scaled" else 1.0
    for _ in range(5):
        update(tf.constant(scale * random.normal(size=(5, 3)), tf.float32))
    return [np.array(each) for each in (*variables, *optimizer.variables)]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's functions")
@pytest.mark.parametrize("how", ["graph", "xla", "scaled"])
def test_compiled_and_scaled_updates_are_those_of_keras(how):
    ours, theirs = (compiled_updates(each, how) for each in (AdamW, keras.optimizers.AdamW))
    for mine, kerass in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, kerass, rtol=1e-5, atol=1e-5)
    assert ours[1] == 5


def operations(optimizer_class, number):
    """How many operations TensorFlow's graph has for an update of so many variables."""
    import tensorflow as tf

    variables = [keras.Variable(np.zeros((4, 3), "float32")) for _ in range(number)]
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 20)
    optimizer = optimizer_class(schedule, use_ema=True)
    optimizer.build(variables)

    @tf.function
    def update(*gradients):
        optimizer.apply(list(gradients), variables)

    graph = update.get_concrete_function(*[tf.zeros((4, 3))] * number).graph
    return len(graph.as_graph_def().node)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's graph")
def test_an_update_has_few_operations():
    ours, theirs = (
        operations(each, 11) - operations(each, 1) for each in (AdamW, keras.optimizers.AdamW)
    )
    assert ours < theirs / 4


@pytest.mark.parametrize(("dtype", "error"), [("float16", 1e-3), ("float64", 1e-5)])
def test_weights_of_other_types(dtype, error):
    moved = []
    for optimizer_class in (AdamW, keras.optimizers.AdamW):
        variable = keras.Variable(np.linspace(-1, 1, 6), dtype=dtype)
        optimizer = optimizer_class(0.125, weight_decay=0.25)
        optimizer.build([variable])
        for scale in (1.0, -0.5, 0.25):
            optimizer.apply([scale * keras.ops.ones(6, dtype)])
        moved.append(keras.ops.convert_to_numpy(variable))
    np.testing.assert_allclose(*moved, rtol=0, atol=error)
    assert np.abs(moved[0] - np.linspace(-1, 1, 6)).max() > 0.05


def test_a_detector_trains_with_it_and_goes_on_from_a_file(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype("float32")
    labels = np.array([0, 1, 0, 1])
    model = MADD.from_preset("madd_tiny")
    model.compile()
    kind = AdamW if keras.backend.backend() == "tensorflow" else keras.optimizers.AdamW
    assert type(model.optimizer) is kind
    model.train_on_batch(pixels, labels)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is kind
    for mine, theirs in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)
