"""What the benchmarks of inference share: models and held-out faces."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from embedded_shards import write_embedded_shards

TESTS = Path(__file__).parent.parent / "tests"


@dataclass(frozen=True, eq=False)
class Faces:
    """Generated faces: some of training people to calibrate on, others of test people."""

    calibration: np.ndarray
    images: np.ndarray
    labels: np.ndarray


def faces(size: int, identities: int, calibrate: int, verify: int, seed: int = 0) -> Faces:
    """Draws faces of the embedded data set at random."""
    from keras_madd.exporting.samples import read_samples

    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        write_embedded_shards(shards, size, identities, seed)
        shape = (size, size)
        calibration = read_samples(shards, shape, calibrate, seed)
        test = read_samples(shards, shape, verify, seed, splits=("test",))
    return Faces(calibration.images, test.images, test.labels)


def official_b4():
    """The released code's network at 380 pixels, its weights by the tests' rule."""
    sys.path.insert(0, str(TESTS))
    import reference_rule

    from keras_madd.published_weights import load_official

    weights = reference_rule.state_dict("b4_380_m4", "efficientnet-b4")
    return load_official(weights, input_size=380)


def train(preset: str, identities: int, epochs: int, path: Path, seed: int = 0, weights=""):
    """Trains a preset on the embedded faces, one training pass a step, and saves it."""
    from keras_madd import PRESETS
    from keras_madd.model.loading import load_madd
    from keras_madd.training import TrainSettings, train

    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        size = PRESETS[preset]["config"]["input_size"][0]
        write_embedded_shards(shards, size, identities, seed)
        settings = TrainSettings(
            output=str(Path(folder) / "run"),
            data=(str(shards),),
            preset=preset,
            backbone_weights=weights or "",
            fields={"agda_attention": "detached_prefix"},
            epochs=epochs,
            learning_rate=2e-3,
            tensorboard=False,
            seed=seed,
        )
        result = train(settings)
        path.write_bytes(result.best_model.read_bytes())
    return load_madd(path)
