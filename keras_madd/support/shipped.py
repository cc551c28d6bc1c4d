"""The trained detectors that come inside the package: where they lie, and which is the default.

A shipped preset is a folder `keras_madd/weights/NAME` with the Keras model at half precision
(`config.json`, `model.weights.h5`), the same network for LiteRT in 8 bits (`model.tflite` and its
description `model.json`) and a model card (`README.md`). `recipes/ship.py` writes it.
"""

import os
from pathlib import Path

from keras_madd.support.errors import UserError

WEIGHTS = Path(__file__).parents[1] / "weights"
DEFAULT = "madd_efficientnet_lite0_real_faces"
CONFIG, KERAS_WEIGHTS = "config.json", "model.weights.h5"
LITERT = "model.tflite"
CARD = "README.md"


def shipped_folder(name: str | os.PathLike) -> Path | None:
    """Return the folder of a preset that comes with the package; `None` if there is no such."""
    folder = (WEIGHTS / name).resolve()
    # Only a plain name: a path is the caller's own folder.
    return folder if folder.name == str(name) and folder.is_dir() else None


def default_folder() -> Path:
    """Return the folder of the detector that is used where none is named.

    Raises:
        UserError: If this copy of the package has none.
    """
    folder = shipped_folder(DEFAULT)
    if folder is None:
        raise UserError(
            "This copy of keras-madd comes without trained weights: name a model. "
            "`keras-madd train` and `keras-madd export` make one."
        )
    return folder


def default_litert() -> Path:
    """Return the LiteRT file that scores where no model is named.

    Raises:
        UserError: If this copy of the package has none.
    """
    return default_folder() / LITERT


def model_card(model_path: str | os.PathLike) -> Path | None:
    """Return the model card of a LiteRT file in a preset's folder, if there is one."""
    path = Path(model_path)
    is_in_preset = path.name == LITERT and (path.parent / CONFIG).is_file()
    return path.parent / CARD if is_in_preset and (path.parent / CARD).is_file() else None


def model_name(model_path: str | os.PathLike) -> str:
    """Return how a model file is called in results: a shipped one by its name."""
    path = Path(model_path)
    shipped = shipped_folder(path.parent.name)
    return (
        path.parent.name if shipped is not None and shipped == path.parent.resolve() else str(path)
    )
