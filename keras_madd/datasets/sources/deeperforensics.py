"""DeeperForensics-1.0: actors' faces put into the real videos of FaceForensics++."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.faceforensics import at_compression
from keras_madd.datasets.sources.listing import descend, folders, read_text, videos_in
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import Groups, deal
from keras_madd.support.errors import UserError

_FAKE = re.compile(r"([0-9]{3})_([MW][0-9]{3})", re.IGNORECASE)


class DeeperForensics(DatasetSource):
    """DeeperForensics-1.0.

    Real videos are those of FaceForensics++ (`original_sequences/youtube/c23/videos`), which is
    looked for in the root and beside it; `source_videos`, the actors', are no real videos in the
    data set's own sense and are not used. Splits are `lists/splits/{train,val,test}.txt`; without
    them fakes are dealt out so that no actor and no real video is in two splits. A real video is
    in the split of its fakes.
    """

    name = "deeperforensics"
    has_lists = True

    def _find(self) -> Iterator[SourceVideo]:
        top = descend(self.root, "manipulated_videos")
        if top is None:
            hint = self.hint("manipulated_videos")
            raise UserError(f"{self.wrong_root('manipulated_videos/<variant>')}{hint}")
        variants = {folder.name: folder for folder in folders(top)}
        fakes = {}
        for variant in self.choose_methods(variants):
            found = videos_in(variants[variant])
            fakes[variant] = {name: path for name, path in found.items() if _FAKE.fullmatch(name)}
        names = {name for found in fakes.values() for name in found}
        if not names:
            raise self.wrong_root("videos such as end_to_end/071_M004.mp4", top)
        splits = self._official() or self._own(names)
        for variant, found in fakes.items():
            self._missing += [
                f"manipulated_videos/{variant}/{name}.mp4"
                for name in sorted(set(splits) - set(found))
            ]
            unlisted = [name for name in found if name not in splits]
            self.note_left_out(unlisted, "in none of the lists", f"videos of {variant}")
            for name in sorted(set(found) & set(splits)):
                target, _ = _both(name)
                yield self._video(f"{variant}/{name}", found[name], variant, target, splits[name])
        yield from self._reals({name[:3]: split for name, split in splits.items()})

    def _reals(self, splits: dict[str, str]) -> Iterator[SourceVideo]:
        found = next(filter(None, map(self._reals_below, self._roots_of_reals())), {})
        for target, split in sorted(splits.items()):
            if target in found:
                name = f"original/{self.compression}/{target}"
                yield self._video(name, found[target], "real", target, split)
            else:
                top = f"original_sequences/youtube/{self.compression}/videos"
                self._missing.append(f"{top}/{target}.mp4")

    def _roots_of_reals(self) -> list[Path]:
        try:
            return [self.root, *folders(self.root.absolute().parent)]
        except UserError:  # Nobody promised that what lies above can be read.
            return [self.root]

    def _reals_below(self, root: Path) -> dict[str, Path]:
        try:
            folder = descend(root, "original_sequences", "youtube")
            place = at_compression(self, folder) if folder else None
            found = videos_in(place) if place else {}
        except UserError:
            return {}
        if found:
            self._notes.append(f"Real videos are those in {place}.")
        return found

    def _video(self, name, path, method, target, split) -> SourceVideo:
        return SourceVideo(
            name=name,
            path=path,
            label=int(method != "real"),
            method=method,
            source=target,
            identity=target,
            split=split,
            dataset=self.name,
        )

    def _official(self) -> dict[str, str]:
        files = self.list_files("txt", "lists/splits")
        splits: dict[str, str] = {}
        for split, file in files.items():
            for line in filter(None, map(str.strip, read_text(file).splitlines())):
                name = PurePosixPath(line.replace("\\", "/")).stem
                if not _FAKE.fullmatch(name):
                    raise UserError(f"{file}: expected names such as 071_M004.mp4, found {line!r}.")
                if splits.setdefault(name, split) != split:
                    raise UserError(f"{file}: {name} is in the list of another split too.")
        return splits

    def _own(self, names: set[str]) -> dict[str, str]:
        groups = Groups()
        for name in names:
            groups.join(*_both(name))
        dealt = deal((groups.group(name[:3]) for name in names), salt=self.name)
        self._notes.append(
            "lists/splits were not found: fakes are dealt out by actor and real video, so results "
            "do not compare with published ones."
        )
        return {name: dealt[groups.group(name[:3])] for name in names}


def _both(name: str) -> tuple[str, str]:
    """The target and the donor of a fake."""
    match = _FAKE.fullmatch(name)
    assert match is not None
    return match[1], match[2]
