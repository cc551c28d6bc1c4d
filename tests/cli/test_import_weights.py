"""keras-madd import-weights: a checkpoint becomes a .keras file, or one clear line."""

import argparse

import keras
import numpy as np
import pytest
import reference_rule
from backends import as_numpy

from keras_madd.cli import import_weights
from keras_madd.support.errors import UserError


def run(*arguments):
    parser = argparse.ArgumentParser()
    import_weights.add_arguments(parser)
    return import_weights.run(parser.parse_args([str(argument) for argument in arguments]))


@pytest.mark.torch
def test_a_checkpoint_becomes_a_model(tmp_path, capsys):
    torch = pytest.importorskip("torch")
    tensors = reference_rule.state_dict("b0_128_m4", "efficientnet-b0")
    tensors = {f"module.{name}": torch.tensor(value) for name, value in tensors.items()}
    torch.save({"state_dict": tensors, "logs": {"epoch": 4}}, tmp_path / "ckpt.pth")
    output = tmp_path / "model.keras"
    assert run(tmp_path / "ckpt.pth", "--output", output, "--input-size", 128) == 0
    printed = capsys.readouterr().out
    assert "the authors' released detector, 424 tensors" in printed
    assert "backbone: official_efficientnet_b0" in printed
    assert "num_attentions: 4" in printed
    assert "input_size: 128 (as given)" in printed
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".keras"] == ["model.keras"]
    model = keras.saving.load_model(output)
    logits = as_numpy(model(reference_rule.pixels(128)))
    error, noise = reference_rule.error("b0_128_m4", "logits", logits)
    assert error <= 8 * noise


@pytest.mark.torch
def test_an_impossible_tap_is_an_error_and_leaves_no_file(tmp_path):
    torch = pytest.importorskip("torch")
    tensors = reference_rule.state_dict("b0_128_m4", "efficientnet-b0")
    torch.save({name: torch.tensor(value) for name, value in tensors.items()}, tmp_path / "c.pth")
    with pytest.raises(UserError, match="attention_tap"):
        run(tmp_path / "c.pth", "--output", tmp_path / "m.keras", "--attention-tap", "b99")
    assert [path.name for path in tmp_path.iterdir()] == ["c.pth"]


def test_an_existing_file_is_kept(tmp_path):
    output = tmp_path / "model.keras"
    output.write_bytes(b"mine")
    with pytest.raises(UserError, match="--overwrite"):
        run(tmp_path / "ckpt.pth", "--output", output)
    assert output.read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "model.h5"], r"must end in \.keras"),
        (["--output", "nowhere/model.keras"], "no folder nowhere"),
        (["--output", "model.keras"], r"no checkpoint ckpt\.pth"),
    ],
)
def test_mistakes_are_told_in_one_line(tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=message):
        run("ckpt.pth", *arguments)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_checkpoint(tmp_path):
    path = tmp_path / "ckpt.pth"
    np.save(path.with_suffix(".npy"), np.zeros(3))
    path.with_suffix(".npy").rename(path)
    with pytest.raises(UserError, match="no file of PyTorch"):
        run(path, "--output", tmp_path / "model.keras")
    assert not (tmp_path / "model.keras").exists()
