"""Score the faces of photographs with an exported model."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from keras_madd.edge import Detector, ScoredFace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd score`."""
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", help="photographs, or folders that are searched"
    )
    parser.add_argument(
        "--model", required=True, metavar="FILE", help="a .tflite file, its model.json beside it"
    )
    parser.add_argument(
        "--json", metavar="OUT", help="also write the scores to this file, replacing it"
    )
    parser.add_argument(
        "--overlay",
        metavar="DIR",
        help="write each photograph with boxes, scores and attention to this folder, as "
        "NAME.scored.png",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads for the model")
    parser.epilog = (
        "Exit status: 0 when every file was read, faces or none, whatever their scores; 1 when a "
        "file failed; 2 for mistakes in the command."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd score`; returns the exit status."""
    from keras_madd.edge import Detector
    from keras_madd.edge.images import find_images
    from keras_madd.errors import UserError

    if args.threads is not None and args.threads < 1:
        raise UserError(f"--threads must be 1 or more. Received: {args.threads}")
    _check_outputs(args)
    files = list(find_images(args.paths))
    if not files:
        raise UserError(f"No images in {', '.join(args.paths)}.")
    names = _overlay_names(files)
    with Detector(args.model, threads=args.threads) as detector:
        records = [_score(file, detector, args.overlay, names[file]) for file in files]
    if args.json:
        _write_json(Path(args.json), args.model, detector, records)
    failed = sum("error" in record for record in records)
    if failed and len(files) > 1:
        print(f"{failed} of {len(files)} files failed", file=sys.stderr)
    return 1 if failed else 0


def _score(file: Path, detector: "Detector", overlay: str | None, name: str) -> dict:
    """Scores one file, prints a line per face, and returns its record for the JSON file."""
    from keras_madd.edge import read_image
    from keras_madd.errors import UserError

    try:
        image = read_image(file)
        faces = detector.score_image(image)
        if overlay:
            _draw(image, faces, Path(overlay) / name)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return {"path": str(file), "error": str(error)}
    if not faces:
        print(f"{file}: no face found")
    for face in faces:
        x, y, width, height = face.box
        print(f"{file}: fake {face.probability:.1%}, face {width}x{height} at {x},{y}")
    return {"path": str(file), "faces": [face.to_json() for face in faces]}


def _draw(image: "np.ndarray", faces: list["ScoredFace"], path: Path) -> None:
    from keras_madd.errors import UserError
    from keras_madd.files import replace_file
    from keras_madd.visualize import draw_scored_faces, encode_png

    try:
        replace_file(path, encode_png(draw_scored_faces(image, faces)))
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror}") from None


def _check_outputs(args: argparse.Namespace) -> None:
    """Makes the overlay's folder and says at once what could not be written at the end."""
    import os

    from keras_madd.errors import UserError

    folders = []
    if args.overlay:
        try:
            Path(args.overlay).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--overlay {args.overlay}: {error.strerror}") from None
        folders.append(Path(args.overlay))
    if args.json:
        if Path(args.json).is_dir():
            raise UserError(f"--json {args.json} is a folder.")
        folders.append(Path(args.json).parent)
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"There is no folder {folder}.")
        if not os.access(folder, os.W_OK):
            raise UserError(f"The folder {folder} cannot be written to.")


def _overlay_names(files: list[Path]) -> dict[Path, str]:
    """Returns a name for each file's overlay; like names from several folders are numbered."""
    names, taken = {}, set()
    for file in dict.fromkeys(files):
        name, number = f"{file.name}.scored.png", 1
        while name in taken:
            number += 1
            name = f"{file.name}.{number}.scored.png"
        taken.add(name)
        names[file] = name
    return names


def _write_json(path: Path, model: str, detector: "Detector", records: list[dict]) -> None:
    from keras_madd.files import replace_file

    description = detector.description
    content = {
        "model": str(model),
        "sha256": description.sha256,
        "training_data": description.training_data,
        "files": records,
    }
    replace_file(path, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
