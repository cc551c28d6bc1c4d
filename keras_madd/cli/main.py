"""The `keras-madd` command."""

import argparse
import importlib
import logging
import os
import sys
import warnings
from typing import NoReturn

from keras_madd import __version__
from keras_madd.cli.told import told
from keras_madd.support.native_stderr import native_stderr_discarded
from keras_madd.support.standard_streams import guarded_streams, printable, standard_output_error

COMMANDS = (
    *("quickstart", "prepare", "train", "evaluate", "ablate", "compare", "export", "score"),
    *("camera", "web", "import-weights", "make-fakes"),
)


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status.

    Returns:
        0 on success, 1 where a command says that part of its work failed, 2 for a mistake of the
        user, 128 and the signal's number where one has stopped it, such as 130 after Ctrl-C.
    """
    _quiet_libraries()
    with guarded_streams(), native_stderr_discarded():
        status = _run(arguments)
        sys.stdout.flush()
        error = standard_output_error()
        # A reader that has seen enough, such as `head`, is no failure.
        if error is None or isinstance(error, BrokenPipeError):
            return status
        print(f"error: standard output: {error.strerror}", file=sys.stderr)
        return status or 1


def _run(arguments: list[str] | None) -> int:
    def work() -> int:
        args = _parser().parse_args(arguments)
        return _module(args.command).run(args)

    try:
        return told(work)
    except SystemExit as done:  # argparse's: help, the version, or a mistake, which it has told.
        return int(done.code or 0)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in one line, as all errors are."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {printable(message)} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="keras-madd",
        description="Multi-attentional deepfake detection: train, evaluate, export, score.",
    )
    parser.add_argument("--version", action="version", version=f"keras-madd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        module = _module(command)
        summary = module.__doc__.splitlines()[0]
        module.add_arguments(commands.add_parser(command, help=summary, description=summary))
    return parser


def _module(command: str):
    return importlib.import_module(f"keras_madd.cli.{command.replace('-', '_')}")


def _quiet_libraries() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("GLOG_minloglevel", "3")
    # Libraries tell programmers of odd files; what matters to users is in the results.
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


if __name__ == "__main__":
    sys.exit(main())
