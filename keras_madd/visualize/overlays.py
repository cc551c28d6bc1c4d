"""Attention and scores drawn onto pictures.

Verdicts are told by word, by shape (a fake face has a whole frame, any other has corners only)
and by two colours that every kind of colour vision keeps apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import cv2
import numpy as np

from keras_madd.faces.crop import check_image
from keras_madd.visualize.attention import attended_crop
from keras_madd.visualize.lettering import BOLD, draw_text, fitting_size, percent, text_width

REAL_COLOR = (0, 105, 175)
FAKE_COLOR = (200, 80, 0)
UNSURE_COLOR = (92, 96, 104)
_COLORS = {
    "fake": FAKE_COLOR,
    **dict.fromkeys(("real", "no trace found"), REAL_COLOR),
    **dict.fromkeys(("uncertain", "unsure"), UNSURE_COLOR),
}
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
# Of the longer side, so that labels can be read.
LEAST_SIDE = 480
# A smaller inset shows nothing.
_LEAST_INSET = 40

Rectangle = tuple[int, int, int, int]


class ScoredFaceLike(Protocol):
    """What `draw_scored_faces` needs of a face; `keras_madd.inference.ScoredFace` is one.

    `verdict`, `smoothed`, `track` and `crop_box` are used where a face has them.
    """

    @property
    def box(self) -> Rectangle:
        """`(x, y, width, height)` in pixels."""

    @property
    def probability(self) -> float:
        """Of being fake."""

    @property
    def attention_maps(self) -> np.ndarray | None:
        """(h, w, M), or None."""


def draw_scored_faces(
    image: np.ndarray, faces: Iterable[ScoredFaceLike], insets: bool = True
) -> np.ndarray:
    """Draws each face's box, verdict and score, and its attention as a small inset beside it.

    Args:
        image: (H, W, 3) uint8 RGB.
        faces: Objects with `box` (x, y, width, height) in pixels, `probability` of being fake and
            `attention_maps` (h, w, M) over the square crop `crop_box`, where present, or the box.
            Maps may be None.
        insets: Whether to draw the insets. One is left out where there is no room for it beside
            the faces, which stay free.

    Returns:
        (H, W, 3) uint8 RGB, a new array.
    """
    check_image(image)
    canvas = image.copy()
    draw_onto(canvas, image, list(faces), insets)
    return canvas


def draw_onto(
    canvas: np.ndarray, image: np.ndarray, faces: Sequence[ScoredFaceLike], insets: bool
) -> None:
    """Draws as `draw_scored_faces` does, onto a canvas that holds the image already."""
    for face in faces:
        _draw_box(canvas, face)
    taken = [_box(face) for face in faces]
    labels = [_place_label(canvas, face, taken, len(faces) > 1) for face in faces]
    if insets:
        for face in faces:
            if face.attention_maps is not None:
                _draw_inset(canvas, image, face, taken)
    for face, label in zip(faces, labels, strict=True):
        _draw_label(canvas, face, *label)


def draw_note(canvas: np.ndarray, note: str) -> None:
    """Writes a line that must be seen, as that a model only demonstrates, at the lower edge."""
    if not note:
        return
    height, width = canvas.shape[:2]
    size = max(14, round(0.024 * max(height, width)))
    size = fitting_size(note, width - size, size)
    top = height - round(1.5 * size)
    end = text_width(note, size) + size
    cv2.rectangle(canvas, (0, max(0, top)), (end, height - 1), _BLACK, cv2.FILLED)
    draw_text(canvas, note, (size // 2, height - round(0.45 * size)), _WHITE, size)


def enlarge_small(image: np.ndarray, faces: Iterable[Any]) -> tuple[np.ndarray, list]:
    """Enlarges a small picture by a whole factor, so that labels can be read on it.

    Args:
        image: (H, W, 3) uint8 RGB.
        faces: Dataclasses with `box`, and perhaps `crop_box`, which are enlarged with it.

    Returns:
        The picture and its faces.
    """
    check_image(image)
    factor = -(-LEAST_SIDE // max(image.shape[:2]))
    if factor == 1:
        return image, list(faces)
    enlarged = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    boxes = ("box", "crop_box")
    return enlarged, [
        replace(
            face,
            **{
                name: tuple(factor * value for value in box)
                for name in boxes
                if (box := getattr(face, name, None))
            },
        )
        for face in faces
    ]


def verdict_of(face: ScoredFaceLike) -> str:
    """Returns a face's own verdict, or that of the threshold 0.5."""
    return getattr(face, "verdict", None) or ("fake" if face.probability >= 0.5 else "real")


def color_of(verdict: str) -> tuple[int, int, int]:
    """Returns the colour of a verdict in the words of `keras_madd.inference`; of others, grey."""
    return _COLORS.get(verdict, UNSURE_COLOR)


def _line(canvas: np.ndarray) -> int:
    """Returns the thickness of lines, so that it suits any size of picture."""
    return max(2, round(0.0032 * max(canvas.shape[:2])))


def _box(face: ScoredFaceLike) -> Rectangle:
    x, y, width, height = (int(value) for value in face.box)
    return x, y, width, height


