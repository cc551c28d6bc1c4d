"""What every benchmark writes: its result, and what it was measured on and with."""

import json
import os
import platform
import subprocess
from pathlib import Path

from history import remember

from keras_madd.support.versions import installed_versions, package_versions

ROOT = Path(__file__).parents[1]
_PACKAGES = ("tensorflow", "ai-edge-quantizer", "onnxruntime", "opencv-python", "apache-beam")


def write_record(path: Path | None, result: dict, measured: dict | None = None) -> None:
    """Write a result as JSON, and a line of history where it is kept; `None`: nowhere.

    Args:
        path: The file. It is written over.
        result: Plain data: the settings and the figures.
        measured: What this run measured, where the result has figures of earlier ones, too.
    """
    if path is None:
        return
    record = {"machine": machine(), "versions": versions(), "commit": commit(), **result}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n")
    remember(path, record | (measured or {}))


def machine() -> dict[str, object]:
    """Describe the machine, and how busy it is."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of what it stands on."""
    return {
        "python": platform.python_version(),
        **package_versions(),
        **installed_versions(_PACKAGES),
    }


def commit() -> str:
    """Return the commit that is checked out, with `-dirty` where files differ from it; else ""."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""  # A copy without its history, or no git.
    return found.stdout.strip()
