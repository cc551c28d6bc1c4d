import json
import os
import signal
import subprocess
import sys

import dataset_trees
import orphans
import psutil
import pytest

from keras_madd.datasets.prepare.group import Group, read_piece
from keras_madd.datasets.prepare.group_worker import GroupWorker
from keras_madd.support.errors import UserError

PIECE = "test-00000.000000"


@pytest.fixture
def group(tmp_path, source_video):
    """A video, one that is "deadly", and another."""
    paths = [tmp_path / "videos" / f"{name}.mp4" for name in ("a", "deadly", "c")]
    for path in paths:
        dataset_trees.write_face_video(path, 3)
    return Group(PIECE, tuple((n, source_video(p, source="a")) for n, p in enumerate(paths)))


@pytest.fixture
def sabotage(tmp_path, monkeypatch):
    """Makes every new Python process run some lines first."""

    def plant(code):
        folder = tmp_path / "sabotage"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(code)
        monkeypatch.syspath_prepend(str(folder))

    return plant


@pytest.fixture
def pieces(tmp_path):
    (tmp_path / "pieces").mkdir()
    return tmp_path / "pieces"


@pytest.fixture
def worker(small, pieces):
    worker = GroupWorker(small(), pieces)
    yield worker
    worker.close()


def finish(worker, group):
    worker.start(group)
    messages = [worker.receive()]
    while "done" not in messages[-1]:
        messages.append(worker.receive())
    return messages


DEADLY = """
import os, signal
from keras_madd.media import VideoReader
begin = VideoReader.__init__
def deadly(self, path, *arguments, **named):
    if "deadly" in str(path) {condition}:
        os.kill(os.getpid(), signal.SIGSEGV)
    begin(self, path, *arguments, **named)
VideoReader.__init__ = deadly
"""


def test_groups_one_after_the_other(worker, group, pieces):
    messages = finish(worker, group)
    assert [m.get("start", m.get("number")) for m in messages[:-1]] == [0, 0, 1, 1, 2, 2]
    assert messages[-1]["heavy_modules"] == []
    assert 50e6 < messages[-1]["peak_bytes"] < 1e9
    assert worker.group is None
    finish(worker, Group("test-00000.000001", group.videos[:1]))
    assert read_piece(pieces, PIECE)[0].records == 9
    assert read_piece(pieces, "test-00000.000001")[0].records == 3


def test_a_video_that_kills_workers_is_a_failure_and_the_rest_goes_on(
    sabotage, worker, group, pieces
):
    sabotage(DEADLY.format(condition=""))
    messages = finish(worker, group)
    assert [m["replaced"] for m in messages if "replaced" in m] == ["signal SIGSEGV"] * 2
    lines = dict(read_piece(pieces, PIECE)[1])
    assert [lines[n]["status"] for n in range(3)] == ["ok", "failed", "ok"]
    assert (lines[1]["reason"], lines[1]["detail"]) == (
        "crashed",
        "it ends the process with signal SIGSEGV",
    )


def test_a_worker_that_dies_once_is_forgiven(sabotage, worker, group, pieces, tmp_path):
    mark = tmp_path / "mark"
    sabotage(DEADLY.format(condition=f"and not os.system('mkdir {mark} 2> {os.devnull}')"))
    messages = finish(worker, group)
    assert sum("replaced" in message for message in messages) == 1
    assert all(line["status"] == "ok" for _, line in read_piece(pieces, PIECE)[1])


def test_a_worker_that_cannot_start_says_why(sabotage, worker, group):
    sabotage("import sys\nsys.modules['av'] = None")
    with pytest.raises(UserError, match=r"outside of any video. Its last words: .*av"):
        finish(worker, group)


def test_a_full_disk_is_told(sabotage, worker, group):
    sabotage(
        "import errno, os\n"
        "def full(descriptor): raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "os.fsync = full"
    )
    with pytest.raises(UserError, match=r"cannot be written: .*No space left.*goes on"):
        finish(worker, group)


def test_close_ends_the_process_in_the_middle(worker, group, pieces):
    worker.start(group)
    worker.receive()
    (child,) = [c for c in psutil.Process().children() if "worker" in " ".join(c.cmdline())]
    worker.close()
    worker.close()
    assert not child.is_running()
    assert read_piece(pieces, PIECE) is None


def test_a_worker_ends_with_its_parent(group, small, pieces):
    """Also when the parent is killed, and while the worker is busy."""
    program = (
        "import json, sys, time\n"
        "from pathlib import Path\n"
        "from keras_madd.datasets.prepare.group import Group\n"
        "from keras_madd.datasets.prepare.group_worker import GroupWorker\n"
        "from keras_madd.datasets.prepare.settings import PrepareSettings\n"
        "group, settings, folder = json.loads(sys.argv[1])\n"
        "worker = GroupWorker(PrepareSettings.from_json(settings), Path(folder))\n"
        "worker.start(Group.from_json(group))\n"
        "worker.receive()\n"
        "print(worker._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    arguments = json.dumps([group.to_json(), small().to_json(), str(pieces)])
    parent = subprocess.Popen(
        [sys.executable, "-c", program, arguments], stdout=subprocess.PIPE, text=True
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert orphans.end([child])
