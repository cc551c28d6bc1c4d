"""A process that is killed leaves words; one that ends in order does not."""

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys
from keras_madd.support.last_words import last_words
try:
    with last_words("ended without a word"):
        {end}
except ValueError:
    sys.exit(3)
"""


@pytest.mark.parametrize(
    ("end", "status", "words"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -9, "ended without a word\n"),
        ("os.abort()", -6, "ended without a word\n"),
        ("pass", 0, ""),
        ("raise ValueError", 3, ""),
        ("sys.exit(4)", 4, ""),
    ],
)
def test_last_words(end, status, words):
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(end=end)], capture_output=True, text=True
    )
    assert process.returncode == status
    assert process.stderr == words
