import pytest

import keras_madd.data
import keras_madd.edge
import keras_madd.inference
import keras_madd.media
import keras_madd.video


def test_an_old_name_is_the_new_one_and_warns():
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.inference\.Detector"):
        assert keras_madd.edge.Detector is keras_madd.inference.Detector
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.media\.VideoReader"):
        assert keras_madd.video.VideoReader is keras_madd.media.VideoReader
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.demo\.sample_photo_path"):
        assert keras_madd.data.sample_photo_path().is_file()


def test_what_never_was_is_not_found():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = keras_madd.edge.nothing
