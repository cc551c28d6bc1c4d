"""Shards in a bucket, read from a copy on this machine."""

import hashlib
import os
from pathlib import Path

from keras_madd.data.shards_description import DATASET_JSON, load_dataset_json
from keras_madd.support.errors import UserError
from keras_madd.support.remote import (
    RemoteError,
    RemoteFolder,
    cache_folder,
    is_remote,
    named_by_url,
)


def local_shards(folder: str | os.PathLike, split: str | None = None) -> str | os.PathLike:
    """Returns a folder of shards that is on this machine.

    A folder of this machine is returned as it is. Of one in a bucket, dataset.json is fetched
    each time, and of the shards those that are not in the cache yet; digests are checked.

    Args:
        folder: A folder, `s3://BUCKET/FOLDER` or `gs://BUCKET/FOLDER`.
        split: "train", "val" or "test"; all if None.

    Raises:
        UserError: The bucket cannot be read, or holds no finished folder of shards there.
    """
    if not is_remote(folder):
        return folder
    url = os.fspath(folder)
    remote, local = RemoteFolder(url), cache_folder(url, "shards")
    try:
        local.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"The folder {local} cannot be written: {error.strerror}.") from None
    try:
        remote.fetch(DATASET_JSON, local / DATASET_JSON)
    except FileNotFoundError:
        raise UserError(
            f"{url}/{DATASET_JSON}: no such file or bucket. A folder of shards is complete once "
            "`keras-madd prepare` has written it."
        ) from None
    with named_by_url(local, url):
        description = load_dataset_json(local)
    for info in description.shards:
        if split in (None, info.split):
            _fetch(remote, info.name, local / info.name, info.bytes, info.sha256)
    return local


def _fetch(remote: RemoteFolder, name: str, path: Path, size: int, sha256: str) -> None:
    """Fetch a shard, unless the cache has it; a mark beside it says which one that is."""
    mark = path.with_suffix(".sha256")
    here = path.is_file() and path.stat().st_size == size and mark.is_file()
    if here and mark.read_text() == sha256:
        return
    mark.unlink(missing_ok=True)
    try:
        remote.fetch(name, path)
    except FileNotFoundError:
        raise RemoteError(
            f"{remote.url}/{name}: no such file, but dataset.json lists it."
        ) from None
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        path.unlink()
        raise RemoteError(f"{remote.url}/{name}: its digest is not that in dataset.json.")
    mark.write_text(sha256)
