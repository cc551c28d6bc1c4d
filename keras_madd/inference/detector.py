"""From a picture to a fake score per face."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.faces import Face, FaceDetector, FaceModelChoice, crop_face, crop_square
from keras_madd.inference.calibration import calibrate, verdict_of
from keras_madd.inference.clips import ClipHistory
from keras_madd.inference.runner import LiteRTRunner
from keras_madd.inference.scored_face import ScoredFace
from keras_madd.support.errors import UserError
from keras_madd.support.one_process import OneProcess
from keras_madd.support.shipped import default_litert, model_card, model_name

if TYPE_CHECKING:
    from keras_madd.inference.media import ScoredPicture
    from keras_madd.inference.video import ScoredFrame, VideoResult


class Detector:
    """Finds the faces of a picture and scores them with an exported model.

    Everything it needs to know, from the crop to the temperature, it reads from the `model.json`
    beside the file. It holds native memory: use it in a `with` statement or call `close()`, after
    which nothing of it works any more.

    Several threads may use it at once: one finds faces while another scores, others wait. A
    process that was forked from the one that opened it may not: native threads do not survive a
    fork, so every method raises an error there instead of waiting for ever. Pickling passes on
    the arguments, and unpickling opens a detector of its own, so that it may be handed to the
    processes of multiprocessing's "spawn" and "forkserver".

    Args:
        model_path: A `.tflite` file written by `keras-madd export`; `None`: the trained detector
            that comes with the package.
        threads: Number of threads for the model; by default one per processor, 4 at most.
        device: `"cpu"`, `"gpu"` or `"auto"`, as `LiteRTRunner` takes it.

    Raises:
        UserError: If the file or its description is missing, broken or of another model, or there
            is no such device.

    Example:
        >>> with Detector() as detector:
        ...     for face in detector.score_image(read_image("photo.jpg")):
        ...         print(face.box, face.probability)
    """

    def __init__(
        self,
        model_path: str | os.PathLike | None = None,
        threads: int | None = None,
        device: str = "cpu",
    ):
        self._arguments = model_path and str(Path(model_path).absolute()), threads, device
        self._path = default_litert() if model_path is None else model_path
        self._runner = LiteRTRunner(self._path, threads, device)
        self.description = self._runner.description
        height, width = self.description.input_size
        if height != width:
            raise UserError(
                f"{self._path} takes {height}x{width} pixels; faces are cut out square, so it "
                "cannot score photographs."
            )
        self._faces = FaceDetector(kind=self.description.detector)
        self._runner_lock, self._faces_lock = threading.Lock(), threading.Lock()
        self._process, self._is_open = OneProcess("Detector"), True

    @property
    def name(self) -> str:
        """How results call the model: its path, or the name of one that comes with the package."""
        return model_name(self._path)

    @property
    def model_card(self) -> Path | None:
        """The file that says what the model can and cannot do, where it has one."""
        return model_card(self._path)

    @property
    def device(self) -> str:
        """What the model runs on, `"cpu"` or `"gpu"`."""
        return self._runner.device

    @property
    def fallback_reason(self) -> str | None:
        """Why `device="auto"` did not take the graphics processor, else None."""
        return self._runner.fallback_reason

    def verdict(self, probability: float) -> str:
        """Puts a calibrated probability into the model's words, as `verdict_of` does."""
        return verdict_of(probability, self.description.threshold, self.description.clear_threshold)

    def score_crops(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Scores faces that are cut out already, as `keras_madd.faces.crop_face` does it.

        Args:
            crops: (N, H, W, 3) uint8 RGB, of the model's input size; (N, T, H, W, 3) where it
                takes clips.

        Returns:
            `(probabilities, maps)`: calibrated, float64 (N,), and float32 (N, h, w, M), or None
            where M = 0.

        Raises:
            ValueError: If the shape or the type does not fit.
            UserError: If the model gives no numbers (NaN).
            RuntimeError: If the detector is closed, or was opened before a fork.
        """
        if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8:
            raise ValueError(
                "Argument `crops` must be an array of uint8. "
                f"Received: crops={getattr(crops, 'dtype', type(crops).__name__)}"
            )
        self._process.check(self._is_open)
        with self._runner_lock:
            raw, maps = self._runner.run(crops)
        if not np.isfinite(raw).all():
            raise UserError(f"{self._path} gives scores that are not numbers (NaN).")
        return calibrate(np.clip(raw, 0, 1), self.description.temperature), maps

    def find_faces(
        self,
        image: np.ndarray,
        choice: FaceModelChoice | None = None,
        *,
        in_parts: bool = False,
    ) -> list[Face]:
        """Finds the faces of a picture with the model's own face detector.

        Args:
            image: (H, W, 3) uint8 RGB.
            choice: Of the video that the picture is from.
            in_parts: Whether a large picture without a large face is searched in parts, too, as
                `FaceDetector.detect` does it.

        Returns:
            The faces, largest first; empty where none was found.
        """
        self._process.check(self._is_open)
        with self._faces_lock:
            return self._faces.detect(image, choice, in_parts=in_parts)

    def clip_history(self) -> ClipHistory | None:
        """What `score_faces` needs to follow people with; None for a model of single faces."""
        clip_frames = self.description.clip_frames
        return None if clip_frames is None else ClipHistory(clip_frames)

    def score_faces(
        self,
        image: np.ndarray,
        faces: list[Face],
        tracks: Sequence[int] = (),
        history: ClipHistory | None = None,
    ) -> list[ScoredFace]:
        """Scores faces that `find_faces` has found in the picture.

        A model of clips scores each face with the same person's faces before it.

        Args:
            image: (H, W, 3) uint8 RGB.
            faces: Some or all of its faces.
            tracks: For a model of clips: whose each face is, as `FaceTracker` numbers them.
            history: For a model of clips: the `clip_history()` of the video.

        Returns:
            One scored face for each, in the same order.

        Raises:
            UserError: If the model takes clips and there is no `history`.
        """
        if self.description.clip_frames is not None and history is None:
            raise UserError(
                f"{self._path} judges clips of {self.description.clip_frames} frames, and a "
                "photograph has one: give it a video."
            )
        if not faces:
            return []
        size, margin = self.description.input_size[0], self.description.crop_margin
        crops = np.stack([crop_face(image, face.box, size, margin) for face in faces])
        if history is not None:
            crops = history.update(tracks, crops)
        probabilities, maps = self.score_crops(crops)
        scored = []
        for index, face in enumerate(faces):
            left, top, side = crop_square(face.box, margin)
            scored.append(
                ScoredFace(
                    box=face.box,
                    crop_box=(left, top, side, side),
                    detection_score=face.score,
                    probability=float(probabilities[index]),
                    verdict=self.verdict(probabilities[index]),
                    attention_maps=None if maps is None else maps[index],
                    full_scale=self.description.full_scale,
                )
            )
        return scored

    def score_image(self, image: np.ndarray) -> list[ScoredFace]:
        """Finds and scores every face of a photograph, small ones of a large one too.

        Args:
            image: (H, W, 3) uint8 RGB.

        Returns:
            The faces, largest first; empty where none was found.
        """
        return self.score_faces(image, self.find_faces(image, in_parts=True))

    def score_images(self, paths: Iterable[str | os.PathLike]) -> "Iterator[ScoredPicture]":
        """Scores photographs one after another while the next ones are read by other threads.

        Args:
            paths: Image files.

        Yields:
            A `ScoredPicture` for each, in order; one that cannot be read has an `error`.
        """
        from keras_madd.inference.media import score_pictures

        return score_pictures(self, paths)

    def score_video(
        self,
        path: str | os.PathLike,
        *,
        every: int = 1,
        frames: int | None = None,
        all_faces: bool = False,
        progress: Callable[[int, int | None, str], None] | None = None,
        on_frame: "Callable[[ScoredFrame, np.ndarray], None] | None" = None,
    ) -> "VideoResult":
        """Scores a video: a frame by its highest face, the video by the mean over its frames.

        Frames are read, faces found and scores computed at the same time, in three threads; the
        pictures are not kept, so memory does not grow with the video's length but for the numbers
        in the result. A model whose face detector is `"auto"` has one face model chosen for the
        whole video first, on eight frames of it, for which the video is decoded once more.

        Args:
            path: The file.
            every: Score each n-th frame.
            frames: Score this many frames, evenly spaced; instead of `every`.
            all_faces: Score every face of a frame, or only the largest one.
            progress: Called with the number of frames scored, their total where it is known, and
                a short note.
            on_frame: Called with each `ScoredFrame`, attention maps included, and its picture.

        Raises:
            UserError: If the file is missing or no frame of it can be read.
            ValueError: If `every` or `frames` is below 1, or both are given.
        """
        from keras_madd.inference.video import score_video

        return score_video(
            self,
            path,
            every=every,
            frames=frames,
            all_faces=all_faces,
            progress=progress,
            on_frame=on_frame,
        )

    def warm_up(self) -> None:
        """Loads everything now, so that the first picture takes no longer than the others."""
        self.find_faces(np.zeros((64, 64, 3), np.uint8))
        self.score_crops(np.zeros((1, *self.description.pixels_shape), np.uint8))

    def close(self) -> None:
        """Frees the native memory. Closing twice is harmless, and so is closing after a fork."""
        self._is_open = False
        if not self._process.is_here:
            return
        with self._faces_lock, self._runner_lock:
            self._faces.close()
            self._runner.close()

    def __reduce__(self) -> tuple:
        return type(self), self._arguments

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
