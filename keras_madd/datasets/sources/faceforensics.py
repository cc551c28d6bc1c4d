"""FaceForensics++: 1000 real videos and their fakes by five methods."""

import re
from collections.abc import Iterator
from pathlib import Path

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import child, descend, folders, read_json, videos_in
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import Groups, deal
from keras_madd.support.errors import UserError

METHODS = ("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures", "FaceShifter")
_REAL = re.compile(r"[0-9]{3}")
_FAKE = re.compile(r"([0-9]{3})_([0-9]{3})")
Pair = tuple[str, str]


def at_compression(source: DatasetSource, folder: Path) -> Path | None:
    """The folder of the compression that was asked for; "raw" and "c0" are the same."""
    names = ("raw", "c0") if source.compression in ("raw", "c0") else (source.compression,)
    return child(folder, *names)


def originals(source: DatasetSource, root: Path, kind: str) -> dict[str, Path]:
    """The real videos of FaceForensics++ ("youtube") or DeepFakeDetection ("actors").

    Raises:
        UserError: There are none, or none with the compression that was asked for.
    """
    folder = descend(root, "original_sequences", kind)
    looked_for = f"original_sequences/{kind}/{source.compression}/videos"
    if folder is None:
        error = source.wrong_root(looked_for)
        hint = source.hint("original_sequences", "manipulated_sequences")
        raise UserError(f"{error}{hint}")
    place = at_compression(source, folder)
    found = videos_in(place) if place else {}
    if not found:
        raise source.wrong_root(looked_for, place or folder)
    return found


class FaceForensics(DatasetSource):
    """FaceForensics++ in its own tree.

    Splits are the official `train.json`, `val.json` and `test.json`, in the root or its folders
    `splits` or `dataset/splits`, or in `split_files`. A fake whose pair is in no list is left
    out. Without the lists, pairs are dealt out by their numbers: real videos that are tied by
    fakes, as target or as source, stay together.
    """

    name = "faceforensics"
    has_lists = True

    def _find(self) -> Iterator[SourceVideo]:
        reals = self._named(originals(self, self.root, "youtube"), _REAL)
        fakes = {method: self._fakes(method) for method in self._methods()}
        fakes = {method: found for method, found in fakes.items() if found}
        lists = self._read_lists()
        if lists:
            splits, pairs = lists
            self._name_missing(reals, fakes, splits, pairs)
        else:
            splits = self._own_splits(reals, fakes)
            pairs = None
        for key, path in reals.items():
            if key in splits:
                yield self._video("original", key, path, key, splits)
        unlisted = [key for key in reals if key not in splits]
        for method, found in fakes.items():
            for name, path in found.items():
                target, donor = _both(name)
                if pairs is None or (target, donor) in pairs:
                    yield self._video(method, name, path, target, splits)
                else:
                    unlisted.append(f"{method}/{name}")
        self.note_left_out(unlisted, "in none of the official lists")

    def _video(self, method, name, path, target, splits) -> SourceVideo:
        real = method == "original"
        return SourceVideo(
            name=f"{method}/{self.compression}/{name}",
            path=path,
            label=int(not real),
            method="real" if real else method,
            source=target,
            identity=target,
            split=splits[target],
            dataset=self.name,
        )

    def _named(self, videos: dict[str, Path], pattern: re.Pattern) -> dict[str, Path]:
        """Those whose names are the data set's; the others are noted."""
        named = {name: path for name, path in videos.items() if pattern.fullmatch(name)}
        self.note_misnamed(path for name, path in videos.items() if name not in named)
        return named

    def _methods(self) -> list[str]:
        """Methods to take; those of the five that have no folder are noted as missing."""
        top = descend(self.root, "manipulated_sequences")
        present = [] if top is None else [folder.name for folder in folders(top)]
        spelled = {name.casefold(): name for name in present}
        known = [method for method in METHODS if method.casefold() in spelled]
        if self.methods is None:
            self._missing += [
                f"manipulated_sequences/{method}" for method in METHODS if method not in known
            ]
        return self.choose_methods(known)

    def _fakes(self, method: str) -> dict[str, Path]:
        folder = descend(self.root, "manipulated_sequences", method)
        place = None if folder is None else at_compression(self, folder)
        found = videos_in(place) if place else {}
        found = self._named(found, _FAKE)
        if not found:
            looked_for = f"manipulated_sequences/{method}/{self.compression}/videos"
            if self.methods is not None:
                raise self.wrong_root(looked_for, place or folder)
            self._missing.append(looked_for)
        return found

    def _read_lists(self) -> tuple[dict[str, str], set[Pair]] | None:
        """Split by real video, and the pairs of all splits in both orders."""
        files = self.list_files("json", "splits", "dataset/splits")
        if not files:
            return None
        splits: dict[str, str] = {}
        pairs: set[Pair] = set()
        for split, file in files.items():
            for pair in _read_pairs(file):
                for key in pair:
                    if splits.setdefault(key, split) != split:
                        raise UserError(f"{file}: {key} is in the list of another split too.")
                pairs |= {pair, pair[::-1]}
        return splits, pairs

    def _own_splits(self, reals: dict[str, Path], fakes: dict[str, dict]) -> dict[str, str]:
        groups = Groups()
        for found in fakes.values():
            for name in found:
                groups.join(*_both(name))
        names = [*reals, *(name for found in fakes.values() for name in found)]
        keys = {key for name in names for key in name.split("_")}
        dealt = deal((groups.group(key) for key in keys), salt=self.name)
        self._notes.append(
            "The official lists train.json, val.json and test.json were not found: pairs of real "
            "videos are dealt out by their numbers, so results do not compare with published ones."
        )
        return {key: dealt[groups.group(key)] for key in keys}

    def _name_missing(self, reals, fakes, splits, pairs) -> None:
        top = f"original_sequences/youtube/{self.compression}/videos"
        self._missing += [f"{top}/{key}.mp4" for key in sorted(splits) if key not in reals]
        for method, found in fakes.items():
            top = f"manipulated_sequences/{method}/{self.compression}/videos"
            names = sorted(f"{one}_{other}" for one, other in pairs)
            self._missing += [f"{top}/{name}.mp4" for name in names if name not in found]


def _both(name: str) -> Pair:
    """The target and the donor of a fake."""
    match = _FAKE.fullmatch(name)
    assert match is not None
    return match[1], match[2]


def _read_pairs(file: Path) -> list[Pair]:
    pairs = []
    for entry in read_json(file, list):
        pair = tuple(str(number).zfill(3) for number in entry) if isinstance(entry, list) else ()
        if len(pair) != 2 or not all(_REAL.fullmatch(number) for number in pair):
            raise UserError(f'{file}: expected pairs such as ["071", "054"], found {entry!r}.')
        pairs.append(pair)
    return pairs
