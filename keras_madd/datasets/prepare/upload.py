"""Shards made on this machine, copied into a bucket when the run is finished."""

import json
from pathlib import Path

from keras_madd.data.shards import ShardsDescription
from keras_madd.data.shards_description import DATASET_JSON
from keras_madd.datasets.prepare.folder import MANIFEST, WORK
from keras_madd.support.errors import UserError
from keras_madd.support.files import replace_file
from keras_madd.support.remote import RemoteFolder

_UPLOADED = "uploaded.json"


def check_bucket(folder: Path, url: str) -> None:
    """Raise an error where a folder in a bucket holds something and no run was begun in `folder`.

    Raises:
        UserError: It does, or the bucket cannot be read.
    """
    if RemoteFolder(url).sizes() and not (folder / WORK / "plan.json").is_file():
        raise UserError(
            f"The folder {url} is not empty, and no run of this machine was begun in it. Give "
            "another --output, or empty it."
        )


def upload(folder: Path, url: str, description: ShardsDescription) -> None:
    """Copy a finished folder of shards into a bucket, dataset.json last.

    What an upload that was cut short has brought there stays.

    Raises:
        UserError: The bucket cannot be written.
    """
    remote = RemoteFolder(url)
    sizes, record = remote.sizes(), folder / WORK / _UPLOADED
    try:
        done = json.loads(record.read_bytes())
    except (FileNotFoundError, ValueError):
        done = {}
    wanted = {info.name: info for info in description.shards}
    there = {
        name
        for name, info in wanted.items()
        if done.get(name) == info.sha256 and sizes.get(name) == info.bytes
    }
    if there < wanted.keys():
        # A folder with a description is a finished one.
        remote.remove(DATASET_JSON)
    for name, info in wanted.items():
        if name not in there:
            remote.put(folder / name, name)
            done[name] = info.sha256
            replace_file(record, json.dumps(done).encode(), overwrite=True)
    for name in (MANIFEST, DATASET_JSON):
        remote.put(folder / name, name)
