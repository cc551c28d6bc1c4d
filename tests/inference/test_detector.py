import dataclasses
import json
import os
import pickle
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from edge_videos import write_video
from exported_model import exported, tiny_model
from PIL import Image

from keras_madd.demo import sample_photo_path
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.verify import sample_pictures
from keras_madd.faces import crop_face, crop_square
from keras_madd.inference import Detector, read_image, runner
from keras_madd.inference.gpu import GPUUnavailableError
from keras_madd.inference.model_description import (
    model_json_path,
    read_model_json,
    write_model_json,
)
from keras_madd.inference.runner import LiteRTRunner
from keras_madd.support.errors import UserError


@pytest.fixture
def model_file(tmp_path):
    return exported(tmp_path)


@pytest.fixture(scope="module")
def portrait():
    return read_image(sample_photo_path())


def test_crops_are_scored_as_keras_scores_them(model_file):
    model = tiny_model()
    crops = sample_pictures(model.config.input_size, 3)
    with Detector(model_file) as detector:
        probabilities, maps = detector.score_crops(crops)
    assert probabilities.shape == (3,)
    np.testing.assert_allclose(probabilities, model.fake_probability(crops), atol=1e-5)
    np.testing.assert_allclose(maps, model.attention_maps(crops), atol=1e-4)


def test_faces_tell_on_what_scale_their_maps_are_drawn(tmp_path, model_file, portrait):
    fields = {"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}
    path = tmp_path / "blending.tflite"
    export_bundle(type(tiny_model()).from_preset("madd_tiny", seed=0, **fields), path)
    for each, full_scale, count in ((model_file, None, 4), (path, 1.0, 1)):
        with Detector(each) as detector:
            (face,) = detector.score_image(portrait)
        assert (face.full_scale, face.attention_maps.shape[-1]) == (full_scale, count)


def test_the_photograph_goes_through_the_one_crop(model_file, portrait):
    with Detector(model_file) as detector:
        (face,) = detector.score_image(portrait)
    x, y, width, height = face.box
    assert x < 224 < x + width
    assert y < 127 < y + height
    assert face.crop_box[:2] == crop_square(face.box, 1.3)[:2]
    crop = crop_face(portrait, face.box, 64, 1.3)
    expected = tiny_model().fake_probability(crop[None])[0]
    assert face.probability == pytest.approx(expected, abs=1e-5)
    assert 0.5 <= face.detection_score <= 1
    assert face.attention_maps.shape[-1] == 4
    assert json.loads(json.dumps(face.to_json()))["box"] == list(face.box)


def test_the_margin_is_the_models(model_file, portrait):
    path = model_json_path(model_file)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"crop_margin": 2.0}))
    with Detector(model_file) as detector:
        (face,) = detector.score_image(portrait)
    assert face.crop_box[2] == 2 * max(face.box[2:])


