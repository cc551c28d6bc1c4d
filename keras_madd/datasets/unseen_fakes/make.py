"""make_unseen_fakes: from photographs of people to shards of clips, real and fake."""

import functools
import os
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.data.shards import ShardsDescription, load_dataset_json
from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.datasets.prepare.tally import Progress
from keras_madd.datasets.sources import DatasetSource, SourceVideo
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes.appearance_model import AppearanceModel
from keras_madd.datasets.unseen_fakes.clip import CameraMotion
from keras_madd.datasets.unseen_fakes.made import remember
from keras_madd.datasets.unseen_fakes.manipulations import METHODS, resynthesis
from keras_madd.datasets.unseen_fakes.photo import FacePhoto, FoundFace, find_faces
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_folder
from keras_madd.support.held_folder import held_folder

CRFS = (23, 40)
SPLITS = ("val", "test")
# Faces in the clips: longer side in pixels, uniform in the logarithm.
FACES = (80, 240)
_DONORS = 8  # Of so many people the one whose pose fits best.
_LEARNT = 2000  # Most faces that the appearance model is learnt from.


def make_unseen_fakes(
    root: str | os.PathLike,
    people: str | os.PathLike,
    output: str | os.PathLike,
    *,
    crfs: Sequence[int] = CRFS,
    splits: Sequence[str] = SPLITS,
    size: int = 380,
    frames: int = 25,
    frames_per_video: int = 3,
    seed: int = 0,
    workers: int = 1,
    progress: Progress = lambda done, total, note: None,
) -> dict[int, ShardsDescription]:
    """Make fakes between held-out people, film them and the real ones, and cut the faces out.

    Each photograph becomes a real clip and one of every method, at every rate factor: a still
    under a camera that moves, with the faces as small as in videos. People are split as
    `Faces` does, so with the same table and seed nobody here is among those trained on; only the
    appearance model, which no training sees either, is learnt from the people of train.

    It can be stopped and, with the same arguments, goes on.

    Args:
        root: Folder of photographs.
        people: Table of who is shown, see `Faces`.
        output: Folder to write: `clips/`, and shards `c23/`, `c40/` ...
        crfs: x264's constant rate factors.
        splits: "val", "test" or both.
        size: Side of the crops in pixels.
        frames: Frames of a clip. x264 compresses the few frames of a very short one harder than
            those of a whole video at the same rate factor.
        frames_per_video: Frames of it that are cut out.
        seed: Everything random follows from it, the split as well.
        workers: Processes that cut out.
        progress: Called as `progress(done, total, note)`.

    Returns:
        Rate factor -> what its shards say of themselves.

    Raises:
        UserError: There are too few faces, a file cannot be read or written, or another run is at
            work in the folder.
        ValueError: An argument is out of its range.

    Example:
        >>> make_unseen_fakes("photos", "photos.csv", "unseen")
        >>> test = load_dataset("unseen/c23", "test", 32, metadata=True)
    """
    if not splits or set(splits) - set(SPLITS):
        raise ValueError(f"`splits` must be some of {SPLITS}. Received: splits={splits!r}")
    check_folder(output)
    source, output = Faces(root, people=people, seed=seed), Path(output)
    methods = set(METHODS)
    for crf in crfs:
        methods &= _methods(output / f"c{crf}", splits, size, frames_per_video)
    faces, left_out = find_faces(source.videos(), FACES[0], progress)
    check_names(faces)
    held_out = [face for face in faces if face.split in splits]
    for split in splits:
        if len({face.person for face in held_out if face.split == split}) < 2:
            raise UserError(f"{root}: a swap needs faces of two people in {split}.")
    learnt = [face for face in faces if face.split == "train"]
    if len(learnt) < 2:
        raise UserError(f"{root}: a model of appearance is learnt from two faces in train or more.")
    model = functools.cache(lambda: learn_appearance(learnt))
    folder = output / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    clips: dict[int, list[SourceVideo]] = {crf: [] for crf in crfs}
    with held_folder(folder):
        remember(folder, faces, frames=frames, seed=seed)
        for done, face in enumerate(held_out, start=1):
            for crf, video in _film(face, held_out, methods, model, folder, crfs, frames, seed):
                clips[crf].append(video)
            progress(done, len(held_out), "photographs filmed")
    settings: dict[str, Any] = {"size": size, "frames_per_video": frames_per_video, "seed": seed}
    return {
        crf: prepare(
            folder,
            output / f"c{crf}",
            PrepareSettings(f"unseen_fakes_c{crf}", real_boxes=True, **settings),
            source=_Clips(folder, clips[crf], source, left_out),
            workers=workers,
            progress=progress,
        ).description
        for crf in crfs
    }


