"""A folder of photographs of people who do not exist, with their table."""

import functools

import cv2
import numpy as np

from keras_madd.demo.people import draw_person
from keras_madd.demo.synthetic_faces import render_video
from keras_madd.faces import FaceDetector, FaceLandmarker

SIDE = 224


@functools.cache
def photograph(number):
    """A picture of person `number`: RGB uint8 `(SIDE, SIDE, 3)` and landmarks `(468, 2)`."""
    image = _picture(number)
    with FaceDetector() as detector:
        face = detector.detect(image)[0]
    # Not those that the picture was made from: in a mirrored person they are mirrored.
    return image, np.float64(FaceLandmarker().find(image, face.box, face.keypoints).points)


def _picture(number):
    rng = np.random.default_rng(number)
    return render_video(draw_person(rng), rng, 1, SIDE).frames[0]


def write_photos(folder, people=14):
    """Writes one photograph of each person and `people.csv` beside the folder; returns both."""
    folder.mkdir(parents=True)
    rows = ["file,person"]
    for number in range(people):
        cv2.imwrite(str(folder / f"p{number:02}.png"), _picture(number)[..., ::-1])
        rows.append(f"p{number:02}.png,person{number:02}")
    table = folder.parent / "people.csv"
    table.write_text("\n".join(rows) + "\n")
    return folder, table
