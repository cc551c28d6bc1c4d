import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "export"


@pytest.mark.parametrize("script", ["to_tflite.py", "to_onnx.py"])
def test_scripts_share_the_commands_arguments_and_errors(script, tmp_path):
    arguments = [str(tmp_path / "none.keras"), "--output", str(tmp_path / "a.tflite")]
    command = [sys.executable, str(SCRIPTS / script)]
    wrong = subprocess.run([*command, *arguments], capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == f"error: There is no model {arguments[0]}.\n"
    shown = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert "--quantize {none,float16,dynamic,int8,int8-full}" in shown.stdout
