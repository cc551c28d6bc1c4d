import contextlib

import keras
import numpy as np
import pytest
from backends import BACKEND, gradients, tensorflow_only
from keras import ops

from keras_madd import MADD
from keras_madd.layers.match_loss import match_loss
from keras_madd.model.callbacks import StopOnNonFinite

OFF = {"region_independence_weight": 0.0, "augmented_classification_weight": 0.0}
SIZE = 32


def tiny(**fields):
    return MADD.from_preset("madd_tiny", input_size=SIZE, seed=0, **fields)


def sgd():
    return keras.optimizers.SGD(0.05)


def batch(count=8, seed=0):
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (count, SIZE, SIZE, 3), "uint8"), np.arange(count) % 2


def values(weights):
    return [ops.convert_to_numpy(weight).copy() for weight in weights]


def batch_norm_averages(model):
    return [weight for weight in model.weights if "moving_" in weight.path]


def assert_all_close(actual, expected, atol=1e-6):
    for left, right in zip(actual, expected, strict=True):
        np.testing.assert_allclose(left, right, atol=atol)


@pytest.mark.parametrize("num_attentions", [0, 4])
def test_without_its_terms_a_step_is_that_of_a_plain_classifier(num_attentions):
    images, labels = batch()
    model = tiny(num_attentions=num_attentions, **OFF)
    twin = tiny(num_attentions=num_attentions, **OFF)
    twin.set_weights(model.get_weights())
    plain = keras.Model(twin.network.input, twin.network.output["logits"])
    plain.compile(
        sgd(), keras.losses.SparseCategoricalCrossentropy(from_logits=True), run_eagerly=True
    )
    model.compile(sgd(), run_eagerly=True)
    loss = model.train_on_batch(images, labels, return_dict=True)["loss"]
    plain_loss = plain.train_on_batch(images.astype("float32"), labels, return_dict=True)["loss"]
    assert loss == pytest.approx(plain_loss, rel=1e-6)
    assert_all_close(values(model.network.weights), values(twin.network.weights))


