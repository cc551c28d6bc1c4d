import argparse
import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from ctrl_c import INTERRUPTIBLE
from edge_videos import write_video
from exported_model import exported

from keras_madd.cli import camera
from keras_madd.media import VideoReader
from keras_madd.support.errors import UserError
from keras_madd.visualize import window as window_module


@pytest.fixture
def model_file(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    return exported(folder)


def run(*arguments):
    parser = argparse.ArgumentParser()
    camera.add_arguments(parser)
    return camera.run(parser.parse_args([str(each) for each in arguments]))


def lines_of(capfd):
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_a_line_of_json_per_picture(model_file, tmp_path, capfd):
    path = write_video(tmp_path / "a.mp4", 8, faceless=(7,))
    assert run("--model", model_file, "--source", path, "--headless", "--fast") == 0
    lines = lines_of(capfd)
    assert [line["frame"] for line in lines] == list(range(8))
    assert [line["time"] for line in lines] == pytest.approx([i / 10 for i in range(8)])
    assert [len(line["faces"]) for line in lines] == [1] * 7 + [0]
    (face,) = lines[6]["faces"]
    assert face["track"] == 0
    assert 0 < face["smoothed"] < 1
    assert face["verdict"] in ("real", "fake", "unsure")
    assert set(lines[0]["timings_ms"]) == {"read", "detect", "score", "latency"}


@pytest.mark.parametrize(("option", "value", "count"), [("--frames", 3, 3), ("--seconds", 0.45, 5)])
def test_it_stops_when_told(model_file, tmp_path, capfd, option, value, count):
    path = write_video(tmp_path / "a.mp4")
    arguments = ("--model", model_file, "--source", path, "--headless", "--fast")
    assert run(*arguments, option, value) == 0
    assert len(lines_of(capfd)) == count


class FakeWindow:
    """Stands for the window: somebody presses q at the third picture."""

    shown = ()

    def __init__(self, title):
        FakeWindow.shown = []

    def show(self, image, seconds):
        FakeWindow.shown.append(image.copy())
        return len(FakeWindow.shown) < 3

    def close(self):
        FakeWindow.shown.append("closed")


def test_the_window_and_the_recording_show_the_same(model_file, tmp_path, capfd, monkeypatch):
    monkeypatch.setattr(window_module, "Window", FakeWindow)
    out = tmp_path / "out.mp4"
    path = write_video(tmp_path / "a.mp4")
    assert run("--model", model_file, "--source", path, "--fast", "--record", out) == 0
    assert capfd.readouterr() == ("", "")
    *shown, last = FakeWindow.shown
    assert last == "closed"
    with VideoReader(out) as video:
        frames = list(video)
    assert len(frames) == len(shown) == 3
    # The 256 pixels of the video twice, and the timeline below.
    assert frames[0].image.shape == shown[0].shape
    assert shown[0].shape[1] == 512
    assert shown[0].shape[0] > 560
    assert abs(frames[2].image.astype(int) - shown[2]).mean() < 6


def test_a_recording_keeps_the_pace_of_what_was_seen(model_file, tmp_path):
    recording = camera._Recording(
        argparse.Namespace(record=str(tmp_path / "out.mp4"), overwrite=False), 10.0
    )
    with recording:
        # Pictures were dropped in between, and none comes when the rate says.
        seconds = [3.0, 3.099, 3.201, 3.5, 4.0]
        for number, each in enumerate(seconds):
            recording.show(np.full((16, 16, 3), 50 * number, np.uint8), each)
    with VideoReader(tmp_path / "out.mp4") as video:
        shown = [(frame.seconds + 3, frame.image.mean()) for frame in video]
    assert [time for time, _ in shown] == pytest.approx(seconds, abs=1e-4)
    assert [value for _, value in shown] == pytest.approx([0, 50, 100, 150, 200], abs=5)


def test_a_camera_that_is_lost_leaves_a_whole_recording(model_file, tmp_path, capfd, monkeypatch):
    from keras_madd.inference import capture

    class Unplugged(capture.VideoAsCamera):
        def __init__(self, source):
            super().__init__(tmp_path / "a.mp4", paced=False)

        def __iter__(self):
            yield from super().__iter__()
            raise UserError("Camera 0 was lost after 5 pictures.")

    write_video(tmp_path / "a.mp4", 5)
    monkeypatch.setattr(capture, "Camera", Unplugged)
    out = tmp_path / "out.mp4"
    assert run("--model", model_file, "--headless", "--record", out) == 1
    assert capfd.readouterr().err == "error: Camera 0 was lost after 5 pictures.\n"
    with VideoReader(out) as video:
        assert len(list(video)) >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "none.mp4"], "none.mp4: there is no such file"),
        (["--record", "out.avi"], "--record must end in .mp4"),
        (["--record", "no/such/folder/out.mp4"], "There is no folder"),
        (["--source", "0", "--fast"], "--fast is for video files"),
        (["--model", "none.tflite"], "There is no model file"),
    ],
)
def test_mistakes_in_the_command(model_file, arguments, message, tmp_path):
    source = [] if "--source" in arguments else ["--source", write_video(tmp_path / "a.mp4", 2)]
    with pytest.raises(UserError, match=message):
        run("--headless", "--model", model_file, *source, *arguments)


def test_without_a_screen_it_says_what_to_do(model_file, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match=r"There is no screen .*--headless"):
        run("--model", model_file)


def start(model_file, source, *arguments):
    """The command as a process of its own, which also checks what it imports."""
    code = (
        "import sys\n"
        "from keras_madd.cli import camera\n"
        "from keras_madd.cli import main as cli\n"
        "cli.COMMANDS = ('camera',)\n"
        "status = cli.main(['camera', *sys.argv[1:]])\n"
        "assert not {'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    command = ["--model", model_file, "--source", source, "--headless", *arguments]
    return subprocess.Popen(
        [*INTERRUPTIBLE, sys.executable, "-c", code, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_ctrl_c_ends_it_and_the_recording_is_whole(model_file, tmp_path):
    out = tmp_path / "out.mp4"
    source = write_video(tmp_path / "a.mp4", 300)
    with start(model_file, source, "--record", out) as process:
        for _ in range(6):
            assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "stopped\n")
    with VideoReader(out) as video:
        assert len(list(video)) >= 5
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "model", "out.mp4"]


@pytest.mark.slow
def test_a_reader_that_goes_away_ends_it_quietly(model_file, tmp_path):
    source = write_video(tmp_path / "a.mp4", 300)
    with start(model_file, source, "--fast") as process:
        assert json.loads(process.stdout.readline())["frame"] == 0
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
