import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from edge_videos import write_video
from exported_model import exported
from PIL import Image

from keras_madd.cli import score
from keras_madd.demo import sample_photo_path
from keras_madd.media import VideoReader
from keras_madd.support.errors import UserError


@pytest.fixture
def model_file(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    return exported(folder)


@pytest.fixture
def photos(tmp_path):
    """A folder with a portrait, a wall, and a broken file."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    shutil.copy(sample_photo_path(), folder / "portrait.jpg")
    Image.new("RGB", (200, 150), "grey").save(folder / "wall.png")
    (folder / "more" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    return folder


def run(*arguments):
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    return score.run(parser.parse_args([str(each) for each in arguments]))


def test_a_line_per_face_and_the_rest_still_scored(model_file, photos, capfd):
    assert run(photos, "--model", model_file) == 1
    captured = capfd.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{photos / 'portrait.jpg'}: fake score ")
    assert re.search(r"\d+\.\d% \((real|fake)\), face \d+x\d+ at ", lines[0])
    assert lines[1] == f"{photos / 'wall.png'}: no face found"
    errors = captured.err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(f"error: {photos / 'more' / 'broken.jpg'}: ")
    assert errors[1] == "1 of 3 files failed"


def test_status_0_without_failures_whatever_the_verdict(model_file, photos, capfd):
    assert run(photos / "portrait.jpg", photos / "wall.png", "--model", model_file) == 0
    assert capfd.readouterr().err == ""


def test_json(model_file, photos, tmp_path):
    out = tmp_path / "scores.json"
    assert run(photos, "missing.jpg", "--model", model_file, "--json", out) == 1
    content = json.loads(out.read_text())
    assert content["training_data"] == "none: random"
    assert len(content["sha256"]) == 64
    broken, portrait, wall, missing = content["files"]
    assert "error" in broken
    assert "faces" not in broken
    (face,) = portrait["faces"]
    assert 0 <= face["fake_probability"] <= 1
    assert len(face["box"]) == 4
    assert wall["faces"] == []
    assert "no such file" in missing["error"]


def test_json_on_standard_output_and_nothing_else(model_file, photos, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert run(photos, "--model", model_file, "--json", "-") == 1
    captured = capfd.readouterr()
    assert [len(file.get("faces", "-")) for file in json.loads(captured.out)["files"]] == [1, 1, 0]
    assert "fake score" in captured.err
    assert not (tmp_path / "-").exists()


def test_nothing_that_is_read_is_written_over(model_file, photos, capfd):
    photo, description = photos / "portrait.jpg", model_file.with_suffix(".json")
    for target in (photo, model_file, description):
        before = target.read_bytes()
        with pytest.raises(UserError, match=f"{target.name} is read by this command"):
            run(photos, "--model", model_file, "--json", target, "--overwrite")
        assert target.read_bytes() == before
    with pytest.raises(UserError, match=r"/dev/null is a device"):
        run(photos, "--model", model_file, "--json", "/dev/null", "--overwrite")


def test_results_are_replaced_where_that_is_told(model_file, photos, tmp_path, capfd):
    outputs = ["--json", tmp_path / "a.json", "--overlay", tmp_path / "drawn"]
    photo = photos / "portrait.jpg"
    assert run(photo, "--model", model_file, *outputs) == 0
    for each in (outputs[:2], outputs[2:]):
        with pytest.raises(UserError, match="exists; --overwrite replaces it"):
            run(photo, "--model", model_file, *each)
    overlay = tmp_path / "drawn" / "portrait.jpg.scored.png"
    overlay.write_bytes(b"")
    assert run(photo, "--model", model_file, *outputs, "--overwrite") == 0
    assert overlay.stat().st_size > 0
    before = overlay.read_bytes()
    with pytest.raises(UserError, match="is read by this command"):
        run(photo, overlay, "--model", model_file, *outputs, "--overwrite")
    assert overlay.read_bytes() == before


def test_an_overlay_that_cannot_be_written_takes_no_score(model_file, photos, tmp_path, capfd):
    clip = write_video(photos / "clip.mp4", 3)
    folder, out = tmp_path / "drawn", tmp_path / "a.json"
    arguments = ["--model", model_file, "--overlay", folder, "--json", out]

    def removed(*_, **__):
        raise OSError(28, "No space left on device", "a.png")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras_madd.cli.overlays.replace_file", removed)
        patch.setattr("keras_madd.visualize.ScoredVideoWriter.add", removed)
        assert run(photos / "portrait.jpg", clip, *arguments) == 1
    video = folder / "clip.mp4.scored.mp4"
    for record, name in zip(json.loads(out.read_text())["files"], ("a.png", video), strict=True):
        assert record["overlay_error"] == f"{name}: No space left on device"
        assert "error" not in record
        assert record.get("fake_probability") or record["faces"]
    assert capfd.readouterr().err.count(": No space left on device\n") == 2
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["ScoredVideoWriter", "ScoredVideoWriter.add"])
@pytest.mark.parametrize(
    "error", [ValueError("`height` must be 1 to 16384."), av.error.ExternalError(1, "x264 failed")]
)
def test_no_more_does_one_that_no_encoder_takes(model_file, tmp_path, capfd, name, error):
    clip = write_video(tmp_path / "clip.mp4", 3)
    out = tmp_path / "a.json"

    def refused(*_, **__):
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"keras_madd.visualize.{name}", refused)
        arguments = ["--overlay", tmp_path / "drawn", "--json", out]
        assert run(clip, "--model", model_file, *arguments) == 1
    (record,) = json.loads(out.read_text())["files"]
    assert record["overlay_error"] == str(error)
    assert record["fake_probability"]


def test_overlays_of_names_as_long_as_can_be(model_file, tmp_path):
    names = ["ü" * 125 + end for end in ("a.jpg", "b.jpg")]
    for name in names:
        shutil.copy(sample_photo_path(), tmp_path / name)
    folder = tmp_path / "drawn"
    arguments = ["--model", model_file, "--overlay", folder]
    assert run(*(tmp_path / name for name in names), *arguments) == 0
    drawn = ["ü" * 121 + ".2.scored.png", "ü" * 122 + ".scored.png"]
    assert sorted(path.name for path in folder.iterdir()) == drawn


def test_names_that_no_terminal_should_see(model_file, tmp_path, capfd):
    from keras_madd.cli.main import main

    names = [b"caf\xe9.jpg", b"red\x1b[31m\nerror: no.jpg"]
    for name in names:
        shutil.copy(sample_photo_path(), os.path.join(os.fsencode(tmp_path), name))
    out = tmp_path / "a.json"
    assert main(["score", str(tmp_path), "--model", str(model_file), "--json", str(out)]) == 0
    shown = capfd.readouterr().out
    assert "\x1b" not in shown
    assert "caf\\udce9.jpg: fake score" in shown
    assert "red\\x1b[31m\\nerror: no.jpg: fake score" in shown
    assert len(shown.splitlines()) == 2
    found = [file["path"] for file in json.loads(out.read_bytes().decode("utf-8"))["files"]]
    assert [os.path.basename(os.fsencode(path)) for path in found] == names


def test_a_reader_that_goes_away_loses_no_scores(model_file, photos, tmp_path):
    out = tmp_path / "a.json"
    script = "import sys; from keras_madd.cli.main import main; sys.exit(main(sys.argv[1:]))"
    given = ["score", photos, "--model", model_file, "--json", out]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody:
        process = subprocess.run(
            [sys.executable, "-c", script, *map(str, given)],
            stdout=nobody,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert process.returncode == 1
    files = json.loads(out.read_text())["files"]
    assert [len(file.get("faces", "-")) for file in files] == [1, 1, 0]
    # The broken photograph, and nothing of libraries or of standard output.
    assert len(process.stderr.splitlines()) == 2
    assert "broken.jpg" in process.stderr


def test_libraries_say_nothing_of_broken_files(model_file, tmp_path):
    """libtiff speaks to file descriptor 2; Pillow warns."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(pixels).save(path, compression="tiff_adobe_deflate")
    content = bytearray(path.read_bytes())
    content[3000:3100] = bytes(100)
    path.write_bytes(content)
    noise = subprocess.run(
        [sys.executable, "-c", f"from PIL import Image; Image.open({str(path)!r}).load()"],
        capture_output=True,
        text=True,
    ).stderr
    assert "ZIPDecode" in noise
    script = "import sys; from keras_madd.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = ["score", path, "--model", model_file]
    process = subprocess.run(
        [sys.executable, "-c", script, *map(str, command)], capture_output=True, text=True
    )
    (line,) = process.stderr.splitlines()
    assert line.startswith(f"error: {path}: the image cannot be read")


def test_overlay(model_file, photos, tmp_path):
    folder = tmp_path / "drawn" / "here"
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(photos / "portrait.jpg", again)
    assert run(photos, again, "--model", model_file, "--overlay", folder) == 1
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["portrait.jpg.2.scored.png", "portrait.jpg.scored.png", "wall.png.scored.png"]
    with Image.open(photos / "portrait.jpg") as original:
        before = np.asarray(original)
    with Image.open(folder / "portrait.jpg.scored.png") as drawn:
        assert (np.asarray(drawn) != before).any(axis=2).mean() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none.tflite"], "There is no model file none.tflite"),
        (["--json", "no/such/folder/a.json"], "There is no folder"),
        (["--json", "."], "is a folder"),
    ],
)
def test_mistakes_in_the_command(model_file, photos, arguments, message):
    with pytest.raises(UserError, match=message):
        run(photos, "--model", model_file, *arguments)


