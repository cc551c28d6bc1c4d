"""The embedded data set: videos of invented people, real and manipulated, from a seed alone.

A real video and the fakes made from it share everything but the manipulation: person, scene,
light, motion, and the camera with its noise and its JPEG quality, which come after the
manipulation. Outside the manipulated region their pixels before the camera are equal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from keras_madd.demo.manipulations import MANIPULATIONS, SEEN, UNSEEN
from keras_madd.demo.people import Person, draw_person
from keras_madd.demo.simulated_camera import SimulatedCamera
from keras_madd.demo.synthetic_faces import CleanVideo, render_video

SPLITS = ("train", "val", "test")

# First numbers of the seeds of independent streams of randomness.
_PERSON, _VIDEO, _CAMERA, _MANIPULATION = range(4)


@dataclass(frozen=True, eq=False)
class SyntheticVideo:
    """A video, real or manipulated.

    Attributes:
        name: unique within the data set.
        frames: RGB, uint8, `(frames, size, size, 3)`, as the camera gives them.
        clean: the same before the camera.
        masks: float32 `(frames, size, size)`, 0 where a fake is equal to its original before the
            camera; all 0 in a real video.
        label: 0 real, 1 fake.
        method: "real" or the manipulation's name.
        identity: number of the person who was filmed.
        split: "train", "val" or "test".
        original: name of the real video; its own name for a real one.
    """

    name: str
    frames: np.ndarray
    clean: np.ndarray
    masks: np.ndarray
    label: int
    method: str
    identity: int
    split: str
    original: str


class SyntheticFaces:
    """The data set as a lazy, repeatable collection of videos.

    The people are dealt out to the splits. Every real video is manipulated by one of the seen
    manipulations in turn, and in the test split also by the one that training never sees.
    A face swap's donor comes from the target's split.

    Args:
        seed: everything follows from it.
        identities: number of people, at least 8.
        videos_per_identity: real videos of each.
        frames_per_video: frames of each.
        image_size: side of the square frames in pixels, at least 128.
        splits: the split of each person, two people or more in each; by default they are dealt
            out at random.

    Raises:
        ValueError: a number is too small.
    """

    def __init__(
        self,
        seed: int = 0,
        identities: int = 60,
        videos_per_identity: int = 5,
        frames_per_video: int = 5,
        image_size: int = 256,
        splits: Sequence[str] | None = None,
    ):
        for name, value, least in (
            ("seed", seed, 0),
            ("identities", identities, 8),
            ("videos_per_identity", videos_per_identity, 1),
            ("frames_per_video", frames_per_video, 1),
            ("image_size", image_size, 128),
        ):
            if value < least:
                raise ValueError(f"`{name}` must be at least {least}. Received: {name}={value!r}")
        self.seed = seed
        self.identities = identities
        self.videos_per_identity = videos_per_identity
        self.frames_per_video = frames_per_video
        self.image_size = image_size
        self._splits = list(splits or self._dealt())
        self._people: dict[int, Person] = {}

    def __len__(self) -> int:
        """Number of real videos."""
        return self.identities * self.videos_per_identity

    def split(self, identity: int) -> str:
        """Which split a person belongs to."""
        return self._splits[identity]

    def videos(self, number: int) -> list[SyntheticVideo]:
        """A real video and its fakes.

        Returns:
            The real video first, then one fake per manipulation that it is used for.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"`number` must be 0 to {len(self) - 1}. Received: number={number!r}")
        identity, take = divmod(number, self.videos_per_identity)
        original = self._clean(number)
        versions: dict[str, list] = {"real": [(frame, None) for frame in original.frames]}
        methods = [SEEN[(identity + take) % len(SEEN)]]
        if self.split(identity) == "test":
            methods.append(UNSEEN)
        for method in methods:
            rng = self._random(_MANIPULATION, number, list(MANIPULATIONS).index(method))
            donor = self._clean(self._donor(number, rng)) if method == "face_swap" else original
            versions[method] = MANIPULATIONS[method](original, donor, rng)
        filmed = self._film(number, versions)
        name = f"person{identity:03d}_take{take:02d}"
        return [
            SyntheticVideo(
                name=name if method == "real" else f"{name}_{method}",
                frames=filmed[method],
                clean=np.stack([frame for frame, _ in version]),
                masks=np.stack([_mask(frame, mask) for frame, mask in version]),
                label=int(method != "real"),
                method=method,
                identity=identity,
                split=self.split(identity),
                original=name,
            )
            for method, version in versions.items()
        ]

    def __iter__(self) -> Iterator[list[SyntheticVideo]]:
        """All real videos, each with its fakes."""
        return (self.videos(number) for number in range(len(self)))

    def _dealt(self) -> list[str]:
        count = self.identities
        tests, validations = max(2, round(0.25 * count)), max(2, round(0.12 * count))
        order = self._random(_PERSON).permutation(count)
        names = np.repeat(SPLITS, (count - tests - validations, validations, tests))
        return [str(names[np.flatnonzero(order == i)[0]]) for i in range(count)]

    def _random(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, *stream])

    def _clean(self, number: int) -> CleanVideo:
        identity = number // self.videos_per_identity
        if identity not in self._people:
            self._people[identity] = draw_person(self._random(_PERSON, identity))
        rng = self._random(_VIDEO, number)
        return render_video(self._people[identity], rng, self.frames_per_video, self.image_size)

    def _donor(self, number: int, rng: np.random.Generator) -> int:
        """A video of somebody else in the same split."""
        target = number // self.videos_per_identity
        others = [
            identity
            for identity in range(self.identities)
            if identity != target and self.split(identity) == self.split(target)
        ]
        return int(rng.choice(others) * self.videos_per_identity) + int(
            rng.integers(self.videos_per_identity)
        )

    def _film(self, number: int, versions: dict[str, list]) -> dict[str, np.ndarray]:
        rng = self._random(_CAMERA, number)
        camera = SimulatedCamera.draw(rng)
        noises = [camera.noise(rng, self.image_size) for _ in range(self.frames_per_video)]
        return {
            method: np.stack(
                [
                    camera.film(frame, noise)
                    for (frame, _), noise in zip(version, noises, strict=True)
                ]
            )
            for method, version in versions.items()
        }


def _mask(frame: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    return np.zeros(frame.shape[:2], np.float32) if mask is None else mask