def learn_appearance(faces: Sequence[FoundFace]) -> AppearanceModel:
    """The model that `resynthesis` rebuilds with, from two faces or more; one is read at a time.

    Of very many it learns from some.
    """
    faces = _spread(faces, _LEARNT)
    images = (face.read().image for face in faces)
    return AppearanceModel([face.landmarks for face in faces], images)


def manipulate(
    photo: FacePhoto,
    donor: FoundFace,
    method: str,
    model: Callable[[], AppearanceModel],
    seed: Any,
) -> np.ndarray:
    """The fake of a photograph by one of `METHODS`.

    The donor's photograph is read, or the model asked for, where the method needs it: learning it
    takes longer than any fake.
    """
    other = model() if METHODS[method] is resynthesis else donor.read()
    return METHODS[method](photo, other, np.random.default_rng(seed))


def choose_donor(
    face: FoundFace, others: Sequence[FoundFace], random: np.random.Generator
) -> FoundFace:
    """Of some other people, drawn at random, the one whose face is held most alike."""
    strangers = [each for each in others if each.person != face.person]
    chosen = random.choice(len(strangers), min(_DONORS, len(strangers)), replace=False)
    shape = _shape(face)
    return min(
        (strangers[number] for number in chosen),
        key=lambda each: float(np.abs(_shape(each) - shape).sum()),
    )


def _spread(faces: Sequence[FoundFace], most: int) -> Sequence[FoundFace]:
    """All, or so many that lie evenly among them."""
    if len(faces) <= most:
        return faces
    return [faces[number * len(faces) // most] for number in range(most)]


def _methods(folder: Path, splits: Sequence[str], size: int, frames_per_video: int) -> set[str]:
    """What is made: all, but finished shards are what they are, also of versions that made fewer.

    Other settings are refused before the photographs are looked for.
    """
    if not (folder / DATASET_JSON).is_file():
        return set(METHODS)
    made = load_dataset_json(folder)
    for name, before, now in (
        ("splits", sorted(made.counts), sorted(set(splits))),
        ("size", made.size, size),
        ("frames_per_video", made.frames_per_video, frames_per_video),
    ):
        if before != now:
            raise UserError(
                f"{folder} holds shards that were made with other {name}: {before}, now {now}. "
                "Give the same again, or another --output."
            )
    return set(made.methods)


def check_names(faces: Sequence[FoundFace]) -> None:
    """Refuse two photographs of one name, which would be one clip."""
    for name, times in Counter(face.name for face in faces).most_common(1):
        if times > 1:
            raise UserError(
                f"{times} photographs are called {name}, folders and endings apart: rename all but "
                "one, in the table too."
            )


def _film(face, held_out, methods, model, folder: Path, crfs, frames: int, seed: int):
    """The clips of one face, made where they are not there yet, as `(crf, video)`."""
    stream = (seed, zlib.crc32(face.name.encode()))
    random = np.random.default_rng(stream)
    low, high = np.log(FACES)
    side, filmed = np.exp(random.uniform(low, high)), None
    motion = CameraMotion(frames, (*stream, 0))
    for number, method in enumerate(("real", *METHODS)):
        others = [each for each in held_out if each.split == face.split]
        donor = choose_donor(face, others, random)
        if method not in ("real", *methods):
            continue
        name = face.name if method == "real" else f"{face.name}_{donor.name}"
        paths = {crf: folder / f"c{crf}" / face.split / method / f"{name}.mp4" for crf in crfs}
        absent = {crf: path for crf, path in paths.items() if not path.is_file()}
        if absent:
            filmed = filmed or face.read().reduced(side).framed()
            image = filmed.image
            if method != "real":
                image = manipulate(filmed, donor, method, model, (*stream, number))
            for path in absent.values():
                path.parent.mkdir(parents=True, exist_ok=True)
            motion.film(image, absent)
        for crf, path in paths.items():
            yield (
                crf,
                SourceVideo(
                    name=f"{face.split}/{method}/{name}",
                    path=path,
                    label=int(method != "real"),
                    method=method,
                    source=face.name,
                    identity=face.person,
                    split=face.split,
                    dataset=f"unseen_fakes_c{crf}",
                ),
            )


def _shape(face: FoundFace) -> np.ndarray:
    centred = face.landmarks - face.landmarks.mean(0)
    return centred / np.sqrt((centred**2).sum())


class _Clips(DatasetSource):
    """Clips that have just been made."""

    name = "unseen_fakes"

    def __init__(
        self,
        root: Path,
        clips: list[SourceVideo],
        photographs: DatasetSource,
        left_out: dict[str, list[str]],
    ):
        super().__init__(root)
        self._clips, self._photographs, self._left_out = clips, photographs, left_out

    def _find(self) -> list[SourceVideo]:
        self._missing += self._photographs.missing
        self._notes += ["Stills under a moving camera, manipulated between held-out people."]
        self._notes += self._photographs.notes
        for reason, names in sorted(self._left_out.items()):
            self.note_left_out(names, reason, "photographs")
        return self._clips