def test_two_faces_and_none(model_file, portrait):
    pair = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    with Detector(model_file) as detector:
        faces = detector.score_image(pair)
        assert detector.score_image(np.full((300, 300, 3), 128, np.uint8)) == []
        assert detector.score_image(np.zeros((1, 1, 3), np.uint8)) == []
    assert len(faces) == 2
    assert sorted(face.box[0] // 512 for face in faces) == [0, 1]


@pytest.mark.parametrize(
    ("crops", "message"),
    [
        (np.zeros((1, 64, 64, 3), np.float32), "`crops`.*Received: crops=float32"),
        (np.zeros((64, 64, 3), np.uint8), r"shape \(N, 64, 64, 3\)"),
        (np.zeros((1, 32, 32, 3), np.uint8), r"Received: pixels.shape=\(1, 32, 32, 3\)"),
    ],
)
def test_other_crops_are_refused(model_file, crops, message):
    with Detector(model_file) as detector, pytest.raises(ValueError, match=message):
        detector.score_crops(crops)


def test_no_crops_give_no_scores(model_file):
    with Detector(model_file) as detector:
        probabilities, maps = detector.score_crops(np.zeros((0, 64, 64, 3), np.uint8))
    assert probabilities.shape == (0,)
    assert maps.shape[0] == 0


def test_the_number_of_threads_does_not_change_the_score(model_file):
    crops = sample_pictures((64, 64), 2)
    one, two = (LiteRTRunner(model_file, threads).run(crops)[0] for threads in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-6)
    with pytest.raises(ValueError, match="`threads`"):
        LiteRTRunner(model_file, 0)


class FakeGPU:
    """Stands for `GPUModel`: the file's own numbers, moved and delayed as told."""

    off, seconds, closed, broken = 0.0, 0.0, False, None

    def __init__(self, path, threads):
        if FakeGPU.seconds is None:
            raise GPUUnavailableError("No adapters found")
        self.twin = LiteRTRunner(path, threads)

    def run(self, fed):
        if FakeGPU.broken:
            raise FakeGPU.broken
        time.sleep(FakeGPU.seconds)
        outputs = self.twin._signature(image=fed)
        return outputs | {"fake_probability": outputs["fake_probability"] + FakeGPU.off}

    def close(self):
        FakeGPU.closed = True


@pytest.mark.parametrize(
    ("off", "seconds", "reason"),
    [
        (0.0, None, "No adapters found"),
        (0.3, 0.0, "its scores differ by 0.3"),
        (float("nan"), 0.0, "its scores differ by nan"),
        (0.0, 0.2, "it is no quicker: 2.* ms a face"),
    ],
)
def test_without_a_good_graphics_processor(model_file, monkeypatch, off, seconds, reason):
    monkeypatch.setattr(runner, "GPUModel", FakeGPU)
    FakeGPU.off, FakeGPU.seconds = off, seconds
    found = LiteRTRunner(model_file, 1, "auto")
    assert found.device == "cpu"
    assert re.match(reason, found.fallback_reason)
    assert found.run(sample_pictures((64, 64), 1))[0].shape == (1,)
    if "quicker" in reason:  # Asked for, it may be slow.
        assert LiteRTRunner(model_file, 1, "gpu").device == "gpu"
    else:
        with pytest.raises(UserError, match=f"graphics processor cannot be used: {reason}"):
            LiteRTRunner(model_file, 1, "gpu")


@pytest.mark.parametrize("error", [RuntimeError("out of\nmemory"), ValueError("out of memory")])
def test_a_graphics_processor_that_fails_is_not_the_files_fault(model_file, monkeypatch, error):
    monkeypatch.setattr(runner, "GPUModel", FakeGPU)
    monkeypatch.setattr(FakeGPU, "broken", error)
    FakeGPU.off, FakeGPU.seconds, FakeGPU.closed = 0.0, 0.0, False
    found = LiteRTRunner(model_file, 1, "auto")
    assert (found.device, found.fallback_reason) == ("cpu", "out of memory")
    assert FakeGPU.closed
    assert found.run(sample_pictures((64, 64), 1))[0].shape == (1,)
    with pytest.raises(UserError, match="graphics processor cannot be used: out of memory"):
        LiteRTRunner(model_file, 1, "gpu")


def test_a_graphics_processor_is_used(model_file, monkeypatch):
    monkeypatch.setattr(runner, "GPUModel", FakeGPU)
    monkeypatch.setattr(LiteRTRunner, "_probabilities_and_time", in_no_time)
    FakeGPU.off, FakeGPU.seconds, FakeGPU.closed = 0.01, 0.0, False
    crops = sample_pictures((64, 64), 2)
    expected = LiteRTRunner(model_file, 1).run(crops)[0]
    with Detector(model_file, device="auto") as detector:
        assert (detector.device, detector.fallback_reason) == ("gpu", None)
        np.testing.assert_allclose(detector.score_crops(crops)[0], expected + 0.01, atol=1e-6)
    assert FakeGPU.closed


def in_no_time(self, probe):
    return self.run(probe)[0], 0.0 if self._gpu else 1.0


def test_this_machines_graphics_processor_or_a_reason(model_file):
    """Nothing is known of the machine, but it must work or say why not, and end in peace."""
    code = (
        "import sys\n"
        "from keras_madd.inference.runner import LiteRTRunner\n"
        "found = LiteRTRunner(sys.argv[1], 1, 'auto')\n"
        "assert (found.device == 'gpu') == (found.fallback_reason is None)\n"
        "found.close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(model_file)], check=True)


def test_a_graphics_processor_beside_tensorflow_is_refused(model_file, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    with pytest.raises(UserError, match="a process that has TensorFlow"):
        LiteRTRunner(model_file, 1, "gpu")
    with pytest.raises(ValueError, match="`device`"):
        LiteRTRunner(model_file, 1, "npu")


def test_temperature_and_threshold_are_the_models(model_file, portrait):
    crops = sample_pictures((64, 64), 3)
    raw = LiteRTRunner(model_file).run(crops)[0].astype(float)
    with Detector(model_file) as detector:
        (before,) = detector.score_image(portrait)
    rewrite(model_file, temperature=0.01, threshold=0.9)
    with Detector(model_file) as detector:
        found, _ = detector.score_crops(crops)
        (face,) = detector.score_image(portrait)
        assert [detector.verdict(value) for value in (0.89, 0.9)] == ["real", "fake"]
    odds = np.log(raw / (1 - raw)) / 0.01
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-odds)), atol=1e-9)
    assert abs(face.probability - 0.5) > abs(before.probability - 0.5)
    assert face.verdict == ("fake" if face.probability >= 0.9 else "real")


