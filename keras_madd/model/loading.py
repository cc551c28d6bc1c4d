"""Opening a saved model, with errors that say what to do."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier
    from keras_madd.model.madd import MADD


def load_face_classifier(path: str | os.PathLike) -> "FaceClassifier":
    """Load a detector of any architecture from a `.keras` file or a preset's folder.

    Args:
        path: A file written by `model.save` or a folder written by `save_to_preset`.

    Raises:
        UserError: If nothing is there, it cannot be read, or it holds another kind of model.
    """
    path = Path(path)
    if not path.exists():
        raise UserError(f"There is no model {path}.")
    if not path.is_dir():
        check_input(path)
    # Keras takes seconds to import, and a wrong path must not wait for it.
    import keras

    import keras_madd.model.architectures  # noqa: F401  (registers the classes)
    from keras_madd.model.face_classifier import FaceClassifier

    if not path.is_dir() and path.suffix != ".keras":
        raise UserError(f"{path} is no Keras model: expected a .keras file or a preset's folder.")
    with loading(path):
        if path.is_dir():
            return FaceClassifier.from_preset(path)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    if not isinstance(model, FaceClassifier):
        raise UserError(
            f"{path} holds a {type(model).__name__}, not a detector; "
            "OwnNetwork.around(model).save(path) makes a detector of a Keras model."
        )
    return model


def load_madd(path: str | os.PathLike) -> "MADD":
    """Load a `MADD` model from a `.keras` file or a preset's folder.

    Args:
        path: A file written by `model.save` or a folder written by `save_to_preset`.

    Raises:
        UserError: As `load_face_classifier`, and if it holds a detector of another architecture.
    """
    model = load_face_classifier(path)
    from keras_madd.model.madd import MADD

    if not isinstance(model, MADD):
        raise UserError(f"{path} holds a {type(model).__name__}, not a MADD model.")
    return model


@contextmanager
def loading(path: Path) -> Iterator[None]:
    """Raise a UserError for whatever a broken file makes Keras stumble over."""
    try:
        yield
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise UserError(f"{path} cannot be loaded: {reason}") from error