def test_an_overlay_folder_that_is_a_file(model_file, photos):
    with pytest.raises(UserError, match="--overlay"):
        run(photos, "--model", model_file, "--overlay", photos / "wall.png")


def test_a_refused_command_leaves_no_overlay_folder(photos, tmp_path):
    with pytest.raises(UserError, match="There is no model file"):
        run(photos, "--overlay", tmp_path / "new" / "drawn", "--model", tmp_path / "no.tflite")
    assert not (tmp_path / "new").exists()


def test_a_frame_larger_than_any_face_detector_takes(model_file, photos, tmp_path, capfd):
    from keras_madd.faces.detect import MAX_SIDE

    huge = tmp_path / "huge.mkv"
    with av.open(str(huge), "w") as container:
        stream = container.add_stream("ffv1", rate=25, options={"slices": "4"})
        stream.width, stream.height = MAX_SIDE + 2, 16
        frame = av.VideoFrame(stream.width, 16, "yuv420p")
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    assert run(huge, photos / "portrait.jpg", "--model", model_file) == 1
    captured = capfd.readouterr()
    assert f"{MAX_SIDE + 2} x 16 pixels; sides of at most {MAX_SIDE} are read" in captured.err
    assert "portrait.jpg: fake score" in captured.out


def test_a_folder_without_images(model_file, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=f"No images and no videos in {empty}"):
        run(empty, "--model", model_file)


