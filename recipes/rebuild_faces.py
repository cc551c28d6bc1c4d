"""Rebuild the folder of photographs that the shipped detector was trained on.

The photographs are not part of this project: it has a table of where they were published, under
which licence, and what their bytes hash to. Check out each repository of the table at its commit,
into `DOWNLOADS/OWNER/NAME`, then

    python recipes/rebuild_faces.py DOWNLOADS photos

A file whose SHA-256 is another one is refused. Large pictures are cut out around the face, as they
were for training, by the face detector; the cut is the same to a few pixels, not to the byte.
"""

import argparse
import csv
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np

from keras_madd.cli.told import told
from keras_madd.faces import FaceDetector
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file

SOURCES = Path(__file__).with_name("real_faces.csv")
COLUMNS = ("file", "repository", "path", "sha256", "cut_out")
# Of a picture that is cut out: its side over that of the face's box, and the most that has.
REACH, LARGEST_FACE, JPEG_QUALITY = 2.6, 400, 96


def rebuild(table: Path, downloads: Path, output: Path) -> tuple[int, list[str]]:
    """Rebuild the folder, leaving what is there already and right.

    Args:
        table: CSV file with the columns `file`, `repository`, `path`, `sha256` and `cut_out`.
        downloads: Folder with the repositories.
        output: Folder of photographs to write.

    Returns:
        The number of photographs, and the paths that the downloads lack.

    Raises:
        UserError: The table is none, or a file has another SHA-256: nothing is written then. Or
            one shows no face.
    """
    rows = _read(table)
    paths = {row["file"]: downloads / row["repository"] / row["path"] for row in rows}
    missing = [str(path) for path in paths.values() if not path.is_file()]
    found = [row for row in rows if paths[row["file"]].is_file()]
    if wrong := [row["file"] for row in found if _hash(paths[row["file"]]) != row["sha256"]]:
        raise UserError(
            f"{len(wrong)} files are not those of the table, {paths[wrong[0]]} for one: check out "
            "the commit that the table names."
        )
    output.mkdir(parents=True, exist_ok=True)
    with FaceDetector() as detector:
        for row in found:
            path = paths[row["file"]]
            content = _cut_out(path, detector) if row["cut_out"] == "yes" else path.read_bytes()
            replace_file(output / row["file"], content, overwrite=True)  # The same content.
    return len(found), missing


def _read(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{table} cannot be read as a CSV file: {error}") from None
    if missing := sorted(set(COLUMNS) - set(reader.fieldnames or ())):
        raise UserError(f"{table} lacks the columns {', '.join(missing)}.")
    return rows


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _cut_out(path: Path, detector: FaceDetector) -> bytes:
    image = read_image(path)
    faces = detector.detect(image)
    if not faces:
        raise UserError(f"{path}: no face was found.")
    x, y, width, height = faces[0].box
    face = max(width, height)
    middle = np.array([x + width / 2, y + height / 2])
    low = np.maximum(np.int64(middle - REACH * face / 2), 0)
    high = np.minimum(np.int64(middle + REACH * face / 2), image.shape[1::-1])
    image = image[low[1] : high[1], low[0] : high[0]]
    if face > LARGEST_FACE:
        size = tuple(max(1, round(side * LARGEST_FACE / face)) for side in image.shape[1::-1])
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    return cv2.imencode(".jpg", image[..., ::-1], options)[1].tobytes()


def main(arguments: list[str] | None = None) -> int:
    """Run the script and return its exit status."""
    summary = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("downloads", type=Path, help="folder with OWNER/NAME checkouts")
    parser.add_argument("output", type=Path, help="folder of photographs to write")
    parser.add_argument("--table", type=Path, default=SOURCES, help="(default: %(default)s)")
    args = parser.parse_args(arguments)
    return told(lambda: _rebuild(args))


def _rebuild(args: argparse.Namespace) -> int:
    count, missing = rebuild(args.table, args.downloads, args.output)
    print(f"{args.output}: {count} photographs")
    if missing:
        print(f"missing: {len(missing)} files, {missing[0]} for one", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
