import numpy as np
import pytest
from backends import tensorflow_only
from logit_parts import logit_parts, main
from shards_on_disk import sources, write_shards

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


@pytest.mark.parametrize(("split", "size"), [("test", 64), ("test", 80), ("train", 64)])
def test_faces_of_any_stored_size_are_read(tmp_path, capsys, split, size):
    data = write_shards(tmp_path / "shards", sources(split, 2, size=size), size=size)
    assert main(["madd_tiny", "--data", str(data), "--split", split]) == 0
    assert capsys.readouterr().out.startswith("log-odds of fake vary by 0.")


def test_mistakes_are_told_in_one_line(tmp_path, capsys):
    data = write_shards(tmp_path / "shards", sources("test", 1, positions=1))
    for arguments, told in (
        (["madd_tiny", "--data", f"{tmp_path}/none"], "none"),
        (["nothing", "--data", str(data)], "nothing"),
        (["madd_tiny", "--data", str(data), "--split", "val"], "val"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert told in error
        assert error.count("\n") == 1
