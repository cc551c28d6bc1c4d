import re
import sys
import tomllib
from pathlib import Path

import pytest

from keras_madd.cli.main import main
from keras_madd.support import extras

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
DISTRIBUTIONS = {"sklearn": "scikit-learn"}


@pytest.mark.parametrize("module", extras._EXTRAS)
def test_the_extra_brings_the_library(module):
    requirements = PROJECT["optional-dependencies"][extras._EXTRAS[module]]
    names = [re.match(r"[\w-]+", each)[0] for each in requirements]
    assert DISTRIBUTIONS.get(module, module.replace("_", "-")) in names


def test_a_command_without_its_library_says_what_to_install(monkeypatch, capsys, tmp_path):
    for name in [name for name in sys.modules if name.split(".")[0] == "onnxruntime"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "keras_madd.cli.score", _Command())
    assert main(["score"]) == 2
    assert capsys.readouterr().err == (
        "error: This needs tensorflow: pip install 'keras-madd[train]'\n"
    )


def test_other_missing_modules_are_no_advice():
    assert extras.advice_on_missing(ModuleNotFoundError("x", name="keras_madd.nothing")) is None


class _Command:
    __doc__ = "A command that needs TensorFlow."

    @staticmethod
    def add_arguments(parser):
        pass

    @staticmethod
    def run(args):
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")
