"""Checkpoints: one file holds an epoch whole, and it appears whole or not at all.

`last.keras` is a Keras archive with the model, its optimizer and, as one more member, the state of
the run: epochs finished, their figures, the best of them. Replacing it is the one step that makes
an epoch count; every other file of a run can be made again from it.
"""

import json
import os
import shutil
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.support.errors import UserError
from keras_madd.support.files import replacing

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

LAST = "last.keras"
BEST = "best.keras"
# Where the first stage of a run is, in the run's folder.
STAGE1 = "stage1"
STATE_MEMBER = "training_state.json"
_KEPT = "epoch-{:04d}.keras"


def new_state() -> dict:
    """Return the state of a run that has not begun.

    Returns:
        `epoch`: epochs finished; `history`: one dictionary of figures for each; `best`: the
        figures of the best one, or `None`; `stopped`: why training ended early, or "".
    """
    return {"epoch": 0, "history": [], "best": None, "stopped": ""}


def save_checkpoint(folder: Path, model: "FaceClassifier", state: dict, keep: int = 0) -> None:
    """Make an epoch count: write `last.keras`, and keep the last few epochs' files.

    Args:
        folder: Folder of the run.
        model: Compiled model as the epoch left it.
        state: See `new_state`.
        keep: How many epochs' checkpoints stay under names of their own.

    Raises:
        UserError: If it cannot be written; the last epoch's file is then as it was.
    """
    with _writing(folder / LAST) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(STATE_MEMBER, json.dumps(state))
    if keep:
        kept = folder / _KEPT.format(state["epoch"])
        kept.unlink(missing_ok=True)
        try:
            os.link(folder / LAST, kept)
        except OSError:  # A file system without hard links.
            with _writing(kept) as temporary:
                shutil.copyfile(folder / LAST, temporary)
    kept_ones = sorted(folder.glob("epoch-*.keras"), key=lambda path: (len(path.name), path.name))
    for old in kept_ones[: -keep or None]:
        old.unlink()


def save_best(folder: Path, model: "FaceClassifier") -> None:
    """Write `best.keras`: a model without an optimizer, ready for `keras-madd export`.

    Raises:
        UserError: If it cannot be written.
    """
    with _writing(folder / BEST) as temporary:
        model.save(temporary)


def read_state(folder: Path) -> dict | None:
    """Return the state in a run's `last.keras`; `None`: no epoch is finished.

    Raises:
        UserError: If the file is damaged.
    """
    path = folder / LAST
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return json.loads(archive.read(STATE_MEMBER))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} is no checkpoint of a training run: {error}") from error


def finished_epochs(folder: str | os.PathLike) -> int:
    """Epochs that are finished, and safe, in the folder of a run."""
    state = read_state(Path(folder))
    return state["epoch"] if state else 0


def load_checkpoint(folder: Path) -> "FaceClassifier":
    """Load a run's `last.keras` with its optimizer.

    Raises:
        UserError: If it cannot be loaded, or not all of it.
    """
    import keras

    import keras_madd.model.architectures  # noqa: F401  (registers the classes)
    from keras_madd.model.loading import loading

    path = folder / LAST
    with loading(path), warnings.catch_warnings():
        # Keras only warns when it leaves an optimizer's state out.
        warnings.filterwarnings("error", message="Skipping variable loading")
        return keras.saving.load_model(path)


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    """`replacing`, with words for a full disk."""
    try:
        with replacing(path, overwrite=True) as temporary:
            yield temporary
    except OSError as error:
        raise UserError(
            f"{path} cannot be written: {error.strerror or error}. The epochs finished before are "
            "safe: make room, then go on with --resume."
        ) from error
