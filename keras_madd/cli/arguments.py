"""Kinds of arguments that several commands take."""

import argparse


def count(text: str) -> int:
    """Reads an argument that is a whole number, 1 or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value
