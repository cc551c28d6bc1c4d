"""What fakes that lie in a folder were made of, so that a run goes on with no others."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_madd.datasets.sources.listing import entries
from keras_madd.datasets.unseen_fakes.photo import FoundFace
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes, replace_file
from keras_madd.support.schema import read_json

_MADE = "made.json"
_PHOTOGRAPHS = "photographs"
_MOST_BYTES = 1 << 26  # Earlier versions listed all photographs.


def remember(folder: Path, faces: Sequence[FoundFace], **settings: Any) -> None:
    """Write down what the fakes in a folder are made of; refuse those of something else.

    Args:
        folder: It exists.
        faces: All that any fake is made of.
        settings: What else decides about them, as JSON gives it back.

    Raises:
        UserError: Fakes are there that were made otherwise, or nobody knows how.
    """
    photographs = [[face.name, face.person, face.split, face.checksum] for face in faces]
    made = settings | {_PHOTOGRAPHS: _digest(photographs)}
    record = folder / _MADE
    if not record.is_file():
        if entries(folder):
            raise UserError(
                f"{folder} holds something, and no {_MADE} that says what it was made of. Give "
                "another --output."
            )
        replace_file(record, json_bytes(made))
        return
    before = read_json(record, _MOST_BYTES)
    if isinstance(before.get(_PHOTOGRAPHS), list):
        before[_PHOTOGRAPHS] = _digest(before[_PHOTOGRAPHS])
    for name, value in made.items():
        if before.get(name) != value:
            told = "" if name == _PHOTOGRAPHS else f": {before.get(name)}, now {value}"
            raise UserError(
                f"{folder} holds fakes that were made with other {name}{told}. Give the same "
                "again, or another --output."
            )


def _digest(photographs: list[list]) -> str:
    return hashlib.sha256(json.dumps(photographs).encode()).hexdigest()