def test_photographs_and_videos_together(model_file, photos, tmp_path, capfd):
    write_video(photos / "clip.mp4", 8, faceless=(2,))
    write_video(photos / "more" / "wall.mp4", 3, faceless=range(3))
    out, folder = tmp_path / "scores.json", tmp_path / "drawn"
    (photos / "more" / "broken.jpg").unlink()
    assert run(photos, "--model", model_file, "--json", out, "--overlay", folder) == 0
    captured = capfd.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 4
    clip = re.escape(str(photos / "clip.mp4"))
    words = r"fake score \d+\.\d% \((real|fake)\), 7 of 8 frames with a face"
    assert re.fullmatch(f"{clip}: {words}", lines[0])
    assert lines[1] == f"{photos / 'more' / 'wall.mp4'}: no face found in 3 frames"
    clip, wall, *_ = json.loads(out.read_text())["files"]
    assert clip["kind"] == "video"
    assert (clip["frames_scored"], clip["frames_with_face"]) == (8, 7)
    seen = [one["fake_probability"] for one in clip["frames"] if one["faces"]]
    assert clip["fake_probability"] == pytest.approx(sum(seen) / 7, abs=1e-6)
    assert wall["fake_probability"] is wall["verdict"] is None
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "clip.mp4.scored.mp4",
        "portrait.jpg.scored.png",
        "wall.mp4.scored.mp4",
        "wall.png.scored.png",
    ]
    with VideoReader(folder / "clip.mp4.scored.mp4") as video:
        drawn = list(video)
        assert video.frame_rate == 10
    assert len(drawn) == 8
    assert (video.width, video.height) == drawn[0].image.shape[1::-1]
    assert video.width == 512
    # A second run does not score what the first one drew.
    assert run(folder, photos / "wall.png", "--model", model_file) == 0
    assert len(capfd.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "indices", "rate"),
    [(["--every", 4], [0, 4, 8], 2.5), (["--frames", 2], [3, 9], 2 / 1.2)],
)
def test_some_frames_of_a_video(model_file, tmp_path, arguments, indices, rate):
    path = write_video(tmp_path / "clip.mp4")
    out = tmp_path / "scores.json"
    arguments = [path, "--model", model_file, "--json", out, "--overlay", tmp_path, *arguments]
    assert run(*arguments) == 0
    (clip,) = json.loads(out.read_text())["files"]
    assert [frame["frame"] for frame in clip["frames"]] == indices
    with VideoReader(tmp_path / "clip.mp4.scored.mp4") as video:
        assert video.frame_rate == pytest.approx(rate, rel=1e-3)
        assert len(list(video)) == len(indices)


