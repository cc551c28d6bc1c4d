"""DeepFakeDetection (DFD): 28 actors, each swapped with others, in the tree of FaceForensics++."""

import re
from collections.abc import Iterator
from pathlib import Path

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.faceforensics import at_compression, originals
from keras_madd.datasets.sources.listing import descend, videos_in
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import deal_people

METHOD = "DeepFakeDetection"
_REAL = re.compile(r"([0-9]+)__(.+)")
_FAKE = re.compile(r"([0-9]+)_([0-9]+)__(.+)__([A-Za-z0-9]{8})")


def read_name(name: str) -> tuple[str, tuple[str, ...]] | None:
    """The key of the real video and the actors, first the one filmed; None for another name."""
    if match := _FAKE.fullmatch(name):
        target, donor, scene, _ = match.groups()
        return f"{target}__{scene}", (target, donor)
    if match := _REAL.fullmatch(name):
        return name, (match[1],)
    return None


class DFD(DatasetSource):
    """DeepFakeDetection, which has no official splits.

    Actors are dealt out, so that nobody, as the one filmed or as the face put on, is in two
    splits; fakes of two actors of different splits are left out.
    """

    name = "dfd"

    def _find(self) -> Iterator[SourceVideo]:
        reals = originals(self, self.root, "actors")
        self.choose_methods([METHOD])
        folder = descend(self.root, "manipulated_sequences", METHOD)
        place = at_compression(self, folder) if folder else None
        fakes = videos_in(place) if place else {}
        if not fakes:
            self._missing.append(f"manipulated_sequences/{METHOD}/{self.compression}/videos")
        found = [*self._read(reals, 0), *self._read(fakes, 1)]
        splits = deal_people([people for *_, people in found], salt=METHOD)
        self._notes.append(
            "DeepFakeDetection has no official splits: actors are dealt out by their numbers, "
            f"{', '.join(f'{actor} {split}' for actor, split in sorted(splits.items()))}."
        )
        crossing = []
        for label, name, path, source, people in found:
            video = SourceVideo(
                name=f"{METHOD if label else 'actors'}/{self.compression}/{name}",
                path=path,
                label=label,
                method=METHOD if label else "real",
                source=source,
                identity=people[0],
                split=splits[people[0]],
                dataset=self.name,
            )
            if len({splits[actor] for actor in people}) == 1:
                yield video
            else:
                crossing.append(video.name)
        self.note_left_out(crossing, "their two actors are in different splits")

    def _read(self, videos: dict[str, Path], label: int) -> Iterator[tuple]:
        others = []
        for name, path in videos.items():
            read = read_name(name)
            if read and len(read[1]) == label + 1:
                yield label, name, path, *read
            else:
                others.append(path)
        self.note_misnamed(others)
