"""The picture of a scored face in the README: the embedded portrait, by the shipped detector.

python recipes/scored_portrait.py docs/scored.jpg
"""

import sys

import cv2

from keras_madd.demo import sample_photo_path
from keras_madd.inference import Detector, read_image
from keras_madd.visualize import draw_scored_faces

SIDE, ROWS = 720, slice(60, 440)


def main(path: str) -> None:
    """Score and write."""
    image = cv2.resize(read_image(sample_photo_path()), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    with Detector() as detector:
        faces = detector.score_image(image)
    drawn = cv2.cvtColor(draw_scored_faces(image, faces), cv2.COLOR_RGB2BGR)
    cv2.imwrite(path, drawn[ROWS], [cv2.IMWRITE_JPEG_QUALITY, 88])
    for face in faces:
        print(f"{face.verdict}, {face.probability:.1%}")


if __name__ == "__main__":
    main(sys.argv[1])
