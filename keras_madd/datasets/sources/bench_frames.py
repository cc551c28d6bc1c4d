"""Finding the frames that a JSON of DeepfakeBench names, wherever the user has put them."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from keras_madd.datasets.sources.listing import natural, pictures_in


class FrameFinder:
    """Maps paths of another machine to files below some folders.

    The JSON holds the paths of whoever made it, such as
    `datasets/rgb/FaceForensics++/.../frames/071/000.png`, with slashes of either kind. Leading
    folders are dropped until the rest exists below one of `bases`.

    Args:
        bases: Folders to look in, the likeliest first.
        missing: Takes the videos, and the numbers of frames, that are not there.
    """

    def __init__(self, bases: Sequence[Path], missing: list[str]):
        self._bases = list(bases)
        self._missing = missing
        # Where the last video was found: nearly always where the next one is.
        self._last = (self._bases[0], 0)

    def find(self, name: str, listed: Sequence[str]) -> tuple[Path, ...]:
        """The frames of a video that exist, in the order of their numbers.

        Args:
            name: The video's, to be told where something is missing.
            listed: Its frames as the JSON names them, in any order.
        """
        wanted = defaultdict(set)
        for frame in listed:
            path = PurePosixPath(str(frame).replace("\\", "/"))
            wanted[path.parent].add(path.name)
        frames = []
        for folder, names in wanted.items():
            place = self._folder(folder)
            there = pictures_in(place) if place is not None else []
            frames += [path for path in there if path.name in names]
        count = sum(len(names) for names in wanted.values())
        if len(frames) < count:
            gone = "" if not frames else f" ({count - len(frames)} of {count} frames)"
            self._missing.append(f"{name}{gone}")
        return tuple(sorted(frames, key=natural))

    def _folder(self, listed: PurePosixPath) -> Path | None:
        parts = [part for part in listed.parts if part not in ("/", ".", "..")]
        base, dropped = self._last
        if dropped < len(parts) and (place := base.joinpath(*parts[dropped:])).is_dir():
            return place
        if listed.is_absolute() and Path(listed).is_dir():
            return Path(listed)
        # Two names at least have to fit: the video's alone may be found under another method.
        for dropped in range(max(1, len(parts) - 1)):
            for base in self._bases:
                place = base.joinpath(*parts[dropped:])
                if place.is_dir():
                    self._last = (base, dropped)
                    return place
        return None
