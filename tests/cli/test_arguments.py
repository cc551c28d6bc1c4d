import argparse

import pytest

from keras_madd.cli import main as cli
from keras_madd.cli.arguments import SEED, Range, path


@pytest.mark.parametrize(
    ("limits", "text", "value"),
    [
        (Range(1, 9), "1", 1),
        (Range(1, 9), "9", 9),
        (Range(0.0, 1.0), "0", 0.0),
        (Range(0.0, 1.0), "1e-3", 0.001),
        (Range(0.0, 1.0, above=True), "5e-324", 5e-324),
    ],
)
def test_numbers_within_their_range(limits, text, value):
    assert limits(text) == value
    assert type(limits(text)) is type(value)


@pytest.mark.parametrize(
    ("limits", "text", "message"),
    [
        (Range(1, 9), "0", "a whole number from 1 to 9. Received: 0"),
        (Range(1, 9), "10", "a whole number from 1 to 9"),
        (Range(1, 9), "2.5", "a whole number"),
        (Range(1, 9), 5000 * "9", f"Received: {40 * '9'}$"),
        (Range(1, 9), "\x1b[31m", r"Received: \\x1b\[31m"),
        (SEED, "4294967296", "from 0 to 4294967295"),
        (Range(0.0, 1.0), "nan", "a number from 0 to 1. Received: nan"),
        (Range(0.0, 1.0), "inf", "a number from 0 to 1"),
        (Range(0.0, 1.0), "-1e-9", "a number from 0 to 1"),
        (Range(0.0, 1.0), "half", "a number from 0 to 1"),
        (Range(0.0, 9.0, above=True), "0", "a number above 0, up to 9"),
    ],
)
def test_numbers_outside_it(limits, text, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        limits(text)


def test_an_empty_path_is_not_the_current_folder():
    assert path(".") == "."
    with pytest.raises(argparse.ArgumentTypeError, match="must not be empty"):
        path("")


def commands():
    (choices,) = (
        action.choices
        for action in cli._parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    return choices


def test_every_number_of_every_command_has_a_range():
    for name, parser in commands().items():
        for action in parser._actions:
            assert action.type not in (int, float), (name, action.dest)


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("score", "--threads", ["0", "100000"]),
        ("score", "--frames", ["0", "1e9", "99999999999"]),
        ("prepare", "--size", ["2", "999999999"]),
        ("prepare", "--workers", ["0", "99999"]),
        ("evaluate", "--bootstrap", ["-1", "99", "99999999"]),
        ("evaluate", "--threshold", ["2", "nan"]),
        ("train", "--learning-rate", ["0", "inf", "1e30"]),
        ("train", "--seed", ["-1", "4294967296"]),
        ("train", "--epochs", ["0"]),
        ("ablate", "--seeds", ["0", "99999999999"]),
        ("compare", "--budget", ["0", "inf"]),
        ("export", "--batch", ["0", "99999999999"]),
        ("export", "--crop-margin", ["0", "1e-300"]),
        ("export", "--max-auc-drop", ["2"]),
        ("export", "--temperature", ["0"]),
        ("import-weights", "--input-size", ["0"]),
        ("camera", "--seconds", ["0", "inf"]),
    ],
)
def test_a_number_outside_its_range_is_one_line(command, option, values, capsys):
    for value in values:
        assert cli.main([command, f"{option}={value}"]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"error: argument {option}: must be a ")
        assert f"Received: {value}" in line


@pytest.mark.parametrize("command", ["ablate", "compare"])
def test_the_seeds_of_several_runs_end_within_the_range(command, capsys):
    arguments = ["--data", "a", "--output", "b", "--seed", str(SEED.most), "--seeds", "2"]
    assert cli.main([command, *arguments]) == 2
    assert "must end at 4294967295" in capsys.readouterr().err