def test_terms_are_logged_and_add_up():
    images, labels = batch()
    weights = {
        "classification_weight": 0.5,
        "region_independence_weight": 2.0,
        "augmented_classification_weight": 3.0,
        "match_weight": 0.25,
    }
    model = tiny(**weights)
    model.compile(sgd(), run_eagerly=True)
    logs = model.train_on_batch(images, labels, return_dict=True)
    expected = sum(
        weight * logs[name.replace("_weight", "_loss")] for name, weight in weights.items()
    )
    assert logs["loss"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("fields", [{}, {"match_weight": 0.5}, {"num_attentions": 0}])
def test_terms_add_up_over_an_epoch_whose_last_batch_is_smaller(fields):
    images, labels = batch(5)
    model = tiny(**fields)
    model.compile(keras.optimizers.SGD(0.0), metrics=[])
    logs = model.fit(images, labels, batch_size=4, verbose=0).history
    names = [f"{name}_loss" for name in model.term_trackers]
    weights = [getattr(model.config, name.replace("_loss", "_weight")) for name in names]
    expected = sum(weight * logs[name][0] for weight, name in zip(weights, names, strict=True))
    assert logs["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_evaluation_reports_the_classification_loss_and_moves_nothing():
    images, labels = batch()
    model = tiny()
    model.compile(sgd(), run_eagerly=True)
    model.train_on_batch(images, labels)
    before = values(model.weights)
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    model.predict(images, verbose=0)
    assert set(logs) == {"loss", "accuracy", "fake_auc"}
    assert_all_close(values(model.weights), before, atol=0)


def test_batch_norm_averages_move_once_per_step():
    images, labels = batch()
    model, reference = tiny(), tiny()
    reference.set_weights(model.get_weights())
    reference.network(images, training=True)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.train_on_batch(images, labels)
    assert_all_close(
        values(batch_norm_averages(model)), values(batch_norm_averages(reference)), atol=1e-5
    )


def test_the_second_pass_moves_the_averages_and_the_centres_where_that_is_asked_for():
    images, labels = batch()
    once, twice = tiny(), tiny(update_state_in_second_pass=True)
    twice.set_weights(once.get_weights())
    for model in (once, twice):
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        model.train_on_batch(images, labels)
    for left, right in zip(batch_norm_averages(once), batch_norm_averages(twice), strict=True):
        # The texture residual has mean 0, once and twice.
        if left.path.endswith("moving_variance"):
            assert not np.allclose(*values([left, right]), rtol=1e-4, atol=0), left.path
    centres = values([m.region_independence.feature_centres for m in (once, twice)])
    assert not np.allclose(*centres, atol=1e-7)


def test_the_detached_prefix_leaves_no_trace():
    images, _ = batch()
    model = tiny(agda_attention="detached_prefix")
    before = values(batch_norm_averages(model))
    with model._kept_averages():
        model.prefix(images, training=True)
        assert not np.allclose(values(batch_norm_averages(model))[0], before[0])
    assert_all_close(values(batch_norm_averages(model)), before, atol=0)


def test_averages_come_back_when_a_pass_fails():
    images, _ = batch()
    model = tiny()
    before = values(batch_norm_averages(model))

    def fail_half_way():
        with model._kept_averages():
            model.network(images, training=True)
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        fail_half_way()
    assert_all_close(values(batch_norm_averages(model)), before, atol=0)


def test_the_mixed_batch_has_the_expectation_of_both_passes():
    # Each image counts twice in the half it falls into: with equal losses both terms average one.
    images, labels = batch(64)
    model = tiny(agda_attention="detached_prefix", region_independence_weight=0.0)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.network.get_layer("head").logits.kernel.assign(
        ops.zeros(model.network.get_layer("head").logits.kernel.shape)
    )
    logs = model.train_on_batch(images, labels, return_dict=True)
    assert logs["loss"] == pytest.approx(2 * np.log(2), rel=1e-5)
    assert 0 < logs["augmented_classification_loss"] < 2 * np.log(2)


def test_the_inter_class_term_reaches_the_attention_weights():
    images, labels = batch()
    # Margins that no image exceeds leave the inter-class term alone.
    model = tiny(inner_margins=(100.0, 100.0), outer_margin=2.0)
    kernel = model.network.get_layer("attention").conv.kernel

    def loss():
        outputs = model.network(ops.convert_to_tensor(images, "float32"), training=False)
        return model.region_independence(
            outputs["regional_features"], ops.convert_to_tensor(labels), training=True
        )

    (gradient,) = gradients(loss, kernel)
    assert np.abs(gradient).max() > 1e-6


def test_an_image_of_weight_zero_does_not_move_the_centres():
    images, labels = batch()
    half = tiny(**{**OFF, "region_independence_weight": 1.0})
    whole = tiny(**{**OFF, "region_independence_weight": 1.0})
    whole.set_weights(half.get_weights())
    weight = np.array([1.0] * 4 + [0.0] * 4, "float32")
    for model in (half, whole):
        # Batch statistics must not tell the two apart.
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    half.train_on_batch(images[:4], labels[:4])
    whole.train_on_batch(images, labels, sample_weight=weight)
    assert_all_close(
        values([half.region_independence.feature_centres]),
        values([whole.region_independence.feature_centres]),
    )


def test_alpha_decays_after_each_epoch():
    images, labels = batch()
    model = tiny(centre_step=0.1, centre_step_decay=0.5)
    model.compile(sgd(), run_eagerly=True)
    model.fit(images, labels, batch_size=8, epochs=2, verbose=0)
    assert values([model.region_independence.alpha])[0] == pytest.approx(0.025)


@pytest.mark.skipif(BACKEND == "torch", reason="Keras refuses it with PyTorch")
def test_steps_per_execution_changes_nothing():
    images, labels = batch(16)
    losses = []
    for how in ({"run_eagerly": True}, {"steps_per_execution": 2, "jit_compile": False}):
        keras.utils.set_random_seed(0)
        model = tiny()
        model.compile(sgd(), **how)
        history = model.fit(images, labels, batch_size=8, epochs=2, shuffle=False, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)


def test_gradient_accumulation_waits_for_its_steps():
    images, labels = batch()
    model = tiny()
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), run_eagerly=True)
    before = values(model.trainable_weights)
    model.train_on_batch(images, labels)
    assert_all_close(values(model.trainable_weights), before, atol=0)
    model.train_on_batch(images, labels)
    assert not np.allclose(values(model.trainable_weights)[0], before[0], atol=1e-9)


def test_exponential_moving_average_is_kept():
    images, labels = batch()
    model = tiny()
    model.compile(
        keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=None),
        run_eagerly=True,
    )
    model.fit(images, labels, batch_size=8, epochs=1, verbose=0)
    assert np.isfinite(model.predict(images, verbose=0)).all()


