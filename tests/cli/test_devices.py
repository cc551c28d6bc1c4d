"""A lost worker is told of, whatever JAX does to the process meanwhile."""

import subprocess
import sys

# Aborts where the line was said after the watching process had been told that all is well.
ABORTED = """
import os
from keras_madd.cli import devices
from keras_madd.training.devices import WorkerLostError
from keras_madd.training.workers import Workers

devices.join_workers = lambda workers: None
os.waitpid = lambda *_: os.abort()
with devices.joined(Workers("127.0.0.1:1", count=2, index=1)):
    raise WorkerLostError("another worker is lost")
"""


def test_a_loss_is_told_before_the_process_can_be_aborted():
    process = subprocess.run([sys.executable, "-c", ABORTED], capture_output=True, text=True)
    assert process.returncode < 0
    assert "error: another worker is lost" in process.stderr
