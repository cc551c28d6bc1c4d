"""One static folder that scores in a browser: page, model, face detectors, WebAssembly.

The page is `web_demo/`, built; the WebAssembly files are those of the packages that its lock file
pins, packed together, since they are alike: 4 MB for 30 MB. Both are package data, so that no one
needs Node, and CI builds both anew and compares.
"""

import hashlib
import json
import os
import shutil
import tarfile
from pathlib import Path

from keras_madd.faces.detect import MODEL_FILES
from keras_madd.inference.model_description import (
    check_scores_one_face,
    model_json_path,
    read_model_json,
)
from keras_madd.support import shipped
from keras_madd.support.output_folder import output_folder
from keras_madd.web.model_card import model_card

PAGE = Path(__file__).parent / "page"
RUNTIMES = Path(__file__).parent / "runtimes.tar.xz"
# Paths in the folder.
MODEL, FILES = Path("model") / "model.tflite", "files.json"


def write_web_folder(
    model_path: str | os.PathLike, folder: str | os.PathLike, overwrite: bool = False
) -> Path:
    """Writes everything that a browser needs to score with a model.

    Any server serves the folder, such as `python -m http.server`; the page asks nothing of any
    other. `files.json` lists the SHA-256 of each file; the page checks the models by it.

    Args:
        model_path: A `.tflite` file with its `model.json` beside it.
        folder: Where to write; after an error it is as it was.
        overwrite: Whether a folder that is not empty may be written into.

    Returns:
        The folder.

    Raises:
        UserError: If the model is missing or cannot run in the page, or the folder cannot be
            written.
    """
    model_path = Path(model_path)
    description = read_model_json(model_path)
    check_scores_one_face(model_path, description, "The page")
    inputs = (model_path, model_json_path(model_path))
    with output_folder(folder, overwrite, inputs=inputs) as work:
        for path in PAGE.iterdir():
            shutil.copyfile(path, work / path.name)
        with tarfile.open(RUNTIMES) as archive:
            archive.extractall(work / "wasm", filter="data")
        _date_anew(work)
        (work / MODEL).parent.mkdir()
        shutil.copyfile(model_path, work / MODEL)
        shutil.copyfile(model_json_path(model_path), model_json_path(work / MODEL))
        card = model_card(description, _words(model_path))
        (work / "model" / "card.html").write_text(card, encoding="utf-8")
        (work / "faces").mkdir()
        for file in MODEL_FILES.values():
            shutil.copyfile(file, work / "faces" / file.name)
        listed = {
            path.relative_to(work).as_posix(): _entry(path)
            for path in sorted(work.rglob("*"))
            if path.is_file()
        }
        (work / FILES).write_text(json.dumps(listed, indent=1) + "\n")
    return Path(folder)


def _words(model_path: Path) -> str | None:
    """Returns what the model card of a preset says, if the model comes out of one."""
    card = shipped.model_card(model_path)
    return None if card is None else card.read_text(encoding="utf-8")


def _date_anew(folder: Path) -> None:
    """Sets the times of files to now; the archive's are of 1970, the page's of the installation.

    Browsers keep a file the longer unasked the older it is, and are told that it has not changed
    where it is no newer than theirs.
    """
    for path in folder.rglob("*"):
        os.utime(path)


def _entry(path: Path) -> dict:
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
