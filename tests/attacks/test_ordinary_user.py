"""As a user without rights: the package, its models and the output are read-only."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from attacks.sound_files import ASSETS
from keras_madd.demo import sample_photo_path

_WITHOUT_RIGHTS = (
    *("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"),
)


def _without_rights():
    """A command's beginning that takes root's rights away, where root may do that."""
    try:
        subprocess.run([*_WITHOUT_RIGHTS, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"root cannot give its rights away here: {error}")
    return [*_WITHOUT_RIGHTS]


@pytest.fixture
def folder():
    """A folder that everybody may read and only its owner write."""
    path = Path(tempfile.mkdtemp(prefix="ordinary-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


def score(folder, *arguments):
    model = folder / "model.tflite"
    for name in (model.name, "model.json"):
        shutil.copy(ASSETS / name, folder / name)
    shutil.copy(sample_photo_path(), folder / "photo.jpg")
    folder.chmod(0o555)
    command = [sys.executable, "-m", "keras_madd.cli.main", "score", str(folder / "photo.jpg")]
    # Root writes into any folder, unless it gives that right away.
    prefix = _without_rights() if os.geteuid() == 0 else []
    return subprocess.run(
        [*prefix, *command, "--model", str(model), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )


def test_scoring_writes_nowhere(folder):
    result = score(folder)
    assert result.returncode == 0, result.stderr
    assert "fake score" in result.stdout
    assert sorted(path.name for path in folder.iterdir()) == [
        "model.json",
        "model.tflite",
        "photo.jpg",
    ]


@pytest.mark.parametrize("option", ["--json", "--overlay"])
def test_an_output_that_cannot_be_written_is_told_before_the_work(folder, option):
    result = score(folder, option, str(folder / "out"))
    assert result.returncode == 2
    assert "fake score" not in result.stdout
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert str(folder) in result.stderr
