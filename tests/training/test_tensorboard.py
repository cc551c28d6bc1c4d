import cv2
import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_madd import MADD
from keras_madd.training.tensorboard import EventWriter, attention_rows
from keras_madd.visualize import overlay_attention


def test_every_map_is_laid_over_its_face():
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, 8, 10, 3), "uint8")
    maps = random.random((2, 4, 4, 3), "float32")
    rows = attention_rows(images, maps)
    assert rows.shape == (2, 8, 5 * 10 + 4 * 4, 3)
    np.testing.assert_array_equal(rows[1, :, :10], images[1])
    np.testing.assert_array_equal(rows[1, :, 28:38], overlay_attention(images[1], maps[1, ..., 1]))
    np.testing.assert_array_equal(rows[1, :, 56:], overlay_attention(images[1], maps[1].sum(-1)))
    assert (rows[:, :, 10:14] == 255).all()
    fixed = attention_rows(images, maps, full_scale=1.0)
    one = overlay_attention(images[1], maps[1, ..., 1], full_scale=1.0)
    np.testing.assert_array_equal(fixed[1, :, 28:38], one)


@pytest.mark.parametrize("maps", [2, 0])
def test_event_files_hold_figures_and_pictures(tmp_path, maps):
    model = MADD.from_preset("madd_tiny", input_size=32, num_attentions=maps, seed=0)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    writer = EventWriter(tmp_path, images, ["real: a", "fake: b"])
    for epoch in (1, 2):
        figures = {"epoch": epoch, "loss": 0.5 * epoch, "val_video_auc": 0.25 * epoch}
        writer.write_epoch(epoch, figures, model)
    writer.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"), {"images": 0, "tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    pictures = "attention" if maps else "class_activation"
    assert set(tags) >= {"training/loss", "validation/video_auc", pictures}
    losses = [each.tensor_proto for each in events.Tensors("training/loss")]
    assert [float(tf.make_ndarray(each)) for each in losses] == [0.5, 1.0]
    assert [each.step for each in events.Tensors("validation/video_auc")] == [1, 2]
    shown = events.Tensors(pictures)
    assert len(shown) == 2
    width, height, *encoded = shown[0].tensor_proto.string_val
    picture = cv2.imdecode(np.frombuffer(encoded[0], "uint8"), cv2.IMREAD_COLOR)
    assert picture.shape[:2] == (int(height), int(width))
    np.testing.assert_array_equal(picture[:, :32, ::-1], images[0])
