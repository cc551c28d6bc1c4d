"""The classes of attacks, each of which makes and judges one hostile input from a seed."""

import hashlib
import json
import os
import random
import shutil
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from attacks.mutations import NUMBERS, WORDS, damage_bytes, damage_json
from attacks.sound_files import COVERED, PHOTOGRAPHS, VIDEOS
from attacks.supervisor import Outcome, supervised

# Scores of the same picture are the same.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Result:
    """What became of one attack.

    Attributes:
        what: The attack in words, with the seed.
        verdict: "refused", "flagged", "same", "changed" (another score and no word of damage) or
            a problem that no input may cause.
        outcome: Of the child process.
    """

    what: str
    verdict: str
    outcome: Outcome


def command(*arguments: str) -> Callable[[], int]:
    """Runs `keras-madd` in a child process."""

    def work() -> int:
        from keras_madd.cli.main import main

        return main(list(arguments))

    return work


def _score(sound: Path, folder: Path, file: Path) -> tuple[Outcome, dict | None]:
    out = folder / f"{file.parent.name}.json"
    model = str(sound / "model.tflite")
    outcome = supervised(
        command("score", str(file), "--model", model, "--json", str(out), "--threads", "1"), folder
    )
    record = json.loads(out.read_text())["files"][0] if out.is_file() else None
    return outcome, record


def _scores_of(record: dict) -> dict[int, float | None]:
    """The score of each frame by its number; of a photograph, of its faces."""
    if "frames" in record:
        return {frame["frame"]: frame["fake_probability"] for frame in record["frames"]}
    return {number: face["fake_probability"] for number, face in enumerate(record["faces"])}


class Media:
    """Photographs or videos with damage."""

    def __init__(self, sound: Path, names: list[str]):
        self.sound, self.names = sound, names
        self._clean: dict[str, dict] = {}

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        name = rng.choice(self.names)
        clean = self._clean_scores(name, folder)
        file = folder / name
        file.write_bytes(damage_bytes((self.sound / name).read_bytes(), rng))
        before = hashlib.sha256(file.read_bytes()).digest()
        outcome, record = _score(self.sound, folder, file)
        if hashlib.sha256(file.read_bytes()).digest() != before:
            return Result(name, "overwritten", outcome)
        return Result(name, outcome.problem or self._verdict(name, clean, record), outcome)

    def _clean_scores(self, name: str, folder: Path) -> dict:
        if name not in self._clean:
            outcome, record = _score(self.sound, folder, self.sound / name)
            if record is None or "error" in record:
                raise RuntimeError(f"{name} cannot be scored unharmed: {outcome}")
            self._clean[name] = _scores_of(record)
        return self._clean[name]

    @staticmethod
    def _verdict(name: str, clean: dict, record: dict | None) -> str:
        if record is None or "error" in record:
            return "refused"
        found = _scores_of(record)
        # Where packets are lost, the frames after them may have other numbers.
        known = list(clean.values())
        changed = [each for each in found.values() if not any(_close(each, one) for one in known)]
        covered = name.split(".", 1)[1] in COVERED
        if record.get("damage"):
            return "flagged, wrong" if changed and covered else "flagged"
        if not changed and len(found) == len(clean):
            return "same"
        return "unflagged" if covered else "changed"


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= _TOLERANCE


class Model:
    """Models whose bytes are damaged, with a description that fits them."""

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        content = damage_bytes((self.sound / "model.tflite").read_bytes(), rng)
        (folder / "model.tflite").write_bytes(content)
        description = json.loads((self.sound / "model.json").read_text())
        if rng.random() < 0.8:
            description["sha256"] = hashlib.sha256(content).hexdigest()
        (folder / "model.json").write_text(json.dumps(description))
        outcome, _ = _score(folder, folder, self.sound / "photo.png")
        return Result("model.tflite", outcome.problem or _told(outcome), outcome)


