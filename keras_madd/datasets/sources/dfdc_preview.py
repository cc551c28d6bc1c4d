"""The preview set of the Deepfake Detection Challenge (DFDCP)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from keras_madd.datasets.sources.base import DatasetSource
from keras_madd.datasets.sources.listing import child, read_json
from keras_madd.datasets.sources.source_video import SourceVideo
from keras_madd.datasets.sources.splitting import deal
from keras_madd.support.errors import UserError

LIST = "dataset.json"
_TOKENS = re.compile(r"[_\-.]+")


class DFDCPreview(DatasetSource):
    """DFDC preview: `dataset.json` names every video with its label and its set.

    The validation split is dealt out of the training set by the person filmed. A fake belongs to
    that real video of its target whose name's parts are all in the fake's name; where none is,
    to the target as a whole.
    """

    name = "dfdc_preview"
    has_lists = True

    def _find(self) -> Iterator[SourceVideo]:
        file = self.list_file(LIST)
        if file is None:
            raise UserError(f"{self.wrong_root(LIST)}{self.hint(LIST)}")
        table = read_json(file, dict)
        rows = [self._row(file, name, entry) for name, entry in sorted(table.items())]
        methods = self.choose_methods(sorted({row["method"] for row in rows if row["label"]}))
        reals = defaultdict(list)
        for row in rows:
            if not row["label"]:
                reals[row["target"]].append(row["stem"])
        people = {row["target"] for row in rows if row["set"] == "train"}
        splits = deal(people, ("train", "val"), self.name)
        given = {row["target"] for row in rows if row["set"] == "val"}
        for row in rows:
            if row["label"] and row["method"] not in methods:
                continue
            if row["path"] is None:
                self._missing.append(row["name"])
                continue
            yield SourceVideo(
                name=str(PurePosixPath(row["name"]).with_suffix("")),
                path=row["path"],
                label=row["label"],
                method=row["method"] if row["label"] else "real",
                source=_real_of(row, reals[row["target"]]),
                identity=row["target"],
                split=row["set"] if row["set"] != "train" or given else splits[row["target"]],
                dataset=self.name,
            )

    def _row(self, file: Path, name: str, entry: object) -> dict:
        entry = entry if isinstance(entry, dict) else {}
        label = {"real": 0, "fake": 1}.get(str(entry.get("label", "")).lower())
        split = {"train": "train", "test": "test", "val": "val", "validation": "val"}.get(
            str(entry.get("set", "")).lower()
        )
        if label is None or split is None:
            raise UserError(f"{file}: {name} has no label real or fake, or no set train or test.")
        relative = PurePosixPath(name.replace("\\", "/"))
        stem = relative.stem
        number = re.match(r"[0-9]+", stem)
        target = entry.get("target_id") or (number[0] if number else stem)
        return {
            "name": str(relative),
            "path": self._path(relative),
            "label": label,
            "method": relative.parts[0] if len(relative.parts) > 1 else "fake",
            "set": split,
            "stem": stem,
            "target": str(target),
        }

    def _path(self, relative: PurePosixPath) -> Path | None:
        path = self.root / relative
        if path.exists():
            return path
        found: Path | None = self.root
        for name in relative.parts:
            found = child(found, name) if found is not None and found.is_dir() else None
        return found


def _real_of(row: dict, reals: list[str]) -> str:
    if not row["label"]:
        return row["stem"]
    parts = set(_TOKENS.split(row["stem"]))
    fitting = [stem for stem in reals if set(_TOKENS.split(stem)) <= parts]
    return fitting[0] if len(fitting) == 1 else row["target"]
