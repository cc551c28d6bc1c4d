"""From a photograph to a fake score per face."""

import os
from dataclasses import dataclass

import numpy as np

from keras_madd.edge.runner import LiteRTRunner
from keras_madd.errors import UserError
from keras_madd.faces import FaceDetector, crop_face, crop_square


@dataclass(frozen=True, eq=False)
class ScoredFace:
    """A face and what the model says of it.

    Attributes:
        box: (x, y, width, height) of the detected face in pixels; may reach outside the image.
        crop_box: (x, y, side, side) of the square that the model saw.
        detection_score: The face detector's confidence, 0 to 1.
        probability: Of being fake, 0 to 1.
        attention_maps: (h, w, M) over `crop_box`, or None where the model has none.
    """

    box: tuple[int, int, int, int]
    crop_box: tuple[int, int, int, int]
    detection_score: float
    probability: float
    attention_maps: np.ndarray | None

    def to_json(self) -> dict:
        """Returns box, detector's confidence and probability as plain data."""
        return {
            "box": list(self.box),
            "detection_score": round(self.detection_score, 6),
            "fake_probability": round(self.probability, 6),
        }


class Detector:
    """Finds the faces of a picture and scores them with an exported model.

    Everything it needs to know, from the crop to the names in the file, it reads from the
    `model.json` beside the file. It holds native memory: use it in a `with` statement or call
    `close()`. One thread at a time may use it.

    Args:
        model_path: A `.tflite` file written by `keras-madd export`.
        threads: Number of threads; by default one per processor, 4 at most.

    Raises:
        UserError: If the file or its description is missing, broken or of another model.

    Example:
        >>> with Detector("model.tflite") as detector:
        ...     for face in detector.score_image(read_image("photo.jpg")):
        ...         print(face.box, face.probability)
    """

    def __init__(self, model_path: str | os.PathLike, threads: int | None = None):
        self._runner = LiteRTRunner(model_path, threads)
        self.description = self._runner.description
        height, width = self.description.input_size
        if height != width:
            raise UserError(
                f"{model_path} takes {height}x{width} pixels; faces are cut out square, so it "
                "cannot score photographs."
            )
        self._faces = FaceDetector(kind=self.description.detector)

    def score_crops(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores faces that are cut out already, as `keras_madd.faces.crop_face` does it.

        Args:
            crops: (N, H, W, 3) uint8 RGB, of the model's input size.

        Returns:
            `(probabilities, maps)`: float32 (N,) and (N, h, w, M), or None where M = 0.

        Raises:
            ValueError: If the shape or the type does not fit.
        """
        if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
            raise ValueError(
                "Argument `crops` must be an array of uint8. "
                f"Received: crops={getattr(crops, 'dtype', type(crops).__name__)}"
            )
        return self._runner.run(crops)

    def score_image(self, image: np.ndarray) -> list[ScoredFace]:
        """Finds and scores every face of a picture.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            The faces, largest first; empty where none was found.
        """
        found = self._faces.detect(image)
        if not found:
            return []
        size, margin = self.description.input_size[0], self.description.crop_margin
        crops = np.stack([crop_face(image, face.box, size, margin) for face in found])
        probabilities, maps = self.score_crops(crops)
        scored = []
        for index, face in enumerate(found):
            left, top, side = crop_square(face.box, margin)
            scored.append(
                ScoredFace(
                    box=face.box,
                    crop_box=(left, top, side, side),
                    detection_score=face.score,
                    probability=float(probabilities[index]),
                    attention_maps=None if maps is None else maps[index],
                )
            )
        return scored

    def close(self) -> None:
        """Frees the native memory. Closing twice is harmless."""
        self._faces.close()

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