class Description:
    """Descriptions of a sound model that lie."""

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        shutil.copy(self.sound / "model.tflite", folder)
        text = damage_json((self.sound / "model.json").read_text(), rng)
        (folder / "model.json").write_text(text, "utf-8", "surrogatepass")
        outcome, _ = _score(folder, folder, self.sound / "photo.png")
        return Result("model.json", outcome.problem or _told(outcome), outcome)


class Shards:
    """Folders of shards with damage to a shard or to dataset.json, read as training does."""

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        shards = folder / "shards"
        shutil.copytree(self.sound / "shards", shards)
        path = rng.choice(sorted(shards.iterdir()))
        if path.suffix == ".json":
            path.write_text(damage_json(path.read_text(), rng), "utf-8", "surrogatepass")
        elif rng.random() < 0.3:
            path.write_bytes(damage_bytes(path.read_bytes(), rng))
            if rng.random() < 0.8:
                _agree(shards / "dataset.json", path)
        else:
            _lie(path, rng)
            _agree(shards / "dataset.json", path)
        outcome = supervised(lambda: _read_shards(shards, path.name.split("-")[0]), folder)
        return Result(path.name, outcome.problem or _told(outcome), outcome)


def _lie(shard: Path, rng: random.Random) -> None:
    """Damages the content of one record, and gives it checksums that fit."""
    from keras_madd.data.example_codec import decode_example, encode_example
    from keras_madd.data.tfrecord import frame_record, iterate_records

    records = list(iterate_records(shard))
    number = rng.randrange(len(records))
    if rng.random() < 0.3:
        records[number] = damage_bytes(records[number], rng)
    else:
        features = decode_example(records[number])
        name = rng.choice(sorted(features))
        if name == "image":
            features[name] = [rng.choice((damage_bytes(features[name][0], rng), b"", _bomb()))]
        else:
            word = rng.choice(WORDS).encode("utf-8", "surrogatepass")
            features[name] = [rng.choice((7, -1, 2**62, 0.5, float("nan"), word))] * rng.randint(
                0, 5
            )
        records[number] = encode_example(features)
    shard.write_bytes(b"".join(map(frame_record, records)))


def _bomb() -> bytes:
    """A small PNG file of 900 million pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum_ = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + sum_

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((30_000 // 8 + 1) * 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def _agree(description: Path, shard: Path) -> None:
    """Makes dataset.json name the damaged shard's size and digest."""
    values = json.loads(description.read_text())
    for info in values["shards"]:
        if info["name"] == shard.name:
            content = shard.read_bytes()
            info |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    description.write_text(json.dumps(values))


def _read_shards(shards: Path, split: str) -> int:
    from keras_madd.data.model_window import model_pixels
    from keras_madd.data.shard_index import index_shards
    from keras_madd.data.shards import read_records
    from keras_madd.data.shards_description import load_dataset_json
    from keras_madd.support.errors import UserError

    try:
        split = split if split in ("train", "val", "test") else "train"
        description = load_dataset_json(shards)
        index_shards([shards], split)
        for record in read_records(shards, split):
            model_pixels(record, description.margin, 64)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


class Scores:
    """Tables of scores with damage, evaluated."""

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        name = rng.choice(("scores.csv", "scores.csv", "scores.parquet"))
        content = (self.sound / name).read_bytes()
        if name.endswith("csv") and rng.random() < 0.7:
            content = _damage_table(content.decode(), rng).encode("utf-8", "surrogatepass")
        else:
            content = damage_bytes(content, rng)
        (folder / name).write_bytes(content)
        arguments = ("--scores", str(folder / name), "--output", str(folder / "o"))
        outcome = supervised(command("evaluate", *arguments, "--bootstrap", "100"), folder)
        return Result(name, outcome.problem or _told(outcome), outcome)


