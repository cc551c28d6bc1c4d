"""Faces out of one video.

Faces are looked for in the sampled frames alone, and followed from one of those to the next: a
video is decoded once. Sampled frames are far apart (32 frames of a video of ten seconds: a third
of a second), so a face counts as the same where its box still overlaps the last one by a
`LEAST_OVERLAP` of intersection over union (it has moved by up to four fifths of its width), and a
track may be unseen in any number of frames. A face that moves further starts a new track. With
`tracks="largest"`, frames in which the largest track is not seen give no crop: to take another
face there could take another person, whom nobody manipulated.

With `detector="auto"` one face model finds all faces of a video: the short-range one, unless it
misses a face in a sampled frame that the full-range one sees. Then the video is begun again.

Data that came as face crops (DeepfakeBench) is only resized: no detection, no margin, no context.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from keras_madd.data.shards import CropRecord
from keras_madd.datasets.prepare.frames import SampledFrame, evenly_spaced, open_frames
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.prepare.video_result import Clock, RealBoxes, VideoCrops, VideoFailure
from keras_madd.datasets.sources import SourceVideo
from keras_madd.faces import (
    FaceDetector,
    FaceLandmarker,
    FaceModelChoice,
    crop_face,
    crop_square,
)
from keras_madd.faces.track import LEAST_OVERLAP, FaceTracker, largest_track
from keras_madd.support.errors import UserError

JPEG_QUALITY = 95


@dataclass(eq=False)
class _Found:
    """A face in a sampled frame."""

    position: int
    number: int
    box: tuple[int, int, int, int]
    image: bytes
    landmarks: np.ndarray


class VideoCropper:
    """Cuts the faces out of videos. Use it in a `with` statement; it holds a detector."""

    def __init__(self, settings: PrepareSettings):
        self.settings = settings
        self._detector = FaceDetector(settings.detector)
        self._landmarker = FaceLandmarker()

    def __enter__(self) -> "VideoCropper":
        return self

    def __exit__(self, *exception: object) -> None:
        self._detector.close()

    def crop(self, video: SourceVideo, real_boxes: RealBoxes | None = None) -> VideoCrops:
        """Takes a video's frames and cuts out its faces.

        Args:
            video: The video.
            real_boxes: Of its real video; its frames and boxes are taken, if frames have the same
                size, and no face is looked for.

        Raises:
            VideoFailure: There is nothing to be had from it.
        """
        _check_files(video)
        try:
            frames = open_frames(video.path, video.frames)
        except UserError as error:
            raise VideoFailure("unreadable", _without_path(error, video)) from None
        try:
            return self._crop(video, frames, real_boxes, FaceModelChoice(max_missed=None))
        except UserError as error:
            raise VideoFailure("unreadable", _without_path(error, video)) from None
        finally:
            frames.close()

    def _crop(self, video, frames, real_boxes, choice: FaceModelChoice) -> VideoCrops:
        clock = Clock()
        found: dict[int, Any] = {}
        sizes: set = set()
        tracker = FaceTracker(LEAST_OVERLAP, max_missed=self.settings.frames_per_video)
        count = self.settings.frames_per_video
        with clock("decode"):
            numbers = frames.numbers()
            if real_boxes is None:
                wanted = evenly_spaced(numbers, count)
            else:
                wanted = sorted(set(real_boxes.frames) & set(numbers))
                if numbers and not wanted:
                    # It has none of the frames in which the real one shows its face.
                    return self._crop(video, frames, None, choice)
            samples = frames.at(wanted)
        read = with_face = 0
        while True:
            with clock("decode"):
                sample = next(samples, None)
            if sample is None:
                break
            sizes.add(sample.image.shape[:2])
            if real_boxes is not None and sizes != {real_boxes.image_size}:
                # Boxes of another picture size mean nothing here.
                return self._crop(video, frames, None, choice)
            models = choice.models
            faces = self._faces(video, sample, tracker, real_boxes, clock, choice)
            if found and choice.models != models:
                return self._crop(video, frames, real_boxes, choice)
            read, with_face = read + 1, with_face + bool(faces)
            for track, box, keypoints in faces:
                cut = self._cut(video, sample, box, keypoints, clock)
                if real_boxes is not None:
                    # The real crop of the same frame has it, whatever came before had no face.
                    cut.position = real_boxes.positions[sample.number]
                found.setdefault(track, []).append(cut)
        if not read:
            raise VideoFailure("unreadable", frames.trouble or "none of its frames can be read")
        if not found:
            raise VideoFailure("faceless", f"no face in {read} frames")
        chosen = found
        if self.settings.tracks == "largest" and real_boxes is None:
            largest = largest_track(
                [[track] * len(seen) for track, seen in found.items()],
                [[each.box for each in seen] for seen in found.values()],
            )
            assert largest is not None
            chosen = {largest: found[largest]}
        records = [
            self._record(video, track, each) for track, seen in chosen.items() for each in seen
        ]
        facts = {
            "crops": len(records),
            "frames_read": read,
            "frames_with_face": with_face,
            "tracks": len(found),
            "boxes": _whose_boxes(video, real_boxes),
            "face_detector": self._face_model(video, real_boxes, choice),
            "trouble": frames.trouble and _without_path(frames.trouble, video),
        }
        boxes: dict[int, dict] = {}
        positions: dict[int, int] = {}
        for track, seen in chosen.items():
            for each in seen:
                boxes.setdefault(each.number, {})[track] = each.box
                positions[each.number] = each.position
        size = sizes.pop()
        return VideoCrops(
            sorted(records, key=lambda record: record.order),
            facts,
            None if sizes else RealBoxes(boxes, positions, size),
            clock.seconds,
        )

    def _face_model(self, video, real_boxes, choice: FaceModelChoice) -> str | None:
        """The one face model that found all faces of a video."""
        if video.pre_cropped or real_boxes is not None:
            return None
        return choice.models[0] if self.settings.detector == "auto" else self.settings.detector

    def _faces(self, video, sample: SampledFrame, tracker, real_boxes, clock, choice) -> list:
        """Track, box and key points of every face in a frame."""
        if video.pre_cropped:
            height, width = sample.image.shape[:2]
            return [(0, (0, 0, width, height), None)]
        if real_boxes is not None:
            boxes = real_boxes.frames.get(sample.number, {})
            return [(track, box, None) for track, box in boxes.items()]
        with clock("detect"):
            faces = self._detector.detect(sample.image, choice)
            tracks = tracker.update([face.box for face in faces])
        return [
            (track, face.box, face.keypoints) for track, face in zip(tracks, faces, strict=True)
        ]

    def _cut(self, video, sample: SampledFrame, box, keypoints, clock) -> _Found:
        size, margin = self._stored(video)
        with clock("crop"):
            picture = crop_face(sample.image, box, size, margin)
        landmarks = np.zeros((0, 2), np.float32)
        if self.settings.landmarks and video.label == 0:
            with clock("landmarks"):
                landmarks = self._landmarks(video, sample.image, box, keypoints, size, margin)
        with clock("encode"):
            image = encode_image(picture, self.settings.image_format)
        return _Found(sample.position, sample.number, box, image, landmarks)

    def _landmarks(self, video, image, box, keypoints, size, margin) -> np.ndarray:
        """Landmarks `(468, 2)` in pixels of the stored picture, or none."""
        left, top, side = crop_square(box, margin)
        if video.pre_cropped:  # The face itself is smaller than the picture.
            width, height = (round(length / self.settings.margin) for length in box[2:])
            box = ((box[2] - width) // 2, (box[3] - height) // 2, width, height)
        found = self._landmarker.find(image, box, keypoints)
        if found.score < 0.5:
            return np.zeros((0, 2), np.float32)
        return ((found.points - (left, top) + 0.5) * (size / side) - 0.5).astype(np.float32)

    def _stored(self, video: SourceVideo) -> tuple[int, float]:
        """Side and margin of the pictures stored for a video."""
        settings = self.settings
        if video.pre_cropped:
            return settings.size, 1.0
        context = settings.context if video.split == "train" else 1.0
        return round(settings.size * context), settings.margin * context

    def _record(self, video: SourceVideo, track: int, found: _Found) -> CropRecord:
        return CropRecord(
            image=found.image,
            label=video.label,
            method=video.method,
            dataset=video.dataset,
            video=video.name,
            source=video.source,
            identity=video.identity,
            split=video.split,
            frame=found.number,
            position=found.position,
            track=track,
            box=found.box,
            margin=self.settings.margin if video.pre_cropped else self._stored(video)[1],
            landmarks=found.landmarks,
        )


def encode_image(picture: np.ndarray, image_format: str) -> bytes:
    """Encodes an RGB picture as "jpeg" of quality 95 or as "png"."""
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if image_format == "jpeg" else []
    suffix = ".jpg" if image_format == "jpeg" else ".png"
    done, encoded = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), options)
    if not done:
        raise VideoFailure("error", f"a picture cannot be encoded as {image_format}")
    return encoded.tobytes()


def _check_files(video: SourceVideo) -> None:
    if video.frames:
        return
    if video.path is None or not video.path.exists():
        raise VideoFailure("missing", "there is no such file")
    if video.path.is_file() and video.path.stat().st_size == 0:
        raise VideoFailure("empty", "the file is empty")


def _whose_boxes(video: SourceVideo, real_boxes: RealBoxes | None) -> str:
    if video.pre_cropped:
        return "none: already cropped"
    return "own" if real_boxes is None else "real"


def _without_path(error: UserError | str, video: SourceVideo) -> str:
    """A message without the folder that the data set happens to lie in."""
    path = video.frames[0] if video.frames else video.path
    assert path is not None
    return str(error).replace(f"{path}: ", "").replace(f"{path.parent}/", "")
