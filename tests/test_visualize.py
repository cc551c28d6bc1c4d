import subprocess
import sys
from types import SimpleNamespace

import cv2
import matplotlib
import numpy as np
import pytest

from keras_madd.visualize import charts, draw_scored_faces, encode_png, overlay_attention


def picture(height: int = 60, width: int = 80) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def decode(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR_RGB)


def test_overlay_changes_only_where_there_is_attention():
    image = picture()
    before = image.copy()
    heat = np.zeros((6, 8))
    heat[1, 6] = 3.0
    shown = overlay_attention(image, heat)
    assert shown.shape == image.shape
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown[30:], image[30:])
    np.testing.assert_array_equal(image, before)
    assert (shown[10:20, 60:70] != image[10:20, 60:70]).any()


def test_overlay_does_not_depend_on_the_scale_of_the_map():
    image, heat = picture(), np.random.default_rng(1).random((5, 5))
    shown = overlay_attention(image, heat)
    scaled = overlay_attention(image, heat * 1000 + 3)
    assert np.abs(shown.astype(int) - scaled).max() <= 2


def test_overlay_of_nothing_is_the_picture():
    image = picture()
    np.testing.assert_array_equal(overlay_attention(image, np.zeros((4, 4))), image)
    np.testing.assert_array_equal(overlay_attention(image, np.full((4, 4), 0.7)), image)
    np.testing.assert_array_equal(overlay_attention(image, np.ones((4, 4)), opacity=0), image)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((4, 4), np.uint8)}, "`image`"),
        ({"image": np.zeros((4, 4, 3), np.float32)}, "`image`.*Received: image.dtype=float32"),
        ({"attention_map": np.ones((2, 2, 2))}, "`attention_map`"),
        ({"attention_map": np.full((2, 2), np.nan)}, "`attention_map`"),
        ({"attention_map": -np.ones((2, 2))}, "`attention_map`"),
        ({"opacity": 1.5}, "`opacity`"),
    ],
)
def test_overlay_refuses(change, message):
    good = {"image": picture(), "attention_map": np.ones((2, 2)), "opacity": 0.5}
    with pytest.raises(ValueError, match=message):
        overlay_attention(**good | change)


@pytest.mark.parametrize(
    "box", [(10, 20, 30, 30), (-15, -10, 40, 40), (60, 40, 60, 60), (0, 0, 80, 60), (30, 0, 9, 9)]
)
def test_boxes_anywhere_are_drawn(box):
    image = picture()
    face = SimpleNamespace(box=box, probability=0.7, attention_maps=np.ones((3, 3, 2)))
    drawn = draw_scored_faces(image, [face])
    assert drawn.shape == image.shape
    assert (drawn != image).any()


def test_real_and_fake_differ_and_no_face_changes_nothing():
    image = np.zeros((200, 200, 3), np.uint8)
    real, fake = (
        SimpleNamespace(box=(50, 60, 60, 60), probability=value, attention_maps=None)
        for value in (0.1, 0.9)
    )
    assert draw_scored_faces(image, [real])[120, 80, 1] > 100
    assert draw_scored_faces(image, [fake])[120, 80, 0] > 150
    np.testing.assert_array_equal(draw_scored_faces(image, []), image)


def test_png_round_trip():
    image = picture()
    np.testing.assert_array_equal(decode(encode_png(image)), image)


def drawings() -> dict:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 50), rng.random(50)
    history = {"loss": [1.0, 0.5], "val_loss": [1.1, 0.7], "val_auc": [0.5, 0.8]}
    return {
        "loss": lambda theme: charts.loss_curves(history, 1, theme),
        "one epoch": lambda theme: charts.loss_curves({"loss": [1.0]}, theme=theme),
        "roc": lambda theme: charts.roc_curves({"seen": (labels, scores)}, theme),
        "scores": lambda theme: charts.score_histogram({"real": scores, "none": []}, theme=theme),
        "methods": lambda theme: charts.method_chart({"blend": 0.9, "worse": 0.3}, theme),
        "attention": lambda theme: charts.attention_grid(
            np.stack([picture(), picture()]), rng.random((2, 4, 4, 3)), ["real", "fake"], theme
        ),
    }


@pytest.mark.parametrize("name", drawings())
def test_charts_are_pictures_in_both_themes(name):
    light, dark = (decode(drawings()[name](theme)) for theme in ("light", "dark"))
    assert light.shape == dark.shape
    assert min(light.shape[:2]) > 150
    assert light[0, 0].min() > 200
    assert dark[0, 0].max() < 60
    assert light.std() > 3


def test_charts_leave_matplotlib_alone():
    before = dict(matplotlib.rcParams)
    for draw in drawings().values():
        draw("dark")
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys; from keras_madd.visualize import charts; charts.loss_curves({'loss': [1, 2]});"
        "assert 'matplotlib.pyplot' not in sys.modules;"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_drawing_on_photographs_needs_no_matplotlib():
    code = "import sys, keras_madd.visualize; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_charts_refuse_nothing_to_draw():
    with pytest.raises(ValueError, match="`history`"):
        charts.loss_curves({})
    with pytest.raises(ValueError, match="lengths 1, 2 and 1"):
        charts.attention_grid(picture()[None], np.ones((2, 2, 2, 2)), ["a"])
    with pytest.raises(ValueError, match="`theme`"):
        charts.loss_curves({"loss": [1]}, theme="blue")
