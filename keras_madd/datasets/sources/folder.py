"""A plain folder: `real/` and `fake/`, of videos, of folders of frames, or of pictures."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from keras_madd.datasets.sources.alike_names import beginnings, without_number
from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import LEVELS, child
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import deal_evenly
from keras_madd.media import VIDEO_SUFFIXES
from keras_madd.media.images import IMAGE_SUFFIXES
from keras_madd.support.errors import UserError

LABELS = ("real", "fake")
_SPLIT_NAMES = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
_NEARLY_ALL = 0.9


@dataclass(frozen=True)
class _Item:
    """A video file, a folder of frames, or a picture; `key` is its path without an ending."""

    split: str
    label: int
    path: Path
    key: str
    picture: bool
    source: str = ""


class Folder(DatasetSource):
    """`real/**` and `fake/**`, with `train/`, `val/` and `test/` above them or not.

    - A video file is a video; a folder of pictures below `real` or `fake` is one, too. Pictures
      directly in `real` or `fake` are each by themselves; where `real` holds nothing else, so are
      those in folders directly below `fake`, which are methods then.
    - Pictures, or a folder of them, that are called as a video beside them is are left out, as its
      frames or its preview.
    - Pictures in one folder whose names differ only by a number at the end ("a_001.png",
      "a_002.png", "071_0001.png", "b_frame1.png", "c (1).png") count as one source, unless that
      would make one of nearly all.
    - A fake belongs to the real video whose name, in any case, its own begins with
      ("clip01_swapped" and "clip01fake" to "clip01", "071_054" to "071"; Celeb-DF's
      "id1_id0_0007" to "id1_0007"), else it is its own source. Its method's folder does not count
      in this ("fake/Swap/ann/01" belongs to "real/ann/01").
    - The first folder below `fake` is the method where there is one.
    - Sources are dealt out to splits by their names. Where there are folders for the splits they
      count: equal names in two of them are taken for different videos. A missing `val` is dealt
      out of `train`.
    """

    name = "folder"

    def _find(self) -> Iterator[SourceVideo]:
        tops = self._tops()
        items = []
        loose = set()  # Splits whose real files are pictures directly in `real`, but a few.
        for split, label, top in tops:
            found = list(self._items(split, label, top, label == 1 and split in loose))
            items += found
            pictures = sum(item.picture for item in found)
            if label == 0 and found and pictures >= _NEARLY_ALL * len(found):
                loose.add(split)
        if not items:
            raise self.wrong_root("videos or pictures in real/ and fake/")
        items = _with_sources(self._once(items))
        given = {item.split for item in items}
        labels = defaultdict(set)
        for item in items:
            if item.split in ("", "train"):
                labels[item.source].add(item.label)
        dealt = self._dealt(given, labels)
        methods = {_method(item) for item in items if item.label}
        chosen = self.choose_methods(sorted(methods)) if methods or self.methods else []
        one_label = len({item.label for item in items}) == 1
        if one_label:
            self._notes.append(f"All videos are {LABELS[items[0].label]}.")
        names = Counter(_name(item) for item in items)
        splits = {
            item: item.split if item.split in ("val", "test") else dealt[item.source]
            for item in items
        }
        if not one_label:
            self._note_one_sided(items, splits)
        for item in items:
            method = _method(item)
            if item.label and method not in chosen:
                continue
            yield SourceVideo.of_file(
                item.path,
                item.picture,
                name=_name(item) if names[_name(item)] == 1 else self.relative(item.path),
                label=item.label,
                method=method,
                source=item.source,
                identity="",
                split=splits[item],
                dataset=self.name,
            )

    def _once(self, items: list[_Item]) -> list[_Item]:
        """Without the unpacked frames, or a picture, of a video that is there itself."""
        films = {_place(item) for item in items if _is_film(item)}
        kept, twins = [], []
        for item in items:
            if _is_film(item) or _place(item) not in films:
                kept.append(item)
            else:
                twins.append(self.relative(item.path))
        self.note_left_out(twins, "pictures of a video that is there itself", "videos")
        return kept

    def _note_one_sided(self, items: list[_Item], splits: dict[_Item, str]) -> None:
        found = {(splits[item], item.label) for item in items}
        for split in SPLITS:
            for label, name in enumerate(LABELS):
                if (split, label) not in found and (split, 1 - label) in found:
                    self._notes.append(f"{split} has no {name} ones: their sources are elsewhere.")
        absent = [split for split in SPLITS if not {(split, 0), (split, 1)} & found]
        if absent:
            sources = len({item.source for item in items})
            self._notes.append(
                f"There is nothing in {' and '.join(absent)}: {sources} sources were found."
            )

    def _tops(self) -> list[tuple[str, int, Path]]:
        """Split ("" where not given), label and folder."""
        found = []
        for split, names in {"": (), **_SPLIT_NAMES}.items():
            above = child(self.root, *names) if names else self.root
            if above is None or not above.is_dir():
                continue
            for label, name in enumerate(LABELS):
                folder = child(above, name)
                if folder is not None and folder.is_dir():
                    found.append((split, label, folder))
        splits = {split for split, *_ in found}
        if not found:
            hint = self.hint(*LABELS, *SPLITS)
            raise UserError(f"{self.wrong_root('real/ and fake/, or train/real/ and so on')}{hint}")
        if "" in splits and len(splits) > 1:
            raise UserError(
                f"{self.root}: there are real/ or fake/ both here and in folders of splits; "
                "use one of the two."
            )
        return found

    def _items(self, split: str, label: int, top: Path, loose: bool) -> Iterator[_Item]:
        pictures = defaultdict(list)
        for path in self.files_below(top, VIDEO_SUFFIXES | IMAGE_SUFFIXES):
            if path.suffix.lower() in IMAGE_SUFFIXES:
                pictures[path.parent].append(path)
            else:
                yield _Item(split, label, path, _key(path.with_suffix(""), top), picture=False)
        for folder, paths in pictures.items():
            if folder != top and not (loose and folder.parent == top):
                yield _Item(split, label, folder, _key(folder, top), picture=False)
                continue
            for path in paths:
                yield _Item(split, label, path, _key(path.with_suffix(""), top), picture=True)

    def _dealt(self, given: set[str], labels: dict[str, set[int]]) -> dict[str, str]:
        if given == {""}:
            self._notes.append("There are no folders of splits: sources are dealt out by name.")
            return deal_evenly(labels, salt=self.name)
        if "val" not in given:
            self._notes.append("There is no val/: sources of train/ are dealt out by name.")
            return deal_evenly(labels, SPLITS[:2], self.name)
        return dict.fromkeys(labels, "train")


def _key(path: Path, top: Path) -> str:
    """The path below `real` or `fake` without folders that say only what kind of files follow."""
    parts = path.relative_to(top).parts
    return "/".join(part for part in parts if part.casefold() not in LEVELS) or path.name


def _is_film(item: _Item) -> bool:
    return item.path.suffix.lower() in VIDEO_SUFFIXES and not item.path.is_dir()


def _place(item: _Item) -> tuple[str, int, str]:
    return item.split, item.label, item.key


def _name(item: _Item) -> str:
    return "/".join(filter(None, (item.split, LABELS[item.label], item.key)))


def _method(item: _Item) -> str:
    parts = PurePosixPath(item.key).parts
    return "real" if not item.label else parts[0] if len(parts) > 1 else "fake"


def _with_sources(items: list[_Item]) -> list[_Item]:
    """Gives every item the key of its real video."""
    stripped = {item: _stripped(item) for item in items}
    for top in {(item.split, item.label) for item in items}:
        loose = [item for item in items if item.picture and (item.split, item.label) == top]
        stems = Counter(_without_method(stripped[item], item.label) for item in loose)
        # One stem of nearly all, such as a camera's, tells nothing.
        if loose and max(stems.values()) >= _NEARLY_ALL * len(loose):
            stripped |= {item: item.key for item in loose}
    result = []
    for split in {item.split for item in items}:
        members = [item for item in items if item.split == split]
        reals: dict[str, str] = {}
        for item in members:
            if not item.label:
                reals.setdefault(_plain(stripped[item]), stripped[item])
        stems = Counter(PurePosixPath(key).name for key in reals)
        unique = {
            PurePosixPath(key).name: real
            for key, real in reals.items()
            if stems[PurePosixPath(key).name] == 1
        }
        for item in members:
            key = stripped[item]
            if item.label:
                source = _real_of(item, reals, unique) or f"fake/{_without_method(key)}"
            else:
                source = reals[_plain(key)]
            result.append(replace(item, source="/".join(filter(None, (split, source)))))
    return result


def _stripped(item: _Item) -> str:
    return without_number(item.key) if item.picture else item.key


def _plain(key: str) -> str:
    """A key as it is compared: case and Unicode form say nothing."""
    return unicodedata.normalize("NFC", key).casefold()


def _real_of(item: _Item, reals: dict[str, str], unique: dict[str, str]) -> str | None:
    """The real video that a fake's name begins with, if there is one.

    Its name counts with the first folder, which may be the method, and without it.
    """
    for candidate in beginnings(item.key, item.picture):
        for name in (candidate, _without_method(candidate)):
            if _plain(name) in reals:
                return reals[_plain(name)]
        stem = _plain(PurePosixPath(candidate).name)
        if stem in unique:
            return unique[stem]
    return None


def _without_method(key: str, label: int = 1) -> str:
    """A fake's key without its first folder."""
    parts = PurePosixPath(key).parts
    return "/".join(parts[label:] or parts)
