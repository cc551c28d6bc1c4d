"""Small detectors of clips, with scores as after some training, and one exported for all tests."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np

FRAMES = 3
FIELDS = {
    "sstnet": {"backbone": "tiny", "residual_filters": 4, "slim_width": 0.03, "slim_blocks": 1},
    "two_branch": {"width": 4, "growth": 2, "dense_layers": [1, 1], "embedding_width": 4},
}


def moving(count=8, side=32):
    """Clips whose frames differ, uint8."""
    coarse = np.random.default_rng(0).uniform(0, 255, (count, FRAMES, 4, 4, 3))
    return coarse.repeat(side // 4, 2).repeat(side // 4, 3).astype("uint8")


def clip_detector(name="two_branch", side=32):
    """A detector whose scores of `moving` lie about one half, some above and some below."""
    from keras_madd import FaceClassifier

    fields = {"clip_frames": FRAMES, "recurrent_units": 4, **FIELDS[name]}
    model = FaceClassifier.from_preset(name, input_size=side, seed=0, **fields)
    sums = model.embed(moving(side=side)).sum(axis=1)
    head = model.network.get_layer("head")
    kernel = np.zeros(head.kernel.shape)
    kernel[:, 1] = 1 / sums.std()
    head.set_weights([kernel, np.array([0, -sums.mean() / sums.std()])])
    return model


@functools.cache
def exported_clips(name="two_branch", quantize="none") -> Path:
    """The LiteRT file of `clip_detector`, its description beside it."""
    from keras_madd.exporting.exported_file import export_bundle

    folder = Path(tempfile.mkdtemp(prefix="keras-madd-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export_bundle(clip_detector(name), folder / "model.tflite", quantize=quantize)
    return folder / "model.tflite"