def _damage_table(text: str, rng: random.Random) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    for _ in range(rng.randint(1, 4)):
        row = rng.randrange(len(rows))
        kind = rng.randrange(6)
        if kind == 0:
            rows.append(rows[row])
        elif kind == 1:
            for each in rows:
                each.append(each[rng.randrange(len(each))])
        elif kind == 2:
            rows[row] = rows[row][:-1]
        elif kind == 3:
            rows = rows[:1] + rows[row : row + 3]
            row = 0
        else:
            rows[row][rng.randrange(len(rows[row]))] = str(rng.choice((*WORDS, *NUMBERS)))
    return "\n".join(",".join(row) for row in rows)


class Options:
    """Words and numbers that no option was made for."""

    _COMMANDS = (
        ("score", ("--every", "--frames", "--threads", "--device", "--json", "--model")),
        ("camera", ("--seconds", "--frames", "--threads", "--device", "--source", "--record")),
        (
            "evaluate",
            ("--bootstrap", "--threshold", "--aggregate", "--corruptions", "--gallery", "--seed"),
        ),
    )

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        name, options = rng.choice(self._COMMANDS)
        scores = ["--scores", str(self.sound / "scores.csv"), "--output", str(folder / "o")]
        model = ["--model", str(self.sound / "model.tflite")]
        arguments = {
            "score": [str(self.sound / "photo.png"), *model],
            "camera": [
                "--headless",
                "--fast",
                "--source",
                str(self.sound / "video.h264.mp4"),
                *model,
            ],
            "evaluate": [*scores, "--bootstrap", "100"],
        }[name]
        for _ in range(rng.randint(1, 2)):
            word = str(rng.choice((*WORDS, *NUMBERS)))
            if not word.isprintable() or "\ud800" in word or "/" in word:
                word = rng.choice(("-1", "0", "1e400"))
            arguments += [rng.choice(options), word]
        outcome = supervised(command(name, *arguments), folder)
        sound = {"photo.png", "model.tflite", "model.json", "scores.csv", "video.h264.mp4"}
        lost = [each for each in sound if not (self.sound / each).stat().st_size]
        verdict = "overwritten" if lost else outcome.problem or _told(outcome)
        return Result(" ".join([name, *arguments[-4:]]), verdict, outcome)


class Names:
    """Folders and names that a file system allows."""

    def __init__(self, sound: Path):
        self.sound = sound

    def __call__(self, rng: random.Random, folder: Path) -> Result:
        place = os.fsencode(folder / "in")
        os.mkdir(place)
        for _ in range(rng.randint(0, 30)):
            part = rng.choice((b"d", b" ", b"\xff\xfe", b"\x1b[2J", b"a\nb", b"-x", "é".encode()))
            place = os.path.join(place, part)
            os.mkdir(place)
            if rng.random() < 0.1:
                os.symlink(b"..", os.path.join(place, b"loop"))
        name = rng.choice(
            (b"p.jpg", b"\xff.jpg", b"\x1b]0;x\x07.png", b"--json", b"\n.png", b"%s.gif")
        )
        shutil.copy(os.fsencode(self.sound / "photo.jpg"), os.path.join(place, name))
        model, out = str(self.sound / "model.tflite"), str(folder / "out.json")
        work = command("score", str(folder / "in"), "--model", model, "--json", out)
        outcome = supervised(work, folder)
        return Result(repr(name), outcome.problem or _told(outcome), outcome)


def _told(outcome: Outcome) -> str:
    return "refused" if outcome.status else "accepted"


def classes(sound: Path) -> dict[str, Callable[[random.Random, Path], Result]]:
    """Every class of attacks by its name."""
    return {
        "photographs": Media(sound, [f"photo.{name}" for name in PHOTOGRAPHS]),
        "videos": Media(sound, [f"video.{name}" for name in VIDEOS]),
        "models": Model(sound),
        "descriptions": Description(sound),
        "shards": Shards(sound),
        "scores": Scores(sound),
        "options": Options(sound),
        "names": Names(sound),
    }
