"""Mistakes of commands and scripts are told in a line."""

import pytest

from keras_madd.cli.told import told
from keras_madd.support.errors import UserError


def raising(error):
    def work():
        raise error

    return work


def test_what_was_done_is_the_status():
    assert told(lambda: 1) == 1
    assert told(lambda: None) == 0


@pytest.mark.parametrize("error", [UserError("no file"), FileNotFoundError("no file")])
def test_a_mistake_is_2(error, capsys):
    assert told(raising(error)) == 2
    assert capsys.readouterr().err == "error: no file\n"


def test_a_fault_is_a_mistake_only_where_it_is_said(capsys):
    with pytest.raises(ValueError, match="no split"):
        told(raising(ValueError("no split")))
    assert told(raising(ValueError("no split")), ValueError) == 2
    assert capsys.readouterr().err == "error: no split\n"


def test_ctrl_c_is_no_traceback(capsys):
    assert told(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_a_missing_package_is_named(capsys):
    assert told(raising(ModuleNotFoundError("No module named 'tf2onnx'", name="tf2onnx"))) == 2
    assert "tf2onnx" in capsys.readouterr().err
