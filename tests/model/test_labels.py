"""What users bring to `compile` and `fit`: sparse, one-hot and soft labels, losses, metrics."""

import functools

import keras
import numpy as np
import pytest
from keras import ops

from keras_madd import MADD
from keras_madd.model.labels import check_labels_fit, class_of

SIZE = 32
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
ONE_HOT = keras.losses.CategoricalCrossentropy(from_logits=True)


def tiny(**fields):
    return MADD.from_preset("madd_tiny", input_size=SIZE, seed=0, **fields)


@functools.cache
def plain():
    return tiny(num_attentions=0)


def batch(count=8, num_classes=2):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, SIZE, SIZE, 3), "uint8")
    return images, np.arange(count) % num_classes


def one_hot(labels, num_classes=2):
    return np.eye(num_classes, dtype="float32")[labels]


# Two images of two classes: a batch of classes must not pass for one-hot labels.
@pytest.mark.parametrize(("count", "num_classes"), [(2, 2), (9, 3)])
def test_one_hot_labels_give_the_figures_of_classes(count, num_classes):
    images, labels = batch(count, num_classes)
    weights, logs = None, []
    for loss, y in ((SPARSE, labels), (ONE_HOT, one_hot(labels, num_classes))):
        model = tiny(num_classes=num_classes, augmented_classification_weight=0.0)
        weights = weights or model.get_weights()
        model.set_weights(weights)
        graph = {"jit_compile": False} if count == 2 else {"run_eagerly": True}
        model.compile(keras.optimizers.SGD(0.0), loss=loss, **graph)
        logs.append(
            {
                **model.train_on_batch(images, y, return_dict=True),
                **{
                    f"val_{name}": value
                    for name, value in model.evaluate(
                        images, y, batch_size=count, verbose=0, return_dict=True
                    ).items()
                },
            }
        )
    assert logs[0].keys() == logs[1].keys()
    assert {"accuracy", "fake_auc", "val_accuracy", "val_fake_auc"} < logs[0].keys()
    for name, value in logs[0].items():
        assert logs[1][name] == pytest.approx(float(value), abs=1e-5), name


def test_labels_of_one_column_are_classes():
    images, labels = batch()
    model = plain()
    model.compile(run_eagerly=True)
    logs = [model.test_on_batch(images, y, return_dict=True) for y in (labels, labels[:, None])]
    assert logs[0] == pytest.approx(logs[1])


def test_labels_that_the_loss_does_not_read_are_told():
    images, labels = batch(2)
    model = plain()
    for loss, y, wanted in (
        (SPARSE, one_hot(labels), r"`y` must hold classes.*CategoricalCrossentropy"),
        (ONE_HOT, labels, r"`y` must be one-hot, shape \(B, 2\)"),
    ):
        model.compile(loss=loss, run_eagerly=True)
        for method in (model.fit, model.evaluate):
            with pytest.raises(ValueError, match=wanted):
                method(images, y, verbose=0)
    check_labels_fit(labels, "a loss of one's own", 2)


@pytest.mark.parametrize(
    "loss",
    [
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        keras.losses.categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.CategoricalFocalCrossentropy(),
        "binary_crossentropy",
        "kl_divergence",
        keras.losses.KLDivergence(),
        [keras.losses.SparseCategoricalCrossentropy()],
    ],
)
def test_losses_of_probabilities_are_refused(loss):
    with pytest.raises(ValueError, match="`loss` must read logits"):
        plain().compile(loss=loss)


