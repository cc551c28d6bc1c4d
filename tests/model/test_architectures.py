import subprocess
import sys

import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.metrics import FakeAUC
from keras_madd.model.architectures import class_of
from keras_madd.model.config import MADDConfig
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.training.schedule import make_optimizer
from keras_madd.training.settings import TrainSettings


def last_line_of_a_fresh_process(script, path):
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_run_s_model_loads_in_a_fresh_process_with_its_optimizer_and_metrics(tmp_path):
    model = MADD.from_preset("madd_tiny")
    optimizer = make_optimizer(TrainSettings(output="run", epochs=2, learning_rate=0.25), 4)
    model.compile(optimizer=optimizer, metrics=[FakeAUC()])
    optimizer.build(model.trainable_variables)
    model.save(tmp_path / "last.keras")
    script = (
        "import sys, keras, keras_madd\n"
        "model = keras.saving.load_model(sys.argv[1])\n"
        "print(type(model.optimizer._learning_rate).__name__, model.optimizer._learning_rate.peak)"
    )
    assert last_line_of_a_fresh_process(script, tmp_path / "last.keras") == "WarmUp 0.25"


def test_a_class_that_is_imported_alone_reads_models_of_others(tmp_path):
    MADD.from_preset("madd_tiny").save(tmp_path / "model.keras")
    script = (
        "import sys\n"
        "from keras_madd.model.face_classifier import FaceClassifier\n"
        "print(type(FaceClassifier.from_preset(sys.argv[1])).__name__)"
    )
    assert last_line_of_a_fresh_process(script, tmp_path / "model.keras") == "MADD"


def test_an_architecture_of_ones_own_comes_back_from_its_preset(tmp_path):
    class OwnConfig(MADDConfig):
        architecture = "test_architectures_own"

    class Own(MADD):
        config_class = OwnConfig

    model = Own(backbone="tiny", input_size=32)
    model.save_to_preset(tmp_path / "preset")
    for kind in (Own, FaceClassifier):
        again = kind.from_preset(tmp_path / "preset")
        assert type(again) is Own
        for weight, other in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, other)
    with pytest.raises(ValueError, match="`architecture` must be one of"):
        class_of("nobody's")
