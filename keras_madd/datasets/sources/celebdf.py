"""Celeb-DF, versions 1 and 2: celebrities and swaps among them."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import child, read_text, videos_in
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import deal_evenly
from keras_madd.support.errors import UserError

LIST = "List_of_testing_videos.txt"
FOLDERS = {"Celeb-real": 0, "YouTube-real": 0, "Celeb-synthesis": 1}
_REAL = re.compile(r"(id[0-9]+)_([0-9]+)")
_FAKE = re.compile(r"(id[0-9]+)_(id[0-9]+)_([0-9]+)")


def read_name(name: str) -> tuple[str, str]:
    """Key of the real video and the person filmed ("" where unknown).

    "id1_id0_0007" is the video "id1_0007" with the face of id0.
    """
    if match := _FAKE.fullmatch(name):
        return f"{match[1]}_{match[3]}", match[1]
    if match := _REAL.fullmatch(name):
        return name, match[1]
    return name, ""


class CelebDFv2(DatasetSource):
    """Celeb-DF v2.

    The test split is the official list, in the root or in `split_files`, in which 1 means real.
    The validation split is dealt out of the rest by the person filmed (a video of unknown person
    counts as a person). Videos that are not in the list but share their real video with one that
    is are left out. Without the list all three splits are dealt out by the person filmed.
    """

    name = "celebdf_v2"
    has_lists = True

    def _find(self) -> Iterator[SourceVideo]:
        found = [
            (folder, name, path, *read_name(name))
            for folder in FOLDERS
            for name, path in sorted(self._videos_in(folder).items())
        ]
        if not found:
            error = self.wrong_root(", ".join(FOLDERS))
            raise UserError(f"{error}{self.hint(*FOLDERS)}")
        if any(FOLDERS[folder] for folder, *_ in found):
            self.choose_methods(["Celeb-synthesis"])
        file = self.list_file(LIST)
        listed = self._read_list(file, found) if file else set()
        if file is None:
            self._notes.append(
                f"{LIST} was not found: splits are dealt out by the person filmed, so results do "
                "not compare with published ones."
            )
        tested = {item[3] for item in found if (item[0], item[1].casefold()) in listed}
        rest = {
            self._person(*item): item[0] == "YouTube-real"
            for item in found
            if item[3] not in tested
        }
        splits = deal_evenly(rest, SPLITS[:2] if file else SPLITS, self.name)
        for item in found:
            folder, name, path, source, identity = item
            test = (folder, name.casefold()) in listed
            yield SourceVideo(
                name=f"{folder}/{name}",
                path=path,
                label=FOLDERS[folder],
                method="Celeb-synthesis" if FOLDERS[folder] else "real",
                source=self._source(folder, source),
                identity=identity,
                split="test" if test else splits.get(self._person(*item), "train"),
                dataset=self.name,
            )

    def _videos_in(self, name: str) -> dict[str, Path]:
        folder = child(self.root, name)
        found = videos_in(folder) if folder is not None and folder.is_dir() else {}
        if not found:
            self._missing.append(name)
        return found

    @staticmethod
    def _source(folder: str, source: str) -> str:
        return f"YouTube/{source}" if folder == "YouTube-real" else source

    def _person(self, folder: str, name: str, path: Path, source: str, identity: str) -> str:
        return identity or self._source(folder, source)

    def _read_list(self, file: Path, found: list[tuple]) -> set[tuple[str, str]]:
        """Folder and name, in small letters, of the videos in the official list."""
        spelled = {folder.casefold(): folder for folder in FOLDERS}
        present = {(folder, name.casefold()) for folder, name, *_ in found}
        listed = set()
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            if not line.strip():
                continue
            flag, _, named = line.strip().partition(" ")
            path = PurePosixPath(named.strip().replace("\\", "/"))
            folder = spelled.get(path.parts[0].casefold() if path.parts else "")
            if flag not in ("0", "1") or folder is None:
                raise UserError(
                    f"{file}, line {number}: expected a line such as "
                    f"'1 YouTube-real/00170.mp4', found {line.strip()!r}."
                )
            if int(flag) != 1 - FOLDERS[folder]:
                raise UserError(
                    f"{file}, line {number}: in this list 1 means real and 0 fake; found "
                    f"{line.strip()!r}."
                )
            key = (folder, path.stem.casefold())
            listed.add(key)
            if key not in present:
                self._missing.append(f"{folder}/{path.name}")
        return listed


class CelebDFv1(CelebDFv2):
    """Celeb-DF v1, which has the shape of version 2."""

    name = "celebdf_v1"
    has_lists = True