def _draw_box(canvas: np.ndarray, face: ScoredFaceLike) -> None:
    """Draws the frame of a fake, the corners of any other; a dark rim parts it from the picture."""
    x, y, width, height = _box(face)
    line, verdict = _line(canvas), verdict_of(face)
    right, bottom = x + width, y + height
    corners = [(x, y), (right, y), (right, bottom), (x, bottom)]
    if verdict == "fake":
        strokes = [np.array([*corners, corners[0]])]
    else:
        arm = max(line, round(0.22 * min(width, height)))
        strokes = [
            np.array([(a + arm * da, b), (a, b), (a, b + arm * db)])
            for (a, b), da, db in zip(corners, (1, -1, -1, 1), (1, 1, -1, -1), strict=True)
        ]
    for color, thickness in ((_BLACK, line + 2), (color_of(verdict), line)):
        cv2.polylines(canvas, strokes, False, color, thickness, cv2.LINE_AA)


def _place_label(
    canvas: np.ndarray, face: ScoredFaceLike, taken: list[Rectangle], numbered: bool
) -> tuple[Rectangle, list[tuple[str, int]], int]:
    """Finds the label's rectangle, texts with weights, and size of letters; takes the place."""
    height, width = canvas.shape[:2]
    verdict = verdict_of(face)
    shown = getattr(face, "smoothed", None)
    score = percent(face.probability if shown is None else shown)
    texts = [(verdict.upper(), BOLD), (score if verdict == "fake" else f"fake {score}", 500)]
    track = getattr(face, "track", None)
    if numbered and track is not None:
        texts.append((f"#{track}", 400))
    size = max(14, round(min(0.024 * max(height, width), 0.036 * min(height, width))))
    while size > 7 and _label_width(texts, size) > width:
        size -= 1
    wide, high = _label_width(texts, size), round(1.5 * size)
    x, y, box_width, box_height = _box(face)
    gap = _line(canvas) + 2
    left = int(np.clip(x - gap // 2, 0, max(0, width - wide)))
    places = [
        (left, y - high - gap, wide, high),
        (left, y + box_height + gap, wide, high),
        (left, y + gap, wide, high),
        (left, y + box_height - high - gap, wide, high),
    ]
    inside = [place for place in places if place[1] >= 0 and place[1] + high <= height]
    others = [other for other in taken if other != (x, y, box_width, box_height)]
    free = [place for place in inside if not any(_overlap(place, other) for other in others)]
    clipped = (left, int(np.clip(y, 0, max(0, height - high))), wide, high)
    place = (free or inside or [clipped])[0]
    taken.append(place)
    return place, texts, size


def _label_width(texts: list[tuple[str, int]], size: int) -> int:
    words = sum(text_width(text, size, weight) for text, weight in texts)
    return words + round((0.45 * (len(texts) - 1) + 0.8) * size)


def _draw_label(
    canvas: np.ndarray,
    face: ScoredFaceLike,
    place: Rectangle,
    texts: list[tuple[str, int]],
    size: int,
) -> None:
    left, top, width, height = place
    corner = (left + width - 1, top + height - 1)
    cv2.rectangle(canvas, (left, top), corner, color_of(verdict_of(face)), cv2.FILLED)
    cv2.rectangle(canvas, (left, top), corner, _BLACK, 1)
    x, baseline = left + round(0.4 * size), top + round(1.09 * size)
    for text, weight in texts:
        x = draw_text(canvas, text, (x, baseline), _WHITE, size, weight) + round(0.45 * size)


def _draw_inset(
    canvas: np.ndarray, image: np.ndarray, face: ScoredFaceLike, taken: list[Rectangle]
) -> None:
    """Puts the crop with the summed attention beside the box where nothing else is."""
    x, y, width, height = _box(face)
    gap = 3 * _line(canvas)
    side = int(np.clip(height, _LEAST_INSET, 0.42 * min(canvas.shape[:2])))
    while side >= _LEAST_INSET:
        spots = [
            *((x + width + gap, top) for top in (y, y + height - side)),
            *((x - gap - side, top) for top in (y, y + height - side)),
            *((left, y + height + gap) for left in (x, x + width - side)),
            *((left, y - gap - side) for left in (x, x + width - side)),
        ]
        if canvas.shape[1] - (x + width) < x:  # More room on the left.
            spots = spots[2:4] + spots[:2] + spots[4:]
        for left, top in spots:
            place = (left, top, side, side)
            if _within(place, canvas) and not any(_overlap(place, other) for other in taken):
                picture = attended_crop(image, face, side)
                canvas[top : top + side, left : left + side] = picture
                corner = (left + side - 1, top + side - 1)
                cv2.rectangle(canvas, (left, top), corner, _BLACK, _line(canvas) + 1)
                cv2.rectangle(canvas, (left, top), corner, color_of(verdict_of(face)), 2)
                taken.append(place)
                return
        side = round(0.8 * side)


def _within(place: Rectangle, canvas: np.ndarray) -> bool:
    x, y, width, height = place
    return x >= 0 and y >= 0 and x + width <= canvas.shape[1] and y + height <= canvas.shape[0]


def _overlap(first: Rectangle, second: Rectangle) -> bool:
    return (
        first[0] < second[0] + second[2]
        and second[0] < first[0] + first[2]
        and first[1] < second[1] + second[3]
        and second[1] < first[1] + first[3]
    )
