"""The folder that a run writes, in any state that a killed run may have left.

Beside the shards stands `.prepare/`: the plan, finished pieces of unfinished shards, and for each
finished shard a JSON file with its digest and its videos' lines of the manifest. A file counts
only with the JSON file that describes it, which is written after it; everything is written under
a temporary name first. `dataset.json` comes last of all.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from keras_madd.data.shards import ShardInfo
from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.datasets.prepare.group import read_piece
from keras_madd.datasets.prepare.plan import Plan, Shard, difference
from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file, replacing
from keras_madd.support.held_folder import held_folder
from keras_madd.support.staging import remove_leftovers

MANIFEST = "manifest.jsonl"
WORK = ".prepare"


def cannot_write(what: object) -> UserError:
    """An error for a disk that is full and the like."""
    return UserError(
        f"The shards cannot be written: {what}. What is done is kept; the same command goes on "
        "from there."
    )


class PrepareFolder:
    """The output folder of a run. Use it in a `with` statement: it is locked meanwhile.

    Args:
        path: The folder; made where it is missing.

    Raises:
        UserError: It holds something else, cannot be written, or another run is at work in it.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        self.work = self.path / WORK
        self.pieces = self.work / "pieces"
        self._shards = self.work / "shards"
        if self.path.is_dir() and not self.work.is_dir() and any(self.path.iterdir()):
            raise UserError(f"The folder {self.path} is not empty, and no run was begun in it.")
        try:
            for folder in (self.pieces, self._shards):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"The folder {self.path} cannot be written: {error.strerror}."
            ) from None
        self._held = contextlib.ExitStack()
        self._held.enter_context(held_folder(self.path))

    def __enter__(self) -> "PrepareFolder":
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove_temporary_files()
        self._held.close()

    def begin(self, plan: Plan) -> None:
        """Record the plan, or make sure that the run begun here had the same; clean up after it.

        Raises:
            UserError: A run with another plan was begun here.
        """
        self.remove_temporary_files()
        file, content = self.work / "plan.json", plan.to_json()
        try:
            before = json.loads(file.read_bytes())
        except FileNotFoundError:
            replace_file(file, json.dumps(content).encode(), overwrite=True)
        except ValueError:
            raise UserError(f"{file} is damaged; give another --output.") from None
        else:
            if differs := difference(before, content):
                raise UserError(
                    f"A run with something else was begun in {self.path}: {differs}. Give the "
                    "same again, or another --output."
                )
        unfinished = set()
        for shard in self.unfinished(plan):
            (self._shards / f"{shard.name}.json").unlink(missing_ok=True)
            unfinished |= {group.piece for group in shard.groups}
        for path in self.pieces.iterdir():
            # Without locks a killed process's half-written folders stay: they may be another's.
            if path.is_file() and path.stem not in unfinished:
                path.unlink()
        if unfinished:
            for name in (DATASET_JSON, MANIFEST):
                (self.path / name).unlink(missing_ok=True)

    def unfinished(self, plan: Plan) -> list[Shard]:
        """Shards that are not there yet."""
        return [shard for shard in plan.shards if self.read_shard(shard.name) is None]

    def read_shard(self, name: str) -> tuple[ShardInfo, list] | None:
        """A finished shard's description and `[number, line]` of its videos, or None."""
        try:
            content = json.loads((self._shards / f"{name}.json").read_bytes())
            info = ShardInfo(**content["file"])
            if info.records and (self.path / info.name).stat().st_size != info.bytes:
                return None
            return info, content["lines"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def finished_shard(self, name: str) -> tuple[ShardInfo, list]:
        """As `read_shard`, of a shard that is finished."""
        shard = self.read_shard(name)
        assert shard is not None, f"{name} is not finished"
        return shard

    def finished_lines(self, shards: Sequence[Shard]) -> list:
        """`[number, line]` of the videos of some shards that are done by now."""
        lines = []
        for shard in shards:
            # Pieces first: they go when their shard is there.
            pieces = [read_piece(self.pieces, group.piece) for group in shard.groups]
            done = self.read_shard(shard.name)
            for _, found in [done] if done else filter(None, pieces):
                lines += found
        return lines

    def forget_failures(self, plan: Plan) -> int:
        """Make videos that failed be tried again; returns their number.

        Their whole shards are made again.
        """
        forgotten = 0
        for shard in plan.shards:
            done = self.read_shard(shard.name)
            failed = sum(line["status"] == "failed" for _, line in done[1]) if done else 0
            if failed:
                (self._shards / f"{shard.name}.json").unlink()
            for group in () if done else shard.groups:
                piece = read_piece(self.pieces, group.piece)
                bad = sum(line["status"] == "failed" for _, line in piece[1]) if piece else 0
                if bad:
                    (self.pieces / f"{group.piece}.json").unlink()
                failed += bad
            forgotten += failed
        return forgotten

    def write_manifest(self, plan: Plan) -> tuple[list[ShardInfo], list[dict]]:
        """Write manifest.jsonl; returns the shards that have records, and its lines."""
        infos: list[ShardInfo] = []
        lines: dict[int, dict] = {}
        for shard in plan.shards:
            info, shard_lines = self.finished_shard(shard.name)
            infos += [info] if info.records else []
            lines |= {number: line for number, line in shard_lines}
        ordered = [lines[number] for number in sorted(lines)]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in ordered)
        replace_file(self.path / MANIFEST, text.encode("utf-8", "backslashreplace"), overwrite=True)
        return infos, ordered

    def remove_temporary_files(self) -> None:
        """Remove what a killed run was writing."""
        for folder in (self.path, self.work, self.pieces, self._shards):
            remove_leftovers(folder)


