"""Weights on disk in half the space."""

import os

import h5py
import numpy as np

from keras_madd.support.files import replacing


def store_in_half_precision(path: str | os.PathLike) -> None:
    """Rewrite a Keras weights file with float16 in the place of float32.

    Keras assigns what it reads to float32 variables, so nothing else is needed to load it. An
    array that float16 cannot hold, as counts of millions, stays as it is.

    Args:
        path: A `.weights.h5` file; it is replaced in one step.
    """
    with (
        replacing(path, overwrite=True) as temporary,
        h5py.File(path) as source,
        h5py.File(temporary, "w") as half,
    ):
        half.attrs.update(source.attrs)

        def copy(name, node):
            if isinstance(node, h5py.Group):
                half.require_group(name).attrs.update(node.attrs)
                return
            stored = half.create_dataset(name, data=_halved(node[()]))
            stored.attrs.update(node.attrs)

        source.visititems(copy)


def _halved(value: np.ndarray) -> np.ndarray:
    value = np.asarray(value)
    if value.dtype != np.float32:
        return value
    fits = np.abs(value[np.isfinite(value)]).max(initial=0.0) <= np.finfo(np.float16).max
    return value.astype(np.float16) if fits else value
