"""What a result was made with."""

import contextlib
import importlib.metadata
import sys
from collections.abc import Iterable

from keras_madd import __version__

_PACKAGES = ("keras", "ai-edge-litert", "mediapipe", "numpy", "scikit-learn", "jax", "torch")


def package_versions() -> dict[str, str]:
    """Returns the version of this package, and of those that it stands on and that are there."""
    versions = {"keras_madd": __version__}
    # TensorFlow comes in packages of several names; the module knows its version.
    if "tensorflow" in sys.modules:
        versions["tensorflow"] = sys.modules["tensorflow"].__version__
    return versions | installed_versions(_PACKAGES)


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Returns the versions of those of some packages that are there."""
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return versions
