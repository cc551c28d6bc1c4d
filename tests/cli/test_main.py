import os
import signal
import subprocess
import sys

import pytest

from keras_madd.cli import main as cli
from keras_madd.support.errors import UserError
from keras_madd.support.signals import Stopped


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert cli.main([command, "--help"]) == 0
    assert f"keras-madd {command}" in capsys.readouterr().out


def test_an_unknown_command_is_a_mistake():
    assert cli.main(["train-on-everything"]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--data", "shards", "--output", "-"],
        ["prepare", "--dataset", "folder", "--root", ".", "--output", "-"],
        ["quickstart", "--output", "-"],
        ["score", "photo.jpg", "--model", "m.tflite", "--overlay", "-"],
    ],
)
def test_a_folder_is_never_standard_output(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    assert "must be a folder; - is standard output" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_package_is_the_command():
    command = [sys.executable, "-m", "keras_madd", "--version"]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.stdout == f"keras-madd {cli.__version__}\n", process.stderr


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (UserError("no such model"), 2, "error: no such model\n"),
        (
            OSError(28, "No space left on device", "x.tflite"),
            2,
            "error: x.tflite cannot be written: No space left on device. Make room and run",
        ),
        (OSError(28, "No space left on device"), 2, "error: No space left on device. Make room"),
        (PermissionError(13, "Permission denied", "x"), 2, "error: [Errno 13] Permission denied"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (Stopped(signal.SIGTERM), 143, "stopped\n"),
        (Stopped(signal.SIGHUP), 129, "stopped\n"),
    ],
)
def test_errors_are_one_line_and_a_status(monkeypatch, capsys, error, status, message):
    class Command:
        @staticmethod
        def run(args):
            raise error

    parser = cli._parser()
    monkeypatch.setattr(cli, "_parser", lambda: parser)
    monkeypatch.setattr(cli, "_module", lambda command: Command)
    assert cli.main(["quickstart", "--output", "x"]) == status
    shown = capsys.readouterr().err
    assert shown.startswith(message)
    assert shown.count("\n") == 1


def test_a_mistake_in_the_options_is_one_line(capsys):
    for arguments in (["score"], ["score", "a", "--no-such"], ["nonsense\n\x1b[31m"]):
        assert cli.main(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert line.endswith("--help)")
        assert "\x1b" not in line


def test_what_cannot_be_said_is_a_failure(capfd):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    script = (
        "import sys\n"
        "from keras_madd.cli import main as cli\n"
        "class Command:\n"
        "    run = staticmethod(lambda args: print('a result') or 0)\n"
        "parser = cli._parser()\n"
        "cli._parser, cli._module = lambda: parser, lambda command: Command\n"
        "sys.exit(cli.main(['quickstart', '--output', 'x']))\n"
    )
    for command in (["-c", script], ["-m", "keras_madd", "score", "--help"]):
        with open("/dev/full", "wb") as full:
            process = subprocess.run(
                [sys.executable, *command], stdout=full, stderr=subprocess.PIPE, text=True
            )
        assert process.returncode == 1
        assert process.stderr == "error: standard output: No space left on device\n"


def test_importing_and_helping_wait_for_neither_keras_nor_tensorflow():
    script = (
        "import sys, keras_madd, keras_madd.faces, keras_madd.inference\n"
        "from keras_madd.cli.main import main\n"
        "main(['--help'])\n"
        "print([name for name in ('keras', 'tensorflow', 'jax', 'torch') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.stdout.strip().endswith("[]"), process.stdout + process.stderr


def test_ctrl_c_while_the_commands_are_imported(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)
    assert cli.main(["score", "x.jpg"]) == 130
    assert capsys.readouterr().err == "stopped\n"


@pytest.mark.parametrize(
    "command",
    [
        ["train", "--data", "x", "--output"],
        ["make-fakes", "--faces", "x", "--people", "y", "--output"],
        ["score", "x.jpg", "--overlay"],
        ["quickstart", "--output"],
        ["export", "--web"],
    ],
)
def test_a_bucket_is_no_folder_of_this_machine(command, capsys):
    assert cli.main([*command, "s3://bucket/folder"]) == 2
    assert "must be a folder of this machine. Received: s3://" in capsys.readouterr().err
