import shutil
import sys

import pytest

from keras_madd.datasets.prepare import prepare
from keras_madd.support.errors import UserError


@pytest.mark.slow
def test_beam_gives_the_same_as_the_local_mode(plain_tree, tmp_path, small, content):
    pytest.importorskip("apache_beam")
    settings = small(limit=10)
    prepare(plain_tree, tmp_path / "local", settings)
    # What was begun with the one is finished with the other.
    begun = tmp_path / "beam"
    with pytest.raises(UserError, match="videos failed"):
        prepare_with_a_failure(plain_tree, tmp_path / "root", begun, settings)
    result = prepare(
        plain_tree, begun, settings, runner="DirectRunner", workers=2, retry_failed=True
    )
    assert not result.complete_before
    assert content(begun) == content(tmp_path / "local")


def prepare_with_a_failure(tree, root, output, settings):
    shutil.copytree(tree, root)
    for path in root.rglob("*.mp4"):
        path.write_bytes(b"")
    prepare(root, output, settings, max_failures="0")


def test_without_beam(plain_tree, tmp_path, small, monkeypatch):
    monkeypatch.setitem(sys.modules, "apache_beam", None)
    monkeypatch.delitem(sys.modules, "keras_madd.datasets.prepare.beam", raising=False)
    with pytest.raises(UserError, match=r"pip install 'keras-madd\[beam\]'"):
        prepare(plain_tree, tmp_path / "a", small(limit=2), runner="DirectRunner")


@pytest.mark.slow
def test_a_runner_that_is_none(plain_tree, tmp_path, small):
    pytest.importorskip("apache_beam")
    with pytest.raises(UserError, match="The Beam pipeline failed"):
        prepare(plain_tree, tmp_path / "a", small(limit=2), runner="TurboRunner")
