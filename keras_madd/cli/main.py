"""The `keras-madd` command."""

import argparse
import importlib
import os
import sys

from keras_madd import __version__
from keras_madd.support.errors import UserError

COMMANDS = (
    *("quickstart", "prepare", "train", "evaluate", "ablate", "export", "score", "camera"),
    *("import-weights", "make-fakes"),
)
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status.

    Returns:
        0 on success, 1 where a command says that part of its work failed, 2 for a mistake of the
        user, 130 after Ctrl-C.
    """
    _quiet_native_logs()
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        return _module(args.command).run(args)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        # A full disk, a missing right: the system's own words name the file.
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
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


def _quiet_native_logs() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("GLOG_minloglevel", "3")


if __name__ == "__main__":
    sys.exit(main())
