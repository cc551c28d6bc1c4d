import subprocess
import sys
from dataclasses import dataclass, replace
from types import SimpleNamespace

import cv2
import matplotlib
import numpy as np
import pytest

from keras_madd.inference import ScoredFace
from keras_madd.media import VideoReader
from keras_madd.visualize import (
    ScoredVideoWriter,
    ScoreTimeline,
    VideoOverlay,
    attended_crop,
    charts,
    draw_scored_faces,
    encode_png,
    enlarge_small,
    evaluation_charts,
    overlay_attention,
)
from keras_madd.visualize.lettering import percent
from keras_madd.visualize.overlays import FAKE_COLOR, REAL_COLOR, UNSURE_COLOR
from keras_madd.visualize.timeline import LINES, format_time


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


def test_overlay_of_probabilities_has_a_scale_of_its_own():
    image = picture()

    def strength(heat):
        shown = overlay_attention(image, np.full((4, 4), heat), full_scale=1.0)
        return np.abs(shown.astype(int) - image).mean()

    assert strength(0.0) == 0
    assert 0 < strength(0.1) < strength(0.3) < strength(1.0)
    assert strength(2.0) == strength(1.0)


def test_insets_and_grids_draw_on_the_scale_of_the_maps():
    image = picture()
    face = SimpleNamespace(box=(0, 0, 60, 60), attention_maps=np.full((4, 4, 1), 0.01))
    face.attention_maps[0, 0] = 0.02
    own, fixed = (
        attended_crop(image, SimpleNamespace(**vars(face), full_scale=each), 60).astype(int)
        for each in (None, 1.0)
    )
    assert np.abs(own - image[:60, :60]).max() > 50
    assert np.abs(fixed - image[:60, :60]).max() < 10
    maps = face.attention_maps[None]
    grids = [charts.attention_grid(image[None], maps, None, each) for each in (None, 1.0)]
    assert grids[0] != grids[1]


def test_overlay_of_nothing_is_the_picture():
    image = picture()
    np.testing.assert_array_equal(overlay_attention(image, np.zeros((4, 4))), image)
    np.testing.assert_array_equal(overlay_attention(image, np.full((4, 4), 0.7)), image)
    np.testing.assert_array_equal(overlay_attention(image, np.ones((4, 4)), opacity=0), image)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image": np.zeros((4, 4), np.uint8)}, "`image`"),
        ({"image": np.zeros((4, 4, 3), np.float32)}, "`image`.*Received: image=float32"),
        ({"attention_map": np.ones((2, 2, 2))}, "`attention_map`"),
        ({"attention_map": np.full((2, 2), np.nan)}, "`attention_map`"),
        ({"attention_map": -np.ones((2, 2))}, "`attention_map`"),
        ({"opacity": 1.5}, "`opacity`"),
        ({"full_scale": 0.0}, "`full_scale`"),
        ({"full_scale": np.nan}, "`full_scale`"),
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
    maps = np.ones((3, 3, 2))
    anywhere = SimpleNamespace(box=box, probability=0.7, attention_maps=maps)
    drawn = draw_scored_faces(image, [anywhere])
    assert drawn.shape == image.shape
    assert (drawn != image).any()


def face(box, probability=0.9, **values):
    return SimpleNamespace(box=box, probability=probability, attention_maps=None, **values)


def has(picture, color, least=20):
    return (picture == np.array(color, np.uint8)).all(-1).sum() >= least


def test_verdicts_differ_in_shape_and_in_colour():
    image = np.full((300, 400, 3), 128, np.uint8)
    drawn = {
        verdict: draw_scored_faces(image, [face((150, 120, 80, 80), verdict=verdict)])
        for verdict in ("real", "fake", "unsure")
    }
    for verdict, picture in drawn.items():
        colors = {"real": REAL_COLOR, "fake": FAKE_COLOR, "unsure": UNSURE_COLOR}
        for other, color in colors.items():
            assert has(picture, color) == (verdict == other)
        # The middle of the left side is drawn for a fake only; the corners always.
        assert (picture[160, 150] != 128).any() == (verdict == "fake")
        assert (picture[200, 150] != 128).any()
    # Blue and orange differ in lightness too little to tell; in blue they differ for everyone.
    assert REAL_COLOR[2] - FAKE_COLOR[2] > 120
    np.testing.assert_array_equal(draw_scored_faces(image, []), image)


