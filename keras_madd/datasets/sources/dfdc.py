"""The Deepfake Detection Challenge: fifty parts of training data, and the test set."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import child, folders, read_json, read_table, videos_in
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import deal_evenly
from keras_madd.support.errors import UserError

METHOD = "DFDC"
METADATA, LABELS = "metadata.json", "labels.csv"
_PART = re.compile(r"(?:dfdc_)?train_part_0*([0-9]+)", re.IGNORECASE)
_VALIDATION = ("validation", "val")
_DEPTH = 3


def split_of_part(part: int) -> str:
    """The split that is common in the field: parts 0-34, 35-39 and 40-49."""
    return "train" if part < 35 else "val" if part < 40 else "test"


class DFDC(DatasetSource):
    """DFDC's training parts and, where it is there, its test set.

    Parts are found by their `metadata.json`, up to three folders deep, and give the split by
    their number; a folder without a number, such as the sample of the competition, is dealt out
    by the real videos, without those that lie in a part with a number too. The test set is found
    by its `labels.csv`, and so is the validation set, by that in a folder `validation` or `val`.
    """

    name = "dfdc"

    def _find(self) -> Iterator[SourceVideo]:
        self.choose_methods([METHOD])
        places = list(self._places(self.root, _DEPTH))
        numbered: set[str] = set()
        # Parts with a number come first: the others are without what those have.
        places.sort(key=lambda place: self._number(place[0]) is None)
        if not places:
            raise self.wrong_root(f"folders dfdc_train_part_N with {METADATA}, or {LABELS}")
        for folder, file in places:
            if file.name.casefold() == LABELS:
                yield from self._test(folder, file)
            else:
                yield from self._part(folder, file, numbered)

    def _places(self, folder: Path, depth: int) -> Iterator[tuple[Path, Path]]:
        """Folders of videos with the file that tells their labels."""
        try:
            file = child(folder, LABELS, METADATA)
            if file is None and _PART.fullmatch(folder.name) and videos_in(folder):
                self._missing.append(self.relative(folder / METADATA))
        except UserError as error:
            if depth == _DEPTH:
                raise
            self._missing.append(str(error))
            return
        if file is not None and file.is_file():
            yield folder, file
        if depth and (file is None or file.name.casefold() == LABELS):
            for inner in folders(folder):
                yield from self._places(inner, depth - 1)

    def _part(self, folder: Path, file: Path, numbered: set[str]) -> Iterator[SourceVideo]:
        part = self._number(folder)
        found = videos_in(folder)
        entries: dict[str, tuple[int, str]] = {}
        twice: list[str] = []
        for name, entry in read_json(file, dict).items():
            label = str(entry.get("label", "")).upper() if isinstance(entry, dict) else ""
            if label not in ("REAL", "FAKE"):
                raise UserError(f"{file}: {name} has no label REAL or FAKE.")
            stem = Path(name).stem
            original = entry.get("original")
            source = Path(original).stem if label == "FAKE" and original else stem
            if part is not None:
                numbered.add(stem)
            elif stem in numbered:
                twice.append(stem)
                continue
            entries[stem] = (int(label == "FAKE"), source)
            if stem not in found:
                self._missing.append(self.relative(folder / name))
        listed = {*entries, *twice}
        self.note_left_out([name for name in found if name not in listed], f"not in {file}")
        self.note_left_out(twice, "in a part with a number too", f"videos of {folder}")
        where = self.relative(folder) if part is None else f"part_{part:02d}"
        dealt = {}
        if part is None:
            labels = defaultdict(set)
            for is_fake, source in entries.values():
                labels[source].add(is_fake)
            dealt = deal_evenly(labels, salt=self.name)
            self._notes.append(f"{folder} has no part number: its real videos are dealt out.")
        for stem, (is_fake, source) in entries.items():
            if stem in found:
                split = dealt[source] if part is None else split_of_part(part)
                yield self._video(f"{where}/{stem}", found[stem], is_fake, source, split)

    def _number(self, folder: Path) -> int | None:
        """The part's number, by the innermost folder of the path that has one."""
        root = self.root.absolute()
        for place in (folder.absolute(), *folder.absolute().parents):
            if match := _PART.fullmatch(place.name):
                return int(match[1])
            if place == root:
                break
        return None

    def _test(self, folder: Path, file: Path) -> Iterator[SourceVideo]:
        split = "val" if folder.name.casefold() in _VALIDATION else "test"
        found = self._beside(folder)
        for _, (name, told) in read_table(file, "filename", "label"):
            label = {"0": 0, "1": 1, "REAL": 0, "FAKE": 1}.get(told.upper())
            if label is None:
                raise UserError(f"{file}: the label of {name} is {told!r}.")
            stem = Path(name).stem
            if stem in found:
                yield self._video(f"{split}/{stem}", found[stem], label, stem, split)
            else:
                self._missing.append(self.relative(folder / name))

    @staticmethod
    def _beside(folder: Path) -> dict[str, Path]:
        """Videos beside the list or in one of the folders that people put them in."""
        found = videos_in(folder)
        for inner in (child(folder, name) for name in ("test_videos", "test")):
            if found or inner is None or not inner.is_dir():
                continue
            if child(inner, LABELS) is None:  # Else it is a place of its own.
                found = videos_in(inner)
        return found

    def _video(self, name, path, label, source, split) -> SourceVideo:
        return SourceVideo(
            name=name,
            path=path,
            label=label,
            method=METHOD if label else "real",
            source=source,
            identity="",
            split=split,
            dataset=self.name,
        )
