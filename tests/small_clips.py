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


def clip_detector(name="two_branch", side=32, **fields):
    """A detector whose scores are not all the same."""
    from keras_madd import FaceClassifier

    fields = {"clip_frames": FRAMES, "recurrent_units": 4, **FIELDS[name], **fields}
    model = FaceClassifier.from_preset(name, input_size=side, seed=0, **fields)
    head = model.network.get_layer("head")
    head.set_weights([np.full(head.kernel.shape, [-20.0, 20.0]), np.zeros(2)])
    return model


@functools.cache
def exported_clips(name="two_branch", quantize="none") -> Path:
    """The LiteRT file of `clip_detector`, its description beside it."""
    from keras_madd.exporting.bundle import export_bundle

    folder = Path(tempfile.mkdtemp(prefix="keras-madd-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    export_bundle(clip_detector(name), folder / "model.tflite", quantize=quantize)
    return folder / "model.tflite"
