"""The picture of scored faces in the README: the embedded portrait and a fake of it.

python recipes/scored_portrait.py docs/scored.jpg

The fake has the mouth and brows of the portrait's own mirror image, by the expression transfer of
`make-fakes`; both are scored by the shipped detector.
"""

import argparse
import sys

import cv2
import numpy as np

from keras_madd.cli.told import told
from keras_madd.datasets.unseen_fakes.manipulations import expression_transfer
from keras_madd.datasets.unseen_fakes.photo import FacePhoto
from keras_madd.demo import sample_photo_path
from keras_madd.faces import FaceDetector
from keras_madd.faces.landmarks import FaceLandmarker
from keras_madd.inference import Detector, read_image
from keras_madd.support.files import write_output
from keras_madd.visualize import draw_scored_faces

SIDE, ROWS = 600, slice(40, 380)


def main(arguments: list[str] | None = None) -> int:
    """Score, write, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", help="JPEG file to write")
    args = parser.parse_args(arguments)
    image = cv2.resize(read_image(sample_photo_path()), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    drawn = []
    with Detector() as detector:
        for picture in (image, another_expression(image)):
            faces = detector.score_image(picture)
            drawn.append(draw_scored_faces(picture, faces)[ROWS])
            for face in faces:
                print(f"{face.verdict}, {face.probability:.1%}")
    both = cv2.cvtColor(np.concatenate(drawn, axis=1), cv2.COLOR_RGB2BGR)
    jpeg = cv2.imencode(".jpg", both, [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return told(lambda: write_output(args.output, jpeg.tobytes(), overwrite=True))


def another_expression(image: np.ndarray) -> np.ndarray:
    """The face with the expression of its own mirror image."""
    landmarker = FaceLandmarker()
    with FaceDetector() as detector:
        photos = []
        for picture in (image, np.ascontiguousarray(image[:, ::-1])):
            face = detector.detect(picture)[0]
            points = landmarker.find(picture, face.box, face.keypoints).points
            photos.append(FacePhoto("portrait", "portrait", "test", picture, points))
    return expression_transfer(*photos, np.random.default_rng(0))


if __name__ == "__main__":
    sys.exit(main())