def test_without_a_verdict_the_middle_decides():
    image = np.zeros((200, 200, 3), np.uint8)
    for probability, color in ((0.49, REAL_COLOR), (0.5, FAKE_COLOR)):
        assert has(draw_scored_faces(image, [face((50, 60, 60, 60), probability)]), color)


def test_faces_stay_free():
    """Labels and attention lie beside the faces, whatever the arrangement."""
    rng = np.random.default_rng(3)
    image = np.full((600, 800, 3), 128, np.uint8)
    for _ in range(20):
        faces = []
        for column in range(3):
            for row in range(2):
                x, y = 40 + 250 * column + rng.integers(0, 90), 90 + 270 * row + rng.integers(0, 60)
                side = int(rng.integers(40, 110))
                faces.append(face((int(x), int(y), side, side), track=len(faces)))
                faces[-1].attention_maps = rng.random((4, 4, 2))
        drawn = draw_scored_faces(image, faces)
        for each in faces:
            x, y, side, _ = each.box
            inner = drawn[y + 6 : y + side - 6, x + 6 : x + side - 6]
            assert (inner == 128).all()


def test_an_inset_shows_the_attention_beside_the_face():
    image = np.full((300, 400, 3), 128, np.uint8)
    maps = np.zeros((5, 5, 1))
    maps[2, 2] = 1
    drawn = draw_scored_faces(image, [face((60, 100, 100, 100))])
    with_maps = face((60, 100, 100, 100))
    with_maps.attention_maps = maps
    changed = (draw_scored_faces(image, [with_maps]) != drawn).any(-1)
    columns = np.flatnonzero(changed.any(0))
    assert columns.min() > 160
    assert 80 < columns.max() - columns.min() < 130


def test_small_pictures_are_enlarged_with_their_faces():
    @dataclass(frozen=True)
    class Face:
        box: tuple
        crop_box: tuple
        probability: float = 0.5
        attention_maps: object = None

    enlarged, (found,) = enlarge_small(picture(60, 100), [Face((10, 20, 30, 30), (5, 15, 40, 40))])
    assert enlarged.shape == (300, 500, 3)
    assert (found.box, found.crop_box) == ((50, 100, 150, 150), (25, 75, 200, 200))
    image, faces = picture(480, 480), [face((1, 2, 3, 4))]
    same, same_faces = enlarge_small(image, faces)
    assert same is image
    assert same_faces == faces


def test_a_face_without_a_crop_box_is_enlarged_too():
    @dataclass(frozen=True)
    class Face:
        box: tuple
        probability: float = 0.9
        attention_maps: object = None

    _, (found,) = enlarge_small(picture(60, 100), [Face((10, 20, 30, 30))])
    assert found == Face((50, 100, 150, 150))
    overlay = VideoOverlay(100, 60, 0.5, 4.0)
    assert has(overlay.compose(picture(60, 100), [Face((10, 20, 30, 30))], 0, 0.9), FAKE_COLOR)


def test_a_verdict_in_other_words_is_grey():
    image = np.full((300, 400, 3), 128, np.uint8)
    drawn = draw_scored_faces(image, [face((150, 120, 80, 80), verdict="suspicious")])
    assert has(drawn, UNSURE_COLOR)
    assert not has(drawn, FAKE_COLOR)


def test_a_video_of_uneven_times_is_written_with_these(tmp_path):
    times = [2.0, 2.04, 2.08, 5.0, 5.02]
    path = tmp_path / "scored.mp4"
    with ScoredVideoWriter(path, 64, 48, frame_rate=1.5) as writer:
        for seconds in times:
            frame = SimpleNamespace(seconds=seconds, faces=[], probability=0.4)
            writer.add(frame, picture(48, 64))
    with VideoReader(path) as video:
        shown = [frame.seconds for frame in video]
    assert shown == pytest.approx(np.subtract(times, 2.0), abs=1e-4)