def test_a_model_that_gives_no_numbers(model_file, monkeypatch):
    with Detector(model_file) as detector:
        nan = np.full(1, np.nan, np.float32)
        monkeypatch.setattr(detector._runner, "run", lambda crops: (nan, None))
        with pytest.raises(UserError, match=r"not numbers \(NaN\)"):
            detector.score_crops(np.zeros((1, 64, 64, 3), np.uint8))


def test_several_threads_may_use_it(model_file, portrait):
    images = [np.ascontiguousarray(np.roll(portrait, step, axis=1)) for step in range(0, 64, 8)]
    with Detector(model_file) as detector, ThreadPoolExecutor(4) as pool:
        expected = [detector.score_image(image) for image in images]
        found = list(pool.map(detector.score_image, images))
    for ours, theirs in zip(found, expected, strict=True):
        assert [face.box for face in ours] == [face.box for face in theirs]
        assert [face.probability for face in ours] == [face.probability for face in theirs]


def test_a_batch_of_files(model_file, tmp_path, portrait):
    grey = tmp_path / "grey.png"
    Image.new("RGB", (90, 60), "grey").save(grey)
    video = write_video(tmp_path / "a.mp4", 2)
    paths = [sample_photo_path(), tmp_path / "none.jpg", grey, video, sample_photo_path()]
    with Detector(model_file) as detector:
        first, missing, faceless, moving, again = detector.score_images(paths)
        (expected,) = detector.score_image(portrait)
    assert [first.path, again.path] == [sample_photo_path()] * 2
    assert first.faces[0].probability == again.faces[0].probability == expected.probability
    assert first.image.shape == (512, 512, 3)
    assert "no such file" in missing.error
    assert (faceless.faces, faceless.error) == ((), None)
    assert "a video, not a photograph" in moving.error


def rewrite(model_file, content=None, **values):
    """Replaces the model file or values of its description, with a sha256 that fits."""
    from keras_madd.inference.model_description import sha256_of

    if content is not None:
        model_file.write_bytes(content)
    path = model_json_path(model_file)
    values["sha256"] = sha256_of(model_file)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"content": b"no model"}, "not a model that LiteRT can run"),
        ({"content": b""}, "not a model that LiteRT can run"),
        ({"input_size": [32, 32]}, r"does not fit its description.*\(1, 32, 32, 3\)"),
        ({"batch": 2}, "does not fit its description"),
        ({"input_name": "pixels"}, "does not fit its description"),
        (
            {"num_attention_maps": 0, "output_names": ["fake_probability"]},
            "does not fit its description",
        ),
        ({"format": "onnx"}, "not a LiteRT model but onnx"),
        ({"input_type": "uint8"}, "expected an input of type uint8, found float32"),
    ],
)
def test_a_file_that_is_no_such_model(model_file, values, message):
    rewrite(model_file, **values)
    with pytest.raises(UserError, match=message):
        Detector(model_file)


