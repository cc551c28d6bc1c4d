"""The picture of a scored face in the README: the embedded portrait, by the shipped detector.

python recipes/scored_portrait.py docs/scored.jpg
"""

import argparse
import sys

import cv2

from keras_madd.demo import sample_photo_path
from keras_madd.inference import Detector, read_image
from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file
from keras_madd.visualize import draw_scored_faces

SIDE, ROWS = 720, slice(60, 440)


def main(arguments: list[str] | None = None) -> int:
    """Score, write, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="JPEG file to write")
    args = parser.parse_args(arguments)
    image = cv2.resize(read_image(sample_photo_path()), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    with Detector() as detector:
        faces = detector.score_image(image)
    drawn = cv2.cvtColor(draw_scored_faces(image, faces), cv2.COLOR_RGB2BGR)
    jpeg = cv2.imencode(".jpg", drawn[ROWS], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    try:
        replace_file(args.output, jpeg.tobytes(), overwrite=True)
    except (UserError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for face in faces:
        print(f"{face.verdict}, {face.probability:.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