def test_class_weights_scale_the_classification_loss():
    images, labels = batch()
    losses = []
    for weight in (1.0, 3.0):
        keras.utils.set_random_seed(0)
        model = tiny(**OFF)
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        history = model.fit(
            images, labels, batch_size=8, verbose=0, class_weight={0: weight, 1: weight}
        )
        losses.append(history.history["loss"][0])
    assert losses[1] == pytest.approx(3 * losses[0], rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains(policy):
    images, labels = batch()
    model = tiny(dtype=policy)
    model.compile(sgd(), run_eagerly=policy == "mixed_bfloat16")
    history = model.fit(images, labels, batch_size=8, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert model.network.get_layer("attention").compute_dtype == policy.removeprefix("mixed_")


@pytest.mark.slow
@tensorflow_only
def test_xla_gives_the_same_losses():
    images, labels = batch()
    losses = []
    for how in ({"run_eagerly": True}, {"jit_compile": True}):
        keras.utils.set_random_seed(0)
        model = tiny()
        model.compile(sgd(), **how)
        history = model.fit(images, labels, batch_size=8, epochs=2, verbose=0)
        losses.append(history.history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_a_loss_that_is_not_finite_stops_training_and_is_named():
    images, labels = batch()
    model = tiny()
    kernel = model.network.get_layer("head").logits.kernel
    kernel.assign(ops.full(kernel.shape, np.nan))
    model.compile(sgd(), run_eagerly=True)
    finite = StopOnNonFinite()
    with contextlib.suppress(ValueError):
        model.fit(images, labels, batch_size=4, epochs=3, verbose=0, callbacks=[finite])
    assert "batch 1" in finite.message
    assert "classification_loss" in finite.message
    assert "region_independence_loss" not in finite.message


def test_match_loss_by_hand():
    # Two regions, two features: lengths 5 and 1; the second region was dropped.
    difference = ops.convert_to_tensor([[[3.0, 4.0], [1.0, 0.0]]])
    assert float(match_loss(difference, ops.convert_to_tensor([1]))) == pytest.approx(2.5)
    pair = ops.concatenate([difference, 7.0 * difference])
    index = ops.convert_to_tensor([1, 1])
    for weights, expected in (((1, 0), 2.5), ((3, 1), (3 * 2.5 + 17.5) / 4), ((0, 0), 0.0)):
        found = match_loss(pair, index, ops.convert_to_tensor(np.array(weights, "float32")))
        assert float(found) == pytest.approx(expected)


def freeze_batch_norm(model):
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


@pytest.mark.parametrize(
    "fields",
    [
        {"agda_attention": "full_pass"},
        {"agda_attention": "full_pass", "match_weight": 0.5},
        {"agda_attention": "detached_prefix"},
    ],
    ids=str,
)
def test_a_step_with_images_of_weight_zero_is_the_step_without_them(fields):
    images, labels = batch()
    few = tiny(**fields, batch_reduction="sum")
    many = tiny(**fields, batch_reduction="sum")
    many.set_weights(few.get_weights())
    for model in (few, many):
        # Batch statistics would tell the two apart, and so would a mean over the batch.
        freeze_batch_norm(model)
        crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
        model.compile(sgd(), crossentropy, run_eagerly=True)
    few.train_on_batch(images[:5], labels[:5], sample_weight=np.ones(5))
    weight = np.array([1.0] * 5 + [0.0] * 3)
    before = values(many.trainable_weights)
    many.train_on_batch(images, labels, sample_weight=weight)
    # Sums over five and over eight images round differently, by processor.
    assert_all_close(values(few.weights), values(many.weights), atol=5e-5)
    assert not np.allclose(values(many.trainable_weights)[0], before[0], atol=5e-4)


def test_a_detached_prefix_step_with_augmentation_that_does_nothing():
    # The mixed batch is then the batch: one pass, and its loss counted once for each half.
    images, labels = batch()
    model = tiny(
        agda_attention="detached_prefix",
        agda_resize_factor=1.0,
        agda_kernel_size=1,
        region_independence_weight=0.0,
    )
    reference = tiny(agda_attention="detached_prefix", region_independence_weight=0.0)
    reference.set_weights(model.get_weights())
    logits = reference.network(images, training=True)["logits"]
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    logs = model.train_on_batch(images, labels, return_dict=True)
    assert logs["loss"] == pytest.approx(2 * float(crossentropy), rel=1e-4)
    assert_all_close(
        values(batch_norm_averages(model)), values(batch_norm_averages(reference)), atol=1e-5
    )


def test_validation_during_training_is_an_evaluation():
    images, labels = batch()
    model = tiny()
    model.compile(sgd(), run_eagerly=True)
    history = model.fit(images, labels, validation_data=(images, labels), verbose=0).history
    logs = model.evaluate(images, labels, verbose=0, return_dict=True)
    assert history["val_loss"][0] == pytest.approx(logs["loss"], rel=1e-5)
    assert history["val_accuracy"][0] == pytest.approx(logs["accuracy"])


def test_a_failed_step_leaves_the_model_out_of_training():
    images, labels = batch()
    model = tiny()
    model.compile(sgd(), jit_compile=False)
    with pytest.raises(ValueError, match="`pixels` must have shape"):
        model.train_on_batch(images[:, :16], labels)
    assert not model.is_stepping
    assert tuple(model(images).shape) == (8, 2)


@tensorflow_only
def test_a_dataset_trains():
    import tensorflow as tf

    images, labels = batch(12)
    dataset = tf.data.Dataset.from_tensor_slices((images, labels)).batch(8)
    model = tiny()
    model.compile(sgd(), jit_compile=False)
    history = model.fit(dataset, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.fake_probability(dataset.map(lambda x, _: x)).shape == (12,)


BLEND = {"augmented_classification_weight": 0.0, "blend_mask_weight": 0.5}


def masks(count=8, seed=0):
    """Of every second image, and one of them is not known."""
    random = np.random.default_rng(seed)
    found = random.uniform(0, 1, (count, 2, 2, 1)).astype("float32")
    found[::2] = 0
    found[3] = -1
    return found


@pytest.mark.parametrize("num_attentions", [0, 4])
@pytest.mark.parametrize("run_eagerly", [True, False])
def test_masks_of_what_was_blended_add_their_term(num_attentions, run_eagerly):
    images, labels = batch()
    model = tiny(num_attentions=num_attentions, **BLEND)
    outputs = model.network.predict(images.astype("float32"), verbose=0)
    sides = {name: outputs[name].shape[1:] for name in outputs if name.startswith("blend_map_")}
    assert set(sides) == {"blend_map_middle", "blend_map_final"}
    before = values(model.network.get_layer("blend_map_final").weights)
    model.compile(sgd(), run_eagerly=run_eagerly)
    logs = model.train_on_batch(images, {"label": labels, "blend_mask": masks()}, return_dict=True)
    assert logs["blend_mask_loss"] > 0.1
    total = logs["classification_loss"] + 0.5 * logs["blend_mask_loss"]
    total += logs.get("region_independence_loss", 0)
    assert logs["loss"] == pytest.approx(total, rel=1e-5)
    assert 0 <= logs["accuracy"] <= 1
    after = values(model.network.get_layer("blend_map_final").weights)
    assert (before[0] != after[0]).any()


def test_maps_that_are_not_taught_are_told_of():
    images, labels = batch()
    model = tiny(num_attentions=0, **BLEND)
    model.compile(sgd(), run_eagerly=True)
    with pytest.warns(UserWarning, match="Labels without masks teach nothing"):
        model.train_on_batch(images, labels)


def test_one_hot_labels_and_weights_go_with_masks():
    """Both make a step of their own of a dictionary: Keras takes it apart by its own rules."""
    images, labels = batch()
    weights = np.array([0, 0, 2, 1, 1, 0.5, 0, 1], "float32")
    found = masks()
    logs = []
    for loss, y in (
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), labels),
        (keras.losses.CategoricalCrossentropy(from_logits=True), np.eye(2)[labels]),
    ):
        model = tiny(num_attentions=0, **BLEND)
        model.compile(sgd(), loss=loss, weighted_metrics=["accuracy"], jit_compile=False)
        data = {"label": y, "blend_mask": found}
        history = model.fit(
            images, data, sample_weight=weights, batch_size=8, shuffle=False, verbose=0
        ).history
        logs.append({name: values[0] for name, values in history.items()})
    assert logs[0] == pytest.approx(logs[1], rel=1e-5)
    # An image without weight says nothing: the same figures whatever its mask is.
    found = found.copy()
    found[[0, 1, 6]] = 0.5
    model = tiny(num_attentions=0, **BLEND)
    model.compile(sgd(), jit_compile=False)
    data = {"label": labels, "blend_mask": found}
    again = model.fit(images, data, sample_weight=weights, batch_size=8, shuffle=False, verbose=0)
    assert again.history["blend_mask_loss"][0] == pytest.approx(logs[0]["blend_mask_loss"])


def test_it_learns_where_a_fake_was_blended(tmp_path):
    """Noise in the left half of every second picture."""
    random = np.random.default_rng(0)
    images, labels = np.full((32, SIZE, SIZE, 3), 128, "uint8"), np.arange(32) % 2
    found = np.zeros((32, 2, 2, 1), "float32")
    images[1::2, :, : SIZE // 2] = random.integers(0, 256, (16, SIZE, SIZE // 2, 3))
    found[1::2, :, 0] = 1
    model = tiny(num_attentions=0, **BLEND)
    model.compile(keras.optimizers.Adam(0.01))
    data = (images, {"label": labels, "blend_mask": found})
    history = model.fit(*data, batch_size=16, epochs=30, verbose=0).history["blend_mask_loss"]
    assert history[-1] < 0.5 * history[0]
    assert model.evaluate(*data, verbose=0, return_dict=True)["accuracy"] > 0.9
    # Whoever has no masks goes on without the term.
    logs = model.train_on_batch(images, labels, return_dict=True)
    assert logs["blend_mask_loss"] == 0
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(
        again.predict(images, verbose=0), model.predict(images, verbose=0)
    )