def test_a_truncated_model(model_file):
    rewrite(model_file, content=model_file.read_bytes()[: model_file.stat().st_size // 2])
    with pytest.raises(UserError, match="not a model that LiteRT can run"):
        Detector(model_file)


def test_scoring_needs_neither_keras_nor_tensorflow(model_file, tmp_path):
    video = write_video(tmp_path / "a.mp4", 2)
    code = (
        "import sys\n"
        "from keras_madd.inference import Detector, LiveScorer, read_image\n"
        "from keras_madd.inference.capture import VideoAsCamera\n"
        "import keras_madd.inference as edge, keras_madd.visualize\n"
        "for name in edge.__all__: getattr(edge, name)\n"
        "with Detector(sys.argv[1]) as detector:\n"
        "    faces = detector.score_image(read_image(sys.argv[2]))\n"
        "    assert len(faces) == 1\n"
        "    assert detector.score_video(sys.argv[3]).verdict\n"
        "    with LiveScorer(detector, VideoAsCamera(sys.argv[3])) as live: list(live)\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'scipy', 'matplotlib'}\n"
        "found = heavy & set(sys.modules)\n"
        "assert not found, found\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(model_file), str(sample_photo_path()), str(video)],
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_words_of_a_model_fitted_for_them(model_file, portrait, tmp_path):
    values = dataclasses.asdict(read_model_json(model_file))
    del values["sha256"]
    with Detector(model_file) as detector:
        (face,) = detector.score_image(portrait)
        assert face.verdict == detector.verdict(face.probability)
        assert [detector.verdict(p) for p in (0.49, 0.5)] == ["real", "fake"]
    score = face.probability
    for clear, threshold, word in (
        (score / 2, score, "fake"),
        (score / 2, min(1.0, score * 1.1), "uncertain"),
        (min(1.0, score * 1.05), min(1.0, score * 1.1), "no trace found"),
    ):
        write_model_json(model_file, **values | {"threshold": threshold, "clear_threshold": clear})
        with Detector(model_file) as detector:
            assert detector.score_image(portrait)[0].verdict == word


def test_every_face_of_a_group_photograph_is_scored(model_file, portrait):
    photograph = np.full((1800, 2800, 3), 120, np.uint8)
    small = np.asarray(Image.fromarray(portrait).resize((300, 300)))
    for left, top in ((0, 0), (1200, 800), (2500, 1500)):
        photograph[top : top + 300, left : left + 300] = small
    with Detector(model_file) as detector:
        faces = detector.score_image(photograph)
    assert len(faces) == 3
    for face in faces:
        crop = crop_face(photograph, face.box, 64, 1.3)
        expected = tiny_model().fake_probability(crop[None])[0]
        assert face.probability == pytest.approx(expected, abs=1e-5)


def test_a_closed_detector_does_nothing_any_more(model_file, portrait):
    detector = Detector(model_file)
    detector.score_image(portrait)
    detector.close()
    detector.close()
    crops = np.zeros((1, 64, 64, 3), np.uint8)
    video = write_video(model_file.parent / "a.mp4", 2)
    for use in (
        lambda: detector.score_crops(crops),
        lambda: detector.find_faces(portrait),
        lambda: detector.score_image(portrait),
        lambda: detector.score_video(video),
        lambda: list(detector.score_images([sample_photo_path()])),
        detector.warm_up,
    ):
        with pytest.raises(RuntimeError, match="This Detector is closed"):
            use()
    closed = LiteRTRunner(model_file)
    closed.close()
    with pytest.raises(RuntimeError, match="This LiteRTRunner is closed"):
        closed.run(crops)


def test_after_a_fork_it_says_so_and_does_not_hang(model_file):
    """In a fresh process: a fork of this one might meet the locks of other tests' threads."""
    script = (
        "import os, sys, numpy as np\n"
        "from keras_madd.demo import sample_photo_path\n"
        "from keras_madd.inference import Detector, read_image\n"
        "photo = read_image(sample_photo_path())\n"
        "detector = Detector(sys.argv[1])\n"
        "(face,) = detector.score_image(photo)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    for use in (detector.score_image, detector._faces.detect, detector._runner.run):\n"
        "        try: use(photo)\n"
        "        except RuntimeError as error: print(error, flush=True)\n"
        "    detector.close()\n"
        "    sys.exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "assert detector.score_image(photo)[0].probability == face.probability\n"
        "detector.close()\n"
    )
    command = [sys.executable, "-c", script, str(model_file)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=600)
    *refusals, status = process.stdout.splitlines()
    assert (process.returncode, status) == (0, "7"), process.stderr
    assert len(refusals) == 3
    for line, name in zip(refusals, ("Detector", "FaceDetector", "LiteRTRunner"), strict=True):
        assert line.startswith(f"This {name} was opened in another process")


def test_a_pickle_opens_the_same_detector(model_file, monkeypatch):
    monkeypatch.chdir(model_file.parent)
    crops = sample_pictures((64, 64), 2)
    with Detector(model_file.name, threads=1) as detector:
        expected, _ = detector.score_crops(crops)
        packed = pickle.dumps(detector)
    monkeypatch.chdir("/")
    with pickle.loads(packed) as again:
        np.testing.assert_array_equal(again.score_crops(crops)[0], expected)
        assert again.device == "cpu"


class _Watched(Detector):
    pass


def test_a_pickle_keeps_the_kind_of_detector(model_file):
    with _Watched(model_file) as detector, pickle.loads(pickle.dumps(detector)) as again:
        assert type(again) is _Watched


def test_what_fails_at_the_first_run_is_one_line(model_file, monkeypatch):
    with Detector(model_file) as detector:

        def broken(**inputs):
            raise RuntimeError("tensorflow/lite/kernels/a.cc:1 x != y\nNode 3 failed to invoke.")

        monkeypatch.setattr(detector._runner, "_signature", broken)
        with pytest.raises(UserError, match=r"that LiteRT can run: .* x != y Node 3 failed"):
            detector.warm_up()


def test_opening_and_closing_leaves_nothing_open(model_file):
    """In a fresh process; `benchmarks/open_close.py` does it a thousand times."""
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc")
    script = (
        "import os, sys\n"
        "from keras_madd.demo import sample_photo_path\n"
        "from keras_madd.inference import Detector, read_image\n"
        "photo, found = read_image(sample_photo_path()), []\n"
        "for _ in range(4):\n"
        "    with Detector(sys.argv[1], threads=2) as detector:\n"
        "        detector.score_image(photo)\n"
        "    found.append(len(os.listdir('/proc/self/fd')))\n"
        "assert found[1] == found[3], found\n"
    )
    command = [sys.executable, "-c", script, str(model_file)]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