ORANGE, BLUE = LINES[True], LINES[False]


def timeline(scores, **settings):
    line = ScoreTimeline(400, 120, **settings)
    for seconds, score in scores:
        line.add(seconds, score)
    return line.draw()


def test_a_timeline_is_orange_above_the_threshold_and_blue_below():
    high = timeline([(i / 10, 0.9) for i in range(50)], threshold=0.7)
    low = timeline([(i / 10, 0.6) for i in range(50)], threshold=0.7)
    assert has(high, ORANGE)
    assert not has(high, BLUE, 1)
    assert has(low, BLUE)
    assert not has(low, ORANGE, 1)
    crossing = timeline([(0, 0.1), (9, 0.9)], threshold=0.5)
    rows = {
        color: np.flatnonzero((crossing == np.array(color, np.uint8)).all(-1).any(1))
        for color in (ORANGE, BLUE)
    }
    assert rows[ORANGE].max() <= rows[BLUE].min() + 3


def test_a_timeline_with_words_leaves_the_middle_unclaimed():
    def zones(**settings):
        column = timeline([], **settings)[:, 300].tolist()
        return [list(color) for index, color in enumerate(column) if color != column[index - 1]]

    two, three = zones(threshold=0.7), zones(threshold=0.7, clear_threshold=0.3)
    assert len(three) == len(two) + 1
    paper = timeline([])[0, 0].tolist()
    fake, real = (zone for zone in two if zone in three and zone != paper and max(zone) < 60)
    assert three[three.index(fake) + 1 : three.index(real)].count(paper) >= 1


def test_a_timeline_has_gaps_and_its_scale_is_linear():
    scores = [(i / 10, None if 30 <= i < 70 else 0.25) for i in range(100)]
    shown = (timeline(scores) == np.array(BLUE, np.uint8)).all(-1)
    columns = np.flatnonzero(shown.any(0))
    inside = np.flatnonzero(np.diff(columns) > 50)
    assert len(inside) == 1
    gap = columns[inside[0] + 1] - columns[inside[0]]
    assert gap == pytest.approx(0.41 * (columns[-1] - columns[0]), rel=0.05)
    quarter = np.flatnonzero(shown.any(1)).mean()
    half, full = (
        np.flatnonzero(
            (timeline([(0, v), (9, v)]) == np.array(ORANGE, np.uint8)).all(-1)[:, 100:300].any(1)
        ).mean()
        for v in (0.5, 1.0)
    )
    assert quarter - half == pytest.approx((half - full) / 2, abs=1.5)


def test_a_timeline_drawn_piece_by_piece_is_the_whole_and_it_grows():
    values = np.random.default_rng(0).random(80)
    scores = [(i / 4, float(value)) for i, value in enumerate(values)]
    grown = ScoreTimeline(400, 120, seconds=5.0)
    for seconds, score in scores:
        grown.add(seconds, score)
    again = ScoreTimeline(400, 120, seconds=grown._seconds)
    for seconds, score in scores:
        again.add(seconds, score)
    np.testing.assert_array_equal(grown.draw(), again.draw())


def test_a_scrolling_timeline_shows_the_last_seconds_and_forgets_the_rest():
    scores = [(i / 10, 0.9 if i < 100 else 0.1) for i in range(200)]
    line = ScoreTimeline(400, 120, seconds=5.0, scroll=True)
    for seconds, score in scores:
        line.add(seconds, score)
    assert not has(line.draw(), ORANGE, 1)
    assert len(line._scores) < 55


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (200, 355), (1280, 720), (721, 403)])
def test_a_composed_picture_has_its_size_whatever_the_video(size):
    width, height = size
    overlay = VideoOverlay(width, height, 0.5, 4.0, note="demonstration model")
    maps = np.random.default_rng(0).random((4, 4, 2))
    one = ScoredFace((5, 5, 20, 20), (2, 2, 26, 26), 0.9, 0.8, "fake", maps)
    for seconds, faces in ((0, [one]), (1, []), (2, [one, replace(one, box=(30, 30, 9, 9))])):
        shown = overlay.compose(picture(height, width), faces, seconds, 0.8 if faces else None)
        assert shown.shape == (overlay.size[1], overlay.size[0], 3)
    assert min(overlay.size) >= 200
    if width < 480 > height:
        assert max(overlay.size) >= 480