def test_a_file_that_is_named_twice_is_scored_once(model_file, photos, tmp_path, capfd):
    picture = photos / "portrait.jpg"
    (photos / "more" / "broken.jpg").unlink()
    same = photos / "more" / ".." / "portrait.jpg"
    arguments = [picture, photos, picture, same, "--overlay", tmp_path / "drawn"]
    assert run(*arguments, "--model", model_file) == 0
    assert len(capfd.readouterr().out.splitlines()) == 2
    assert len(list((tmp_path / "drawn").iterdir())) == 2


def test_faster_than_any_player_shows(model_file, tmp_path):
    path = write_frames(tmp_path / "clip.mp4", [n / 2000 for n in range(4)], rate=2000)
    assert run(path, "--model", model_file, "--overlay", tmp_path / "drawn") == 0
    with VideoReader(tmp_path / "drawn" / "clip.mp4.scored.mp4") as video:
        seconds = [frame.seconds for frame in video]
    assert seconds == pytest.approx([n / 2000 for n in range(4)], abs=1e-4)


def test_the_overlay_of_a_video_with_pauses_is_as_long(model_file, tmp_path):
    seconds = [0.0, 0.04, 0.08, 2.0, 2.04, 4.0]
    path = write_frames(tmp_path / "clip.mkv", seconds, rate=25)
    assert run(path, "--model", model_file, "--overlay", tmp_path / "drawn") == 0
    with VideoReader(tmp_path / "drawn" / "clip.mkv.scored.mp4") as video:
        frames = list(video)
    assert [frame.seconds for frame in frames] == pytest.approx(seconds, abs=1e-3)


