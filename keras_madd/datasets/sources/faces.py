"""A folder of real faces alone."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import read_table
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import deal
from keras_madd.media import VIDEO_SUFFIXES
from keras_madd.media.images import IMAGE_SUFFIXES
from keras_madd.support.errors import UserError

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


class Faces(DatasetSource):
    """Photographs and videos of real faces, in any folders: `root/**`.

    Every file is a video of its own, a photograph one with a single frame. With a table of people,
    what shows one person stays in one split, 70 % of the people are for training and 15 % each for
    validation and test, whichever of its files are there, and files that it does not name are left
    out. Without, what lies in one folder directly below the root shows one person, or people who
    belong together, and stays in one split; a file in the root itself stands for itself; one in
    six of these is for validation, the rest for training, and there is no test split. Nothing but
    names (and the seed) decides. Nothing is fake: the fakes are made by self-blending.

    Args:
        root: Folder of the files.
        people: CSV file with the columns `file`, a path below the root, and `person`.
        seed: Another one deals the people of the table to other splits.
        **options: As for every source.
    """

    name = "faces"

    def __init__(
        self,
        root: str | os.PathLike,
        *,
        people: str | os.PathLike | None = None,
        seed: int = 0,
        **options: Any,
    ):
        super().__init__(root, **options)
        self.people = None if people is None else Path(people)
        self.seed = seed

    def _find(self) -> Iterator[SourceVideo]:
        if self.methods:
            self.choose_methods([])
        found = list(self.files_below(self.root, VIDEO_SUFFIXES | IMAGE_SUFFIXES))
        if not found:
            raise self.wrong_root("photographs or videos")
        if self.people:
            people = read_people(self.people)
            identities = self._of_table(found, people)
            dealt = deal(people.values(), SPLITS, f"{self.name}/{self.seed}", SHARES)
        else:
            identities = {path: path.relative_to(self.root).parts[0] for path in found}
            dealt = deal(identities.values(), ("train", "val"), self.name)
        if not identities:
            raise UserError(
                f"{self.people} names none of the {len(found)} files below {self.root}: its first "
                f"is {min(self._missing)}, the folder's {self.relative(min(found))}."
            )
        if len(set(dealt.values())) < 2:
            raise UserError(
                f"{self.root}: there is only one person, {min(dealt)}, so nothing could be kept "
                "apart for validation. Use a folder for each person, or none, or a table of people."
            )
        splits = {person: dealt[person] for person in identities.values()}
        counts = Counter(splits.values())
        shares = " and ".join(f"{counts[split]} for {split}" for split in SPLITS if counts[split])
        self._notes.append(f"{len(splits)} people: {shares}, by their names.")
        for path, identity in identities.items():
            name = self.relative(path)
            yield SourceVideo.of_file(
                path,
                path.suffix.lower() in IMAGE_SUFFIXES,
                name=name,
                label=0,
                method="real",
                source=name,
                identity=identity,
                split=splits[identity],
                dataset=self.name,
            )

    def _of_table(self, found: list[Path], people: dict[str, str]) -> dict[Path, str]:
        assert self.people is not None
        paths = {_plain(self.relative(path)): path for path in found}
        self._missing += [name for name in people if name not in paths]
        unnamed = [name for name in paths if name not in people]
        self.note_left_out(unnamed, f"{self.people.name} does not name them", "files")
        return {paths[name]: person for name, person in people.items() if name in paths}


def read_people(table: Path) -> dict[str, str]:
    """Read who is shown in which file.

    Args:
        table: CSV file with the columns `file` and `person`; others are passed over.

    Returns:
        File -> person.

    Raises:
        UserError: It cannot be read, a column or a cell is missing, or a file is named twice.
    """
    people: dict[str, str] = {}
    for line, cells in read_table(table, "file", "person"):
        name, person = map(_plain, cells)
        if not name or not person:
            raise UserError(f"{table}: line {line} has no file or no person.")
        if people.setdefault(name, person) != person:
            raise UserError(f"{table}: {name} shows two people, {people[name]} and {person}.")
    return people


def _plain(name: str) -> str:
    """A name as it is compared: its Unicode form, and how folders are written, say nothing."""
    return unicodedata.normalize("NFC", name).replace("\\", "/").removeprefix("./")
