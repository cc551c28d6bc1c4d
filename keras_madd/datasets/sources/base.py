"""What all data sets have in common."""

import contextlib
import os
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from keras_madd.datasets.sources.listing import child, descend, entries, scan, what_is_in
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import keep_sources_together
from keras_madd.media.images import HEIF_SUFFIXES
from keras_madd.support.errors import UserError, check_choice
from keras_madd.support.finding import inside

COMPRESSIONS = ("raw", "c0", "c23", "c40")


class DatasetSource(ABC):
    """A data set in a folder, as downloaded.

    The folder is looked through when `videos` is first called. Names of folders and files are
    matched in any case; hidden files and dead links are passed over, links are followed.

    Args:
        root: Folder of the data set.
        compression: "raw" (or "c0"), "c23" or "c40", where the data set has several.
        methods: Manipulations to take; all that are there if None.
        split: "train", "val" or "test"; all if None.
        split_files: The data set's official lists, where they are not in `root`: a folder that
            holds them, or the file.

    Attributes:
        missing: What the data set's lists or its layout name and the disk lacks.
        notes: What was left out, and by what rule videos were dealt to splits where the data
            set has no lists.

    Raises:
        UserError: The folder is missing.
        ValueError: An argument is out of its range.
    """

    name = ""
    # Whether it has official lists that `split_files` can name.
    has_lists = False

    def __init__(
        self,
        root: str | os.PathLike,
        *,
        compression: str = "c23",
        methods: Sequence[str] | None = None,
        split: str | None = None,
        split_files: str | os.PathLike | None = None,
    ):
        check_choice("compression", compression, COMPRESSIONS)
        check_choice("split", split, (*SPLITS, None))
        if isinstance(methods, str):
            raise ValueError(f"`methods` must be a list of names. Received: methods={methods!r}")
        self.root = Path(root)
        if not self.root.is_dir():
            what = "is not a folder" if self.root.exists() else "does not exist"
            raise UserError(f"The root of the data set {what}: {self.root}")
        self.compression = compression
        self.methods = list(methods) if methods else None
        self.split = split
        self.split_files = None if split_files is None else Path(split_files)
        if self.split_files is not None and not self.split_files.exists():
            raise UserError(f"The split files do not exist: {self.split_files}")
        if self.split_files is not None and not self.has_lists:
            raise UserError(f"{self.name} has no lists of splits: leave --split-files out.")
        self._missing: list[str] = []
        self._notes: list[str] = []
        self._videos: list[SourceVideo] | None = None

    @abstractmethod
    def _find(self) -> Iterable[SourceVideo]:
        """All videos that are to be used, filling `_missing` and `_notes`."""

    def videos(self) -> list[SourceVideo]:
        """The videos, in the order of their names.

        Raises:
            UserError: The folder does not hold this data set, or a list is malformed.
        """
        if self._videos is None:
            self._missing, self._notes = [], []
            kept, left_out = keep_sources_together(self._find())
            names = [video.name for video in left_out]
            self.note_left_out(names, "their real video or its fakes are in a later split")
            if not kept:
                raise self.wrong_root("videos")
            self._videos = sorted(kept, key=lambda video: video.name)
        return [video for video in self._videos if self.split in (None, video.split)]

    @property
    def missing(self) -> list[str]:
        """What is named and not there."""
        self.videos()
        return list(self._missing)

    @property
    def notes(self) -> list[str]:
        """What was left out, and by what rule splits were made."""
        self.videos()
        return list(self._notes)

    def wrong_root(self, looked_for: str, folder: Path | None = None) -> UserError:
        """An error that says what was looked for, what was found, and what was left out."""
        folder = folder or self.root
        words = (
            f"{folder} does not look like {self.name}: looked for {looked_for}; "
            f"found {what_is_in(folder)}."
        )
        return UserError(" ".join([words, *self._notes]))

    def note_left_out(self, names: Sequence[str], reason: str, what: str = "videos") -> None:
        """Note that videos, if there are any, are not used."""
        if names:
            self._notes.append(f"{len(names)} {what} left out, {min(names)} for one: {reason}.")

    def note_misnamed(self, paths: Iterable[Path]) -> None:
        """Note that videos, if there are any, are not used for their names."""
        names = [self.relative(path) for path in paths]
        self.note_left_out(names, "their names are none of this data set's")

    def choose_methods(self, present: Iterable[str]) -> list[str]:
        """The manipulations to take out of those that are there, by their names.

        Raises:
            UserError: One that was asked for is not there.
        """
        present = list(present)
        if self.methods is None:
            return present
        spelled = {name.casefold(): name for name in present}
        absent = [name for name in self.methods if name.casefold() not in spelled]
        if absent:
            there = ", ".join(present) or "none"
            raise UserError(
                f"{self.root}: there is no method {', '.join(absent)} of {self.name}; "
                f"there are {there}."
            )
        return list(dict.fromkeys(spelled[name.casefold()] for name in self.methods))

    def list_file(self, name: str, *places: str) -> Path | None:
        """An official list: in `split_files` if given, else in the root or a place below it.

        Raises:
            UserError: `split_files` was given and has no such file.
        """
        given = self.split_files
        if given is not None:
            found = child(given, name) if given.is_dir() else given
            if found is None:
                raise UserError(f"{given}: there is no {name}; found {what_is_in(given)}.")
            return found
        for place in ("", *places):
            folder = descend(self.root, *filter(None, place.split("/")))
            found = child(folder, name) if folder is not None else None
            if found is not None and found.is_file():
                return found
        return None

    def list_files(self, ending: str, *places: str) -> dict[str, Path]:
        """The official lists of the three splits, in `split_files` or as for `list_file`.

        Args:
            ending: Of their names: train.ENDING, val.ENDING, test.ENDING.
            places: Folders below the root to look in, too.

        Returns:
            Split -> file; empty where there are none.

        Raises:
            UserError: Some are there and others are not.
        """
        given = self.split_files
        if given is not None:
            folders = [given if given.is_dir() else given.parent]
        else:
            below = [descend(self.root, *filter(None, place.split("/"))) for place in places]
            folders = [self.root, *filter(None, below)]
        for folder in folders:
            places_of = {split: child(folder, f"{split}.{ending}") for split in SPLITS}
            files = {split: file for split, file in places_of.items() if file is not None}
            absent = [f"{split}.{ending}" for split in SPLITS if split not in files]
            if given is not None or len(absent) < len(SPLITS):
                if absent:
                    raise UserError(
                        f"{folder}: there is no {', '.join(absent)}; found {what_is_in(folder)}."
                    )
                return files
        return {}

    def files_below(self, folder: Path, suffixes: Collection[str]) -> Iterator[Path]:
        """Yields the files of some kinds at any depth; folders that cannot be read are missing."""
        unread = []
        for name, is_folder in inside(folder):
            path = Path(name)
            if not is_folder:
                if path.suffix.lower() in suffixes:
                    yield path
                elif ".jpg" in suffixes and path.suffix.lower() in HEIF_SUFFIXES:
                    unread.append(self.relative(path))
                continue
            try:
                scan(path)
            except UserError as error:
                self._missing.append(str(error))
        self.note_left_out(unread, "HEIC is not read, convert it to JPEG", "files")

    def relative(self, path: Path) -> str:
        """A path as it is named in `missing`."""
        return (
            path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)
        )

    def hint(self, *marks: str) -> str:
        """A sentence that points at a folder in the root that would be a better root."""
        for folder in entries(self.root):
            # One that cannot be read is none.
            with contextlib.suppress(UserError):
                if folder.is_dir() and any(child(folder, mark) for mark in marks):
                    return f" Did you mean {folder}?"
        return ""