def write_frames(path, seconds, rate):
    """Writes a video whose frames are shown at the given times."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10000)
        for number, time in enumerate(seconds):
            image = np.full((64, 64, 3), 20 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time * 10000), Fraction(1, 10000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_all_faces_of_a_video(model_file, tmp_path, capfd):
    path = write_video(tmp_path / "clip.mp4", 3, pair=True)
    assert run(path, "--model", model_file, "--all-faces") == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in lines[1:]] == ["face #0", "face #1"]
    assert lines[1].endswith("3 frames, 0.0 to 0.2 s")


def test_a_damaged_video_is_scored_and_told(model_file, tmp_path, capfd):
    path = write_video(tmp_path / "clip.mp4", 40)
    content = path.read_bytes()
    path.write_bytes(content[: int(0.9 * len(content))])
    assert run(path, "--model", model_file) == 0
    captured = capfd.readouterr()
    assert "frames with a face" in captured.out
    assert f"note: {path} is damaged: " in captured.err
    path.write_bytes(content[:900])
    assert run(path, "--model", model_file) == 1
    assert f"error: {path}: " in capfd.readouterr().err


def test_ctrl_c_leaves_no_half_written_video(model_file, tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4")
    folder = tmp_path / "drawn"
    from keras_madd.visualize import ScoredVideoWriter

    draw = ScoredVideoWriter.add

    def interrupted(self, frame, image):
        draw(self, frame, image)
        if frame.index == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(ScoredVideoWriter, "add", interrupted)
    out = folder / "scores.json"
    with pytest.raises(KeyboardInterrupt):
        run(path, "--model", model_file, "--overlay", folder, "--json", out)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_what_ends_it_keeps_the_scores_that_are_there(
    model_file, photos, tmp_path, monkeypatch, kind
):
    from keras_madd.inference import Detector

    score_image, out = Detector.score_image, tmp_path / "scores.json"
    answers = [score_image, None]

    def interrupted(self, image):
        answer = answers.pop(0)
        if answer is None:
            raise kind
        return answer(self, image)

    monkeypatch.setattr(Detector, "score_image", interrupted)
    paths = photos / "portrait.jpg", photos / "wall.png"
    with pytest.raises(kind):
        run(*paths, "--model", model_file, "--json", out)
    content = json.loads(out.read_text())
    assert content["stopped"] is True
    assert [each["path"] for each in content["files"]] == [str(paths[0])]


def test_a_demonstration_says_so(model_file, photos, tmp_path, capfd):
    path = model_file.with_suffix(".json")
    described, pictures = json.loads(path.read_text()), []
    for demonstration in (False, True):
        path.write_text(json.dumps(described | {"demonstration": demonstration}))
        folder = tmp_path / f"drawn {demonstration}"
        assert run(photos / "portrait.jpg", "--model", model_file, "--overlay", folder) == 0
        pictures.append(np.asarray(Image.open(folder / "portrait.jpg.scored.png")))
    assert "its scores mean nothing on real pictures" in capfd.readouterr().err
    # At the lower edge of the picture, too.
    rows = (pictures[0] != pictures[1]).any(axis=(1, 2)).nonzero()[0]
    assert 480 < rows.min() < rows.max() == 511


def test_two_kinds_of_choosing_frames_are_a_mistake(model_file, photos, capfd):
    with pytest.raises(SystemExit) as stop:
        run(photos, "--model", model_file, "--every", 2, "--frames", 3)
    assert stop.value.code == 2


def test_a_fresh_process_is_quiet_and_needs_no_framework(model_file, photos):
    code = (
        "import argparse, sys\n"
        "from keras_madd.cli import score\n"
        "parser = argparse.ArgumentParser()\n"
        "score.add_arguments(parser)\n"
        "status = score.run(parser.parse_args(sys.argv[1:]))\n"
        "heavy = {'keras', 'tensorflow', 'matplotlib', 'scipy', 'sklearn', 'rich', 'av'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    arguments = [photos / "portrait.jpg", "--model", model_file, "--overlay", photos.parent]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1


def _with_standard_input(monkeypatch, content):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_photograph_from_standard_input(model_file, tmp_path, monkeypatch, capfd):
    out = tmp_path / "scores.json"
    arguments = ["--model", model_file, "--overlay", tmp_path / "drawn"]
    _with_standard_input(monkeypatch, sample_photo_path().read_bytes())
    assert run("-", *arguments, "--json", out) == 0
    assert capfd.readouterr().out.startswith("-: fake score")
    (found,) = json.loads(out.read_text())["files"]
    assert found.pop("path") == "-"
    assert run(sample_photo_path(), "--model", model_file, "--json", tmp_path / "file.json") == 0
    (expected,) = json.loads((tmp_path / "file.json").read_text())["files"]
    del expected["path"]
    assert found == expected
    assert [path.name for path in (tmp_path / "drawn").iterdir()] == ["standard_input.scored.png"]
    _with_standard_input(monkeypatch, b"")
    assert run("-", "--model", model_file) == 1
    assert capfd.readouterr().err.startswith("error: -: ")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UserError, match="- is standard input: pipe a photograph"):
        run("-", "--model", model_file)


def test_scores_under_the_name_of_an_overlay(model_file, photos, tmp_path):
    photo, folder = photos / "portrait.jpg", tmp_path / "drawn"
    arguments = ["--model", model_file, "--overlay", folder, "--overwrite"]
    with pytest.raises(UserError, match="is the name of an overlay, too"):
        run(photo, *arguments, "--json", folder / "portrait.jpg.scored.png")
