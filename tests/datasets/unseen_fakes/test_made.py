import json

import numpy as np
import pytest

from keras_madd.datasets.unseen_fakes.made import remember
from keras_madd.datasets.unseen_fakes.photo import FoundFace
from keras_madd.support.errors import UserError
from keras_madd.support.files import json_bytes


def _faces(count):
    return [
        FoundFace(f"{n:06}-{'name' * 9}", f"p{n // 3}", "train", None, np.zeros((468, 2)), n)
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [3, 20_000])
def test_goes_on_with_the_same_and_refuses_others(tmp_path, count):
    faces = _faces(count)
    remember(tmp_path, faces, seed=0, sizes=[1, 2])
    remember(tmp_path, faces, seed=0, sizes=[1, 2])
    assert (tmp_path / "made.json").stat().st_size < 300
    with pytest.raises(UserError, match=r"made with other photographs\. Give the same again, or"):
        remember(tmp_path, faces[:-1], seed=0, sizes=[1, 2])
    with pytest.raises(UserError, match=r"made with other sizes: \[1, 2\], now \[1\]\."):
        remember(tmp_path, faces, seed=0, sizes=[1])


def test_a_record_of_an_earlier_version_lists_the_photographs(tmp_path):
    faces = _faces(20_000)
    listed = [[face.name, face.person, face.split, face.checksum] for face in faces]
    content = json_bytes({"seed": 0, "photographs": listed})
    assert len(content) > 1 << 20
    (tmp_path / "made.json").write_bytes(content)
    remember(tmp_path, faces, seed=0)
    with pytest.raises(UserError, match="made with other photographs"):
        remember(tmp_path, faces[::-1], seed=0)
    assert json.loads((tmp_path / "made.json").read_bytes())["photographs"] == listed


def test_what_nobody_knows_the_making_of_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    with pytest.raises(UserError, match=r"no made\.json that says what it was made of"):
        remember(tmp_path, _faces(2), seed=0)
