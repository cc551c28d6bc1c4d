"""Data sets as DeepfakeBench has preprocessed them: faces cut out, and a JSON that lists them."""

from collections.abc import Iterator
from pathlib import Path

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.bench_frames import FrameFinder
from keras_madd.datasets.sources.bench_list import (
    BenchList,
    BenchVideo,
    is_bench_list,
    read_bench_list,
)
from keras_madd.datasets.sources.listing import entries, read_json
from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo
from keras_madd.datasets.sources.splitting import deal, deal_people
from keras_madd.support.errors import UserError

_PLACES = ("dataset_json", "preprocessing/dataset_json")


class DeepfakeBench(DatasetSource):
    """One data set of DeepfakeBench: faces of 256 x 256 pixels, named by a JSON file.

    The JSON is looked for in the root and its folders `dataset_json` and
    `preprocessing/dataset_json`, or is `split_files`; where there are several, one has to be
    named. Frames are sorted by their numbers.

    The lists overlap, so every video is given one split: test if it is listed there, else val,
    unless val holds all of train. A validation split that is empty then is dealt out of train by
    the person filmed. Of a class whose three splits are the same, people are dealt out.
    """

    name = "deepfakebench"
    has_lists = True

    def _find(self) -> Iterator[SourceVideo]:
        file = self._json()
        listed = read_bench_list(file, self.compression)
        if not listed.splits:
            there = ", ".join(sorted(listed.compressions))
            only = f" of {self.compression}, only of {there}" if there else ""
            raise UserError(f"{file}: there are no videos in it{only}.")
        if listed.malformed:
            self._notes.append(f"{listed.malformed} entries of {file} left out: without frames.")
        methods = {video.method for video in listed.splits if video.label}
        chosen = self.choose_methods(sorted(methods))
        finder = FrameFinder((self.root, file.parent, self.root.parent), self._missing)
        for video, split in self._splits(listed).items():
            if video.label and video.method not in chosen:
                continue
            name = "/".join(filter(None, (video.method, video.compression, video.name)))
            frames = finder.find(name, listed.frames[video])
            if frames:
                yield SourceVideo(
                    name=name,
                    path=None,
                    label=video.label,
                    method=video.method if video.label else "real",
                    source=video.source,
                    identity=video.identity,
                    split=split,
                    dataset=listed.dataset,
                    frames=frames,
                    pre_cropped=True,
                )

    def _json(self) -> Path:
        given = self.split_files
        if given is not None and given.is_file():
            return given
        places = [given] if given else [self.root, *(self.root / place for place in _PLACES)]
        files = [
            path
            for place in places
            if place.is_dir()
            for path in entries(place)
            if path.suffix == ".json" and path.is_file() and is_bench_list(read_json(path, object))
        ]
        if not files:
            raise self.wrong_root(f"a JSON that lists frames, here or in {', '.join(_PLACES)}")
        if len(files) > 1:
            names = ", ".join(self.relative(path) for path in files)
            raise UserError(f"{self.root}: there are several lists, name one: {names}.")
        return files[0]

    def _splits(self, listed: BenchList) -> dict[BenchVideo, str]:
        """The one split of every video."""
        same = {video.method for video in listed.splits}
        same -= {video.method for video, found in listed.splits.items() if len(found) < len(SPLITS)}
        result = self._one_each(
            {video: found for video, found in listed.splits.items() if video.method not in same}
        )
        if result and "val" not in result.values():
            rest = {video.people[0] for video, split in result.items() if split == "train"}
            dealt = deal(rest, ("train", "val"), listed.dataset)
            result = {v: dealt[v.people[0]] if s == "train" else s for v, s in result.items()}
            self._notes.append("The validation split is dealt out of train by the person filmed.")
        if same:
            self._deal(listed, same, result)
        return result

    def _one_each(self, listed: dict[BenchVideo, set[str]]) -> dict[BenchVideo, str]:
        both = {"train", "val"}
        copied = not any(found == {"train"} for found in listed.values())
        result, several = {}, 0
        for video, found in listed.items():
            several += len(found) > 1
            copy = copied and both <= found and "test" not in found
            result[video] = "train" if copy else max(found, key=SPLITS.index)
        if several:
            self._notes.append(
                f"{several} videos are listed in several splits: test counts, then val"
                + (", but val holds all of train and is not used." if copied else ".")
            )
        return result

    def _deal(self, listed: BenchList, same: set[str], result: dict[BenchVideo, str]) -> None:
        """Deals out classes whose splits are the same, in accordance with those that are not."""
        known = {person: split for video, split in result.items() for person in video.people}
        free = [video for video in listed.splits if video.method in same]
        splits = deal_people([video.people for video in free], known, listed.dataset)
        left_out = 0
        for video in free:
            found = {splits[person] for person in video.people}
            if len(found) == 1:
                result[video] = found.pop()
            else:
                left_out += 1
        self._notes.append(
            f"{', '.join(sorted(same))}: the three splits are the same, so people are dealt out; "
            f"{left_out} videos with people of two splits are left out."
        )
