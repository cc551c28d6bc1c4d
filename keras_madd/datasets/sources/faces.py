"""A folder of real faces alone."""

import os
from collections.abc import Iterator
from pathlib import Path

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import scan
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import deal
from keras_madd.media import VIDEO_SUFFIXES
from keras_madd.media.images import IMAGE_SUFFIXES
from keras_madd.support.errors import UserError


class Faces(DatasetSource):
    """Photographs and videos of real faces, in any folders: `root/**`.

    Every file is a video of its own, a photograph one with a single frame. What lies in one
    folder directly below the root shows one person, or people who belong together, and stays in
    one split; a file in the root itself stands for itself. One in six of these, by nothing but
    their names, is for validation, the rest for training; there is no test split. Nothing is
    fake: the fakes are made by self-blending.
    """

    name = "faces"

    def _find(self) -> Iterator[SourceVideo]:
        found = list(self._files(self.root, set()))
        identities = {path: self._identity(path) for path in found}
        splits = deal(identities.values(), ("train", "val"), self.name)
        if found and len(splits) < 2:
            raise UserError(
                f"{self.root}: everything lies in one folder, {found[0].parent.name}, so nothing "
                "could be kept apart for validation. Use a folder for each person, or none."
            )
        if found:
            count = sum(split == "val" for split in splits.values())
            self._notes.append(
                f"{count} of {len(splits)} people (folders, or loose files) are for validation, "
                "chosen by their names."
            )
        for path in found:
            name = self.relative(path)
            picture = path.suffix.lower() in IMAGE_SUFFIXES
            yield SourceVideo(
                name=name,
                path=None if picture else path,
                label=0,
                method="real",
                source=name,
                identity=identities[path],
                split=splits[identities[path]],
                dataset=self.name,
                frames=(path,) if picture else (),
            )

    def _files(self, folder: Path, seen: set[str]) -> Iterator[Path]:
        real_path = os.path.realpath(folder)
        if real_path in seen:  # A link back up.
            return
        seen.add(real_path)
        try:
            found = scan(folder)
        except UserError as error:
            self._missing.append(str(error))
            return
        for entry in found:
            path = Path(entry.path)
            if entry.is_dir():
                yield from self._files(path, seen)
            elif path.suffix.lower() in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
                yield path

    def _identity(self, path: Path) -> str:
        return path.relative_to(self.root).parts[0]