def assemble_shard(folder: Path, name: str, pieces: Sequence[str]) -> None:
    """Put a shard together from its pieces, and remove them.

    Records stand in the order of their sources, so a shard is its pieces one after the other.
    Where it has been done already, by a worker that was thought lost, nothing happens.

    Args:
        folder: The output folder.
        name: Of the shard, `SPLIT-00012`.
        pieces: Names of its pieces, in order.

    Raises:
        UserError: A piece is not there.
        OSError: The shard cannot be written.
    """
    work = folder / WORK
    if not shard_is_finished(folder, name):
        try:
            _join(folder, name, pieces)
        except (UserError, FileNotFoundError):
            # Another worker may have been faster, and its pieces are gone then.
            if not shard_is_finished(folder, name):
                raise
    for piece in pieces:
        for suffix in (".json", ".tfrecord"):
            (work / "pieces" / f"{piece}{suffix}").unlink(missing_ok=True)


def shard_is_finished(folder: Path, name: str) -> bool:
    """Whether a shard has been put together."""
    return (folder / WORK / "shards" / f"{name}.json").is_file()


def _join(folder: Path, name: str, pieces: Sequence[str]) -> None:
    work = folder / WORK
    target, description = folder / f"{name}.tfrecord", work / "shards" / f"{name}.json"
    digest, size, records, lines = hashlib.sha256(), 0, 0, []
    with replacing(target, overwrite=True) as temporary, temporary.open("wb") as file:
        for piece in pieces:
            found = read_piece(work / "pieces", piece)
            if found is None:
                raise UserError(f"{work / 'pieces' / piece}: this piece is not there.")
            info, piece_lines = found
            with (work / "pieces" / info.name).open("rb") as source:
                while block := source.read(1 << 20):
                    file.write(block)
                    digest.update(block)
            size, records = size + info.bytes, records + info.records
            lines += piece_lines
        file.flush()
        os.fsync(file.fileno())
    if not records:
        target.unlink()
    for _, line in lines:
        line["shard"] = target.name if line["crops"] else None
    info = ShardInfo(target.name, records, size, digest.hexdigest())
    content = {"file": dataclasses.asdict(info), "lines": lines}
    replace_file(description, json.dumps(content).encode(), overwrite=True)