@pytest.mark.parametrize("size", [(270, 480), (480, 640), (720, 1280), (640, 480), (1920, 1080)])
@pytest.mark.parametrize("verdict", ["fake", "no trace found"])
def test_the_note_and_the_mean_are_always_shown(size, verdict):
    width, height = size
    mean, right = "mean of 240 frames: 35% fake", "0:01.0 / 0:30.0"

    def shown(note, text):
        overlay = VideoOverlay(width, height, 0.5, 30.0, note=note)
        headline = (text, verdict)
        return overlay.compose(np.zeros((height, width, 3), "uint8"), [], 1, 0.35, headline, right)

    whole = shown("demonstration model", mean)
    assert not np.array_equal(whole, shown("", mean))
    assert not np.array_equal(whole, shown("demonstration model", ""))


@pytest.mark.parametrize(
    ("seconds", "tenths", "text"),
    [(0, False, "0:00"), (65, False, "1:05"), (59.96, True, "1:00.0"), (3725.5, True, "1:02:05.5")],
)
def test_times(seconds, tenths, text):
    assert format_time(seconds, tenths) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<1%"), (0.0099, "<1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (1.0, ">99%")],
)
def test_nothing_is_certain(value, text):
    assert percent(value) == text


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
            np.stack([picture(), picture()]),
            rng.random((2, 4, 4, 3)),
            ["real", "fake"],
            theme=theme,
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


def test_faces_with_a_single_map_share_rows_and_several_maps_come_with_their_sum():
    faces, rng = np.stack([picture(), picture()]), np.random.default_rng(0)
    one, two = (
        decode(charts.attention_grid(faces, rng.random((2, 4, 4, count)))) for count in (1, 2)
    )
    # Of pictures in a row: two of each of three faces; a face, two maps and their sum.
    assert one.shape[1] / 6 == pytest.approx(two.shape[1] / 4, abs=1)
    assert one.shape[0] < 0.6 * two.shape[0]
    many = np.concatenate([faces] * 2)
    rows = decode(charts.attention_grid(many, rng.random((4, 4, 4, 1)), ["a\nb"] * 4)).shape[0]
    assert 2 * one.shape[0] - 60 < rows < 2 * one.shape[0] + 20


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


@pytest.mark.parametrize("length", [*range(30, 80, 3), 300])
def test_names_of_any_length_fit_beside_a_chart(length):
    for draw in (
        lambda names: charts.method_chart(dict.fromkeys(names, 0.9)),
        lambda names: charts.interval_chart(dict.fromkeys(names, (0.9, 0.8, 0.95))),
    ):
        assert decode(draw(["a" * length, "b"])).shape[1] > 800


def test_names_are_drawn_as_they_are():
    """A dollar begins no formula."""
    name, labels, scores = "$a_$", np.arange(20) % 2, np.linspace(0, 1, 20)
    face = np.zeros((1, 8, 8, 3), np.uint8)
    for png in (
        charts.method_chart({name: 0.9}),
        charts.roc_curves({name: (labels, scores)}),
        charts.score_histogram({name: scores}),
        evaluation_charts.calibration_diagram({name: (labels, scores)}),
        evaluation_charts.det_curves({name: (labels, scores)}),
        charts.attention_grid(face, np.ones((1, 2, 2, 1)), [name]),
        evaluation_charts.face_gallery(face, [name]),
    ):
        assert decode(png).size
