"""What a result was made with."""

import importlib.metadata
import sys

from keras_madd import __version__

_PACKAGES = ("keras", "ai-edge-litert", "mediapipe", "numpy", "scikit-learn", "jax", "torch")


def package_versions() -> dict[str, str]:
    """Returns the version of this package, and of those that it stands on and that are there."""
    versions = {"keras_madd": __version__}
    # TensorFlow comes in packages of several names; the module knows its version.
    if "tensorflow" in sys.modules:
        versions["tensorflow"] = sys.modules["tensorflow"].__version__
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
