"""Kinds of arguments that several commands take."""

import argparse

from keras_madd.support.files import STANDARD_OUTPUT


def count(text: str) -> int:
    """Reads an argument that is a whole number, 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value


def folder(text: str) -> str:
    """Reads the name of a folder to write, which standard output cannot be."""
    if text == STANDARD_OUTPUT:
        raise argparse.ArgumentTypeError(
            "must be a folder; - is standard output (./- is a folder of that name)"
        )
    return text
