"""Draw what training sees: real faces above their self-blended fakes, filmed and compressed.

    python recipes/contact_sheet.py docs/training_pairs.jpg

The face is the embedded public-domain portrait.
"""

import argparse
import sys

import cv2
import numpy as np

from keras_madd.cli.arguments import COUNT, SEED
from keras_madd.cli.told import told
from keras_madd.data.footage import Footage
from keras_madd.data.self_blends import SELF_BLENDS
from keras_madd.demo import sample_photo_path
from keras_madd.faces import FaceDetector, FaceLandmarker, crop_face, crop_square
from keras_madd.media.images import read_image
from keras_madd.support.files import write_output

SIDE, MARGIN = 392, 1.495  # As stored for training.


def contact_sheet(columns: int = 8, seed: int = 0, shown: int = 160) -> np.ndarray:
    """Draw pairs of one photograph.

    Args:
        columns: Number of pairs.
        seed: Of all of them.
        shown: Side of a face in the sheet in pixels.

    Returns:
        RGB, uint8, `(2 * shown, columns * shown, 3)`.
    """
    image = read_image(sample_photo_path())
    with FaceDetector() as detector:
        face = detector.detect(image)[0]
    points = FaceLandmarker().find(image, face.box, face.keypoints).points
    left, top, side = crop_square(face.box, MARGIN)
    crop = crop_face(image, face.box, SIDE, MARGIN)
    points = np.float32((points - (left, top) + 0.5) * (SIDE / side) - 0.5)
    rows = [[], []]
    for number in range(columns):
        take = Footage().draw((seed, number), max(face.box[2:]))
        filmed = take.film(crop)
        fake, real, _ = SELF_BLENDS["varied"].blend(filmed, take.points(points), (seed, number))
        for row, each in zip(rows, (real, fake), strict=True):
            row.append(cv2.resize(take.publish(each), (shown, shown)))
    return np.vstack([np.hstack(row) for row in rows])


def main(arguments: list[str] | None = None) -> int:
    """Run the script and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="JPEG file to write")
    parser.add_argument("--columns", type=COUNT, default=8, metavar="N", help="number of pairs")
    parser.add_argument("--seed", type=SEED, default=0)
    args = parser.parse_args(arguments)
    sheet = contact_sheet(args.columns, args.seed)
    jpeg = cv2.imencode(".jpg", sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return told(lambda: write_output(args.output, jpeg.tobytes(), overwrite=True))


if __name__ == "__main__":
    sys.exit(main())
