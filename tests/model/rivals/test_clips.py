"""Detectors of clips: what is in order, against frames one by one and an LSTM by hand."""

import functools

import keras
import numpy as np
import pytest
from backends import as_numpy, tensorflow_only

from keras_madd import FaceClassifier
from keras_madd.model.loading import load_face_classifier
from keras_madd.model.transfer import resized

SIDE, FRAMES, UNITS = 32, 3, 6
SMALL = {
    "sstnet": {"backbone": "tiny", "residual_filters": 4, "slim_width": 0.03, "slim_blocks": 1},
    "two_branch": {"width": 8, "growth": 4, "dense_layers": [2, 2], "embedding_width": 8},
}


def small(name, **fields):
    fields = {"clip_frames": FRAMES, "recurrent_units": UNITS, **SMALL[name], **fields}
    return FaceClassifier.from_preset(name, input_size=SIDE, seed=0, **fields)


def clips(count=8):
    """Smooth faces that get brighter or darker: each frame alone tells nothing."""
    random = np.random.default_rng(0)
    faces = random.uniform(80, 170, (count, 1, 4, 4, 3)).repeat(SIDE // 4, 2).repeat(SIDE // 4, 3)
    labels = np.arange(count) % 2
    course = np.linspace(-60, 60, FRAMES) * (2 * labels[:, None] - 1)
    return (faces + course[..., None, None, None]).astype("float32"), labels


@functools.cache
def trained(name):
    """A model after some steps, and the losses on its way."""
    model = small(name)
    model.compile(keras.optimizers.Adam(5e-3))
    history = model.fit(*clips(), batch_size=8, epochs=12, verbose=0).history
    return model, history["loss"]


def outputs_of(model, pixels):
    return {key: as_numpy(each) for key, each in model.network(pixels, training=False).items()}


def frame_features(model, pixels):
    """What single frames give in front of the recurrence, `(B, T, C)`."""
    name = model.config.architecture
    alone = small(name, clip_frames=None)
    for layer in alone.network.layers:
        if layer.weights and layer.name not in ("embedding", "head"):
            layer.set_weights(model.network.get_layer(layer.name).get_weights())
    last = {"sstnet": "features", "two_branch": "global_pooling_1"}[name]
    network = keras.Model(alone.network.input, alone.network.get_layer(last).output)
    return np.stack([as_numpy(network(clip, training=False)) for clip in pixels])


def lstm(features, kernel, recurrent, bias):
    """The equations of an LSTM, in float64; the last output."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    hidden = state = np.zeros((len(features), len(recurrent)))
    for frame in np.moveaxis(features.astype("float64"), 1, 0):
        gates = np.split(frame @ kernel + hidden @ recurrent + bias, 4, axis=1)
        state = sigmoid(gates[1]) * state + sigmoid(gates[0]) * np.tanh(gates[2])
        hidden = sigmoid(gates[3]) * np.tanh(state)
    return hidden


def test_a_clip_is_its_frames_one_by_one_and_an_lstm():
    model, _ = trained("sstnet")
    pixels, _ = clips(4)
    expected = lstm(
        frame_features(model, pixels), *model.network.get_layer("recurrent").get_weights()
    )
    found = outputs_of(model, pixels)
    assert found["global_features"].shape == (4, UNITS)
    np.testing.assert_allclose(found["global_features"], expected, atol=1e-5)
    kernel, bias = model.network.get_layer("head").get_weights()
    np.testing.assert_allclose(found["logits"], expected @ kernel + bias, atol=1e-5)


def test_two_branch_reads_both_ways():
    model, _ = trained("two_branch")
    pixels, _ = clips(4)
    features = frame_features(model, pixels)
    weights = model.network.get_layer("recurrent").get_weights()
    ways = [lstm(features, *weights[:3]), lstm(features[:, ::-1], *weights[3:])]
    kernel, bias = model.network.get_layer("embedding").get_weights()
    expected = np.concatenate(ways, axis=1) @ kernel + bias
    np.testing.assert_allclose(outputs_of(model, pixels)["global_features"], expected, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_it_learns_what_only_the_order_tells(name):
    model, losses = trained(name)
    assert losses[-1] < 0.75 * losses[0]
    pixels, _ = clips()
    there, back = (outputs_of(model, each)["logits"] for each in (pixels, pixels[:, ::-1]))
    assert np.abs(there - back).max() > 1e-2


def gates(weights, forget):
    """An LSTM whose input and output gates stand open, and which keeps nothing of its output."""
    kernel, recurrent, _ = (np.array(each) for each in weights)
    open_, cell = np.full(UNITS, 50.0), slice(2 * UNITS, 3 * UNITS)
    kept = np.zeros_like(kernel)
    kept[:, cell] = kernel[:, cell]
    return [kept, 0 * recurrent, np.concatenate([open_, 0 * open_ + forget, 0 * open_, open_])]


def test_an_lstm_that_only_adds_knows_no_order_and_one_that_forgets_only_the_last_frame():
    model = small("sstnet")
    layer = model.network.get_layer("recurrent")
    weights = layer.get_weights()
    pixels, _ = clips(4)
    turned = pixels[:, [1, 2, 0]]
    layer.set_weights(gates(weights, 50.0))
    added, others = (outputs_of(model, each)["logits"] for each in (pixels, turned))
    np.testing.assert_allclose(added, others, atol=1e-5)
    layer.set_weights(gates(weights, -50.0))
    forgot, others = (outputs_of(model, each)["logits"] for each in (pixels, turned))
    assert np.abs(forgot - others).max() > 1e-4
    same_end = pixels[:, [1, 0, 2]]
    np.testing.assert_allclose(outputs_of(model, same_end)["logits"], forgot, atol=1e-6)


@tensorflow_only
@pytest.mark.parametrize("name", SMALL)
def test_the_gradient_reaches_every_frame(name):
    import tensorflow as tf

    model, _ = trained(name)
    pixels, _ = clips(2)
    variable = tf.Variable(pixels)
    with tf.GradientTape() as tape:
        fake = tf.reduce_sum(model(variable, training=False)[:, 1])
    gradient = np.abs(tape.gradient(fake, variable)).max((2, 3, 4))
    assert gradient.shape == (2, FRAMES)
    assert gradient.min() > 1e-3 * gradient.max() > 0


@pytest.mark.parametrize("name", SMALL)
def test_it_comes_back(name, tmp_path):
    model, _ = trained(name)
    pixels, labels = clips()
    expected = outputs_of(model, pixels)["logits"]
    model.save(tmp_path / "model.keras")
    model.save_to_preset(tmp_path / "preset")
    for path in (tmp_path / "model.keras", tmp_path / "preset"):
        back = load_face_classifier(path)
        assert back.config == model.config
        np.testing.assert_allclose(outputs_of(back, pixels)["logits"], expected, atol=1e-6)
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert np.isfinite(again.train_on_batch(pixels, labels)[0])


@pytest.mark.parametrize("name", SMALL)
def test_it_gives_the_same_in_half_precision(name):
    model, _ = trained(name)
    half = small(name, dtype="mixed_bfloat16")
    half.set_weights(model.get_weights())
    pixels, _ = clips()
    expected, found = (outputs_of(each, pixels)["logits"] for each in (model, half))
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, expected, atol=0.1 * np.abs(expected).max() + 0.02)


def test_the_centre_loss_is_of_clips():
    model = small("two_branch", centre_step=1.0, inner_margin=0.0, outer_margin=9.0)
    pixels, labels = clips()
    features = as_numpy(model.network(pixels, training=True)["global_features"]).astype("float64")
    assert features.shape == (8, 8)
    distance = ((features - features[labels == 0].mean(0)) ** 2).sum(1)
    expected = distance[labels == 0].mean() + np.maximum(9.0 - distance[labels == 1], 0).mean()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    found = model.train_on_batch(pixels, labels, return_dict=True)
    assert found["centre_loss"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", SMALL)
def test_training_goes_on_from_single_frames(name):
    frames = small(name, clip_frames=None)
    anew = "recurrent, embedding" if name == "two_branch" else "recurrent, head"
    with pytest.warns(UserWarning, match=rf"begin anew: {anew} \(clip_frames None, here 3\)"):
        model = resized(frames, small(name).config, "frames")
    kept = [layer for layer in frames.network.layers if layer.weights and layer.name not in anew]
    assert kept
    for layer in kept:
        taken = model.network.get_layer(layer.name).get_weights()
        for found, expected in zip(taken, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_another_number_of_frames_keeps_every_weight():
    model = small("sstnet")
    longer = resized(model, model.config.replace(clip_frames=5), "clips of 3")
    for found, expected in zip(longer.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert longer(np.zeros((1, 5, SIDE, SIDE, 3)), training=False).shape == (1, 2)


def test_what_does_not_fit_is_refused():
    model = small("sstnet")
    with pytest.raises(ValueError, match=r"`pixels` must have shape \(B, 3, 32, 32, 3\)"):
        model(np.zeros((2, SIDE, SIDE, 3)))
    with pytest.raises(ValueError, match="`clip_frames` must be 1 or more"):
        small("sstnet", clip_frames=0)
    with pytest.raises(ValueError, match="`recurrent_units` must be 1 or more"):
        small("two_branch", recurrent_units=0)
    with pytest.raises(ValueError, match="Unknown configuration keys: clip_frames"):
        FaceClassifier.from_preset("madd_tiny", clip_frames=5)