@pytest.mark.parametrize(
    "metrics",
    [
        [keras.metrics.AUC()],
        ["accuracy", "AUC"],
        [keras.metrics.Recall()],
        keras.metrics.Precision(),
        [["accuracy", keras.metrics.AUC()]],
        {"logits": keras.metrics.F1Score()},
        [keras.metrics.TruePositives()],
        ["FalsePositives"],
        [keras.metrics.TrueNegatives()],
        [keras.metrics.FalseNegatives()],
        [keras.metrics.BinaryIoU()],
        [keras.metrics.SparseCategoricalCrossentropy()],
        [keras.metrics.sparse_categorical_crossentropy],
        [keras.metrics.binary_accuracy],
        ["ce"],
        ["crossentropy"],
    ],
)
def test_metrics_of_probabilities_are_refused(metrics):
    model = plain()
    for argument in ("metrics", "weighted_metrics"):
        with pytest.raises(ValueError, match=r"`metrics` must read logits.*FakeAUC"):
            model.compile(**{argument: metrics})


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"label": np.array([5, 6])}, "classes from 0"),
        ({"fake": np.array([0, 1])}, '"label".*Received: keys=.*fake'),
        ({"label": np.array([0, 1]), "blend_mask": np.zeros((2, 4, 4))}, r"\(B, m, m, 1\)"),
    ],
)
def test_labels_that_are_a_dictionary_are_checked_too(labels, message):
    model = plain()
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=message):
        model.fit(batch(2)[0], labels, verbose=0)


def test_weights_of_classes_do_not_go_with_masks_and_those_of_images_do():
    images, classes = batch(4)
    labels = {"label": classes, "blend_mask": np.zeros((4, 4, 4, 1), "float32")}
    model = plain()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)

    class Dataset:
        element_spec = (None, labels)

    for data in ((images, labels), (Dataset(),)):
        with pytest.raises(ValueError, match="`class_weight` needs labels that are no dictionary"):
            model.fit(*data, verbose=0, class_weight={0: 1.0, 1: 3.0})
    losses = [
        model.fit(images, y, verbose=0, **weights).history["loss"][0]
        for y, weights in (
            (classes, {"class_weight": {0: 1.0, 1: 3.0}}),
            (labels, {"sample_weight": np.where(classes, 3.0, 1.0)}),
        )
    ]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_metrics_of_logits_are_taken():
    model = plain()
    metrics = ["accuracy", keras.metrics.SparseCategoricalCrossentropy(from_logits=True)]
    model.compile(metrics=metrics, run_eagerly=True)


def test_none_means_no_metrics_also_the_second_time():
    images, labels = batch()
    model = plain()
    model.compile(run_eagerly=True)
    assert len(model.test_on_batch(images, labels, return_dict=True)) == 3
    model.compile(metrics=None, run_eagerly=True)
    assert set(model.test_on_batch(images, labels, return_dict=True)) == {"loss"}
    with pytest.raises(ValueError, match="`loss` must be a loss"):
        model.compile(loss=None)
    with pytest.raises(TypeError):
        model.compile("adam", SPARSE, ["accuracy"])


def test_soft_labels_train_and_losses_of_ones_own_work():
    images, labels = batch()
    soft = 0.8 * one_hot(labels) + 0.1
    model = tiny()
    model.compile(loss=ONE_HOT, run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images, soft)).all()
    squares = lambda y, logits: ops.sum((y - ops.softmax(logits)) ** 2, axis=-1)  # noqa: E731
    model.compile(loss=squares, run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images, soft)).all()


def test_class_of_reads_sparse_and_one_hot_labels():
    sparse = class_of(ops.convert_to_tensor([[2], [0]]), 3)
    one_hot = class_of(ops.convert_to_tensor([[0.1, 0.2, 0.7], [1.0, 0.0, 0.0]]), 3)
    assert ops.convert_to_numpy(sparse).tolist() == [2, 0]
    assert ops.convert_to_numpy(one_hot).tolist() == [2, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0.1, 0.9] * 4), r"whole numbers, .*soft labels are \(B, 2\)"),
        (np.array([[0.1], [0.9]] * 4), r"whole numbers"),
        (np.array(["real", "fake"] * 4), r"classes as numbers, from 0 \(real\) to 1.*dtype=<U4"),
        (np.array([0, 1, 2, 1] * 2), r"from 0 \(real\) to 1\. Received: values from 0 to 2"),
    ],
)
def test_labels_that_are_no_classes_are_told(labels, message):
    model = plain()
    model.compile()
    with pytest.raises(ValueError, match=message):
        model.fit(batch()[0], labels, verbose=0)


def test_classes_may_be_floats_and_bools():
    model = plain()
    model.compile()
    images, labels = batch()
    found = [
        model.evaluate(images, labels.astype(kind), verbose=0, return_dict=True)["loss"]
        for kind in ("int64", "float32", "bool")
    ]
    assert found == pytest.approx(found[:1] * 3)
