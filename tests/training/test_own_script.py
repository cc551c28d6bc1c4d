"""The script for JAX in docs/devices.md runs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from backends import tensorflow_only
from free_port import free_port
from synthetic_shards import write_shards

PAGE = Path(__file__).parents[2] / "docs" / "devices.md"


@pytest.mark.slow
@tensorflow_only
def test_the_script_of_the_page_runs_as_a_worker(tmp_path):
    pytest.importorskip("jax")
    (script,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert script.count('"madd_tiny"') == 1
    # JAX compiles the whole method for minutes.
    script = script.replace('"madd_tiny"', '"madd_tiny", num_attentions=0')
    write_shards(tmp_path / "shards", {"train": 4}, size=64)
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": f"127.0.0.1:{free_port()}",
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "1",
        "KERAS_DISTRIBUTION_PROCESS_ID": "0",
    }
    script += "\nprint(part, int(model.optimizer.iterations))\n"
    process = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout.splitlines()[-1:] == ["(0, 1) 4"], process.stdout + process.stderr
