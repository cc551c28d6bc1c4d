"""From a folder of real faces alone to shards that a detector can be trained on.

Training makes its fakes as it goes, by self-blending. For validation they are made here, once:
beside every real crop stands a self-blended fake, so that a run has a score to choose by.
"""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.shards import (
    CropRecord,
    ShardInfo,
    ShardsDescription,
    load_dataset_json,
    save_dataset_json,
    write_shard,
)
from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.data.tfrecord import iterate_records
from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.datasets.prepare.tally import Progress
from keras_madd.datasets.prepare.video_crops import encode_image
from keras_madd.datasets.sources.faces import Faces
from keras_madd.media.encoded import decode_picture
from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file, replacing

SELF_BLEND = "self_blend"
_MANIFEST = "manifest.jsonl"
_REAL_CROPS = ".real_crops"


def faces_from_folder(
    folder: str | os.PathLike,
    output: str | os.PathLike,
    *,
    size: int = 380,
    seed: int = 0,
    workers: int = 1,
    max_failures: str = "50%",
    progress: Progress = lambda done, total, note: None,
    **settings: Any,
) -> ShardsDescription:
    """Makes shards out of photographs and videos of real faces.

    Every file gives the face that is largest in it. Folders directly below `folder` are people: the
    faces of one are all for training or all for validation. The shards hold real crops with
    landmarks for training, and for validation pairs: the target of a self-blended fake and that
    fake, both stored alike. Load them with `load_dataset(..., sampling="paired",
    self_blend=1.0)`.

    It can be stopped and, with the same arguments, goes on. Where `output` is finished already it
    is only read.

    Args:
        folder: Of photographs and videos, at any depth.
        output: Folder of the shards; new, empty, or of an earlier call with the same arguments.
        size: Side of the crops in pixels.
        seed: Everything random follows from it.
        workers: Processes.
        max_failures: Stop when more files than this show no face: "12", or "5%" of all.
        progress: Called as `progress(done, total, note)` after each file.
        **settings: Further fields of `PrepareSettings`: detector, margin, frames_per_video ...

    Returns:
        What dataset.json says of the shards.

    Raises:
        UserError: There are too few files, no faces in them, or `output` holds something else.
        ValueError: An argument is out of its range.

    Example:
        >>> faces_from_folder("holiday_photos", "shards")
        >>> training = load_dataset("shards", "train", 32, sampling="paired", self_blend=1.0)
    """
    chosen = PrepareSettings("faces", size=size, seed=seed, landmarks=True, **settings)
    output = Path(output)
    if output.is_dir() and any(output.iterdir()) and not (output / _REAL_CROPS).is_dir():
        raise UserError(f"The folder {output} is not empty, and no such run was begun in it.")
    staged = output / _REAL_CROPS
    staged.mkdir(parents=True, exist_ok=True)
    result = prepare(
        folder,
        staged,
        chosen,
        workers=workers,
        max_failures=max_failures,
        source=Faces(folder),
        progress=progress,
    )
    if not (result.complete_before and (output / DATASET_JSON).is_file()):
        _finish(result.description, staged, output)
    return load_dataset_json(output)


def _finish(real: ShardsDescription, staged: Path, output: Path) -> None:
    """Put the shards for training beside new ones for validation, and describe them all."""
    for split in ("train", "val"):
        if split not in real.counts:
            raise UserError(
                f"No face was found in the files kept apart for {split}; "
                f"{staged / _MANIFEST} says why."
            )
    shards: list[ShardInfo] = []
    crops: Counter[str] = Counter()
    for info in real.shards:
        if info.split == "train":
            _share(staged / info.name, output / info.name)
            shards.append(info)
        else:
            shards.append(_write_pairs(staged, info, output, real, crops))
    if not crops:
        raise UserError("No face kept apart for validation has landmarks that can be blended.")
    lines = []
    # Text would be split at U+2028 too, which may stand in a name.
    for content in (staged / _MANIFEST).read_bytes().splitlines():
        line = json.loads(content)
        # As records have the name.
        count = crops[line["video"].encode(errors="backslashreplace").decode()]
        if line["split"] == "val":
            line["crops"] = count
        lines += [line, _fake_line(line)] if count else [line]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    replace_file(output / _MANIFEST, text.encode("utf-8", "backslashreplace"), overwrite=True)
    counts = {"videos": len(crops), "crops": crops.total()}
    description = replace(
        real,
        methods=(SELF_BLEND,),
        counts=real.counts | {"val": {"real": counts, "fake": dict(counts)}},
        shards=tuple(shards),
        notes=(*real.notes, "The fakes of the val split are self-blended."),
    )
    save_dataset_json(output, description)


def _write_pairs(
    staged: Path, info: ShardInfo, output: Path, real: ShardsDescription, crops: Counter
) -> ShardInfo:
    """Write a shard of pairs made of the real crops of another one."""
    blend = SelfBlend(augment=False)
    records: list = []
    for serialized in iterate_records(staged / info.name):
        record = CropRecord.from_bytes(serialized)
        if len(record.landmarks):
            records += _pair(record, blend, real)
            crops[record.video] += 1
    records.sort(key=lambda record: record.order)
    return write_shard(output / info.name, records)


def _pair(record: CropRecord, blend: SelfBlend, real: ShardsDescription) -> Iterator[CropRecord]:
    """A target and its fake, encoded alike."""
    image = decode_picture(record.image)
    seed = (real.seed, *record.video.encode(), record.frame)
    fake, target, _ = blend(image, record.landmarks, seed)
    yield replace(record, image=encode_image(target, real.image_format))
    yield replace(
        record,
        image=encode_image(fake, real.image_format),
        label=1,
        method=SELF_BLEND,
        video=f"{record.video}+{SELF_BLEND}",
        landmarks=np.zeros((0, 2), np.float32),
    )


def _fake_line(line: dict) -> dict:
    return line | {
        "video": f"{line['video']}+{SELF_BLEND}",
        "label": 1,
        "method": SELF_BLEND,
    }


def _share(source: Path, target: Path) -> None:
    """Give a file another name, without a second copy where the disk allows that."""
    with replacing(target, overwrite=True) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)
