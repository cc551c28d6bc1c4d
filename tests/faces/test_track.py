"""The tracker by hand, against golden vectors, and against exact arithmetic in plain loops.

`python tests/faces/test_track.py` writes the golden vectors anew, from the exact arithmetic and
not from the code under test. The Android core reads the same file.
"""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from keras_madd.faces import FaceTracker, largest_track

GOLDEN = Path(__file__).parents[1] / "golden" / "tracks.json"


def walk(start, step, count, size=(40, 50)):
    return [(start[0] + step[0] * i, start[1] + step[1] * i, *size) for i in range(count)]


def wander(seed, people, frames):
    """People who walk about, come and go, with boxes that tremble, in any order."""
    rng = np.random.default_rng(seed)
    places = rng.integers(-60, 300, (people, 2))
    steps, sides = rng.integers(-9, 10, (people, 2)), rng.integers(30, 90, (people, 2))
    result = []
    for frame in range(frames):
        seen = rng.permutation(people)[rng.random(people) < 0.8]
        shakes = rng.integers(-4, 5, (people, 4))
        boxes = np.concatenate([places + frame * steps, sides], axis=1) + shakes
        result.append([tuple(int(v) for v in boxes[i]) for i in seen])
    return result


# name: (min_iou, max_missed, boxes of each update)
CASES = {
    "one_face_walks": (0.3, 15, [[box] for box in walk((10, 20), (7, 3), 8)]),
    "births_in_box_order": (
        0.3,
        15,
        [
            [],
            [(200, 0, 30, 30)],
            [(0, 0, 30, 30), (201, 0, 30, 30), (90, 90, 30, 30)],
            [(90, 91, 30, 30), (1, 0, 30, 30), (202, 0, 30, 30)],
        ],
    ),
    "crossing": (
        0.3,
        15,
        [
            list(pair)
            for pair in zip(walk((0, 0), (9, 0), 14), walk((120, 6), (-9, 0), 14), strict=True)
        ],
    ),
    "crossing_at_other_distances": (
        0.3,
        15,
        [
            list(pair)
            for pair in zip(
                walk((0, 0), (9, 0), 14),
                walk((120, 6), (-9, 0), 14, (90, 100)),
                strict=True,
            )
        ],
    ),
    "best_pair_first": (
        0.1,
        15,
        [[(0, 0, 40, 40), (30, 0, 40, 40)], [(22, 0, 40, 40)], [(22, 0, 40, 40), (0, 0, 40, 40)]],
    ),
    "tie_lower_track": (0.2, 15, [[(0, 0, 30, 30), (20, 0, 30, 30)], [(10, 0, 30, 30)]]),
    "tie_lower_box": (0.2, 15, [[(10, 0, 30, 30)], [(20, 0, 30, 30), (0, 0, 30, 30)]]),
    "equal_boxes": (0.3, 15, [3 * [(5, 5, 20, 20)], 2 * [(5, 5, 20, 20)], 4 * [(5, 5, 20, 20)]]),
    "threshold_is_met_exactly": (
        0.5,
        15,
        # Overlaps of 20 of 40 columns: 1/2; of 19 of 41: below.
        [[(0, 0, 30, 10)], [(10, 0, 30, 10)], [(21, 0, 30, 10)]],
    ),
    "three_tenths_exactly": (0.3, 15, [[(0, 0, 13, 10)], [(7, 0, 13, 10)], [(15, 0, 13, 10)]]),
    "gap_survived": (0.3, 3, [[(50, 50, 60, 60)], [], [], [], [(52, 50, 60, 60)]]),
    "gap_too_long": (0.3, 3, [[(50, 50, 60, 60)], [], [], [], [], [(52, 50, 60, 60)]]),
    "no_gap_allowed": (0.3, 0, [[(0, 0, 9, 9)], [(0, 0, 9, 9)], [], [(0, 0, 9, 9)]]),
    "numbers_are_not_used_again": (
        0.3,
        1,
        [[(0, 0, 9, 9)], [(50, 0, 9, 9)], [], [(0, 0, 9, 9), (50, 0, 9, 9)]],
    ),
    "negative_coordinates": (
        0.3,
        15,
        [[(-30, -25, 60, 50)], [(-36, -20, 60, 50), (-100, -100, 60, 50)], [(-97, -96, 60, 50)]],
    ),
    "touching_is_apart": (0.01, 15, [[(0, 0, 10, 10)], [(10, 0, 10, 10)], [(9, 0, 10, 10)]]),
    "large_numbers": (0.3, 15, [[(100, 100, 30000, 30000)], [(9000, 100, 30000, 30000)]]),
    "wandering": (0.3, 2, wander(0, 4, 24)),
    "crowd": (0.3, 4, wander(1, 9, 16)),
}


def exact_tracks(min_iou, max_missed, updates):
    """The rule as it is told: best pair first, in rational numbers, one pair at a time."""
    alive, born, result = {}, 0, []
    for boxes in updates:
        free_tracks, free_boxes = set(alive), set(range(len(boxes)))
        numbers = [None] * len(boxes)
        while True:
            best = None
            for track in sorted(free_tracks):
                for index in sorted(free_boxes):
                    overlap = exact_overlap(alive[track][0], boxes[index])
                    if overlap >= Fraction(str(min_iou)) and (best is None or overlap > best[0]):
                        best = overlap, track, index
            if best is None:
                break
            free_tracks.remove(best[1])
            free_boxes.remove(best[2])
            numbers[best[2]] = best[1]
        for index in sorted(free_boxes):
            numbers[index], born = born, born + 1
        alive = {
            **{t: (box, unseen + 1) for t, (box, unseen) in alive.items() if unseen < max_missed},
            **{track: (boxes[index], 0) for index, track in enumerate(numbers)},
        }
        result.append(numbers)
    return result


def exact_overlap(first, second):
    spans = []
    for axis in (0, 1):
        low = max(first[axis], second[axis])
        high = min(first[axis] + first[axis + 2], second[axis] + second[axis + 2])
        spans.append(max(0, high - low))
    common = spans[0] * spans[1]
    return Fraction(common, first[2] * first[3] + second[2] * second[3] - common)


def exact_largest(tracks, updates):
    pairs = [
        pair
        for numbers, boxes in zip(tracks, updates, strict=True)
        for pair in zip(numbers, boxes, strict=True)
    ]
    sums = {t: sum(b[2] * b[3] for number, b in pairs if number == t) for t, _ in pairs}
    return min((t for t in sums if sums[t] == max(sums.values())), default=None)


def run(min_iou, max_missed, updates):
    tracker = FaceTracker(min_iou, max_missed)
    return [tracker.update(boxes) for boxes in updates]


def golden():
    stored = []
    for name, (min_iou, max_missed, updates) in CASES.items():
        tracks = exact_tracks(min_iou, max_missed, updates)
        frames = [
            {"boxes": [list(box) for box in boxes], "tracks": numbers}
            for boxes, numbers in zip(updates, tracks, strict=True)
        ]
        stored.append(
            {
                "name": name,
                "min_iou": min_iou,
                "max_missed": max_missed,
                "updates": frames,
                "largest": exact_largest(tracks, updates),
            }
        )
    return stored


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text()), ids=lambda case: case["name"])
def test_golden_vectors(case):
    boxes = [update["boxes"] for update in case["updates"]]
    tracks = run(case["min_iou"], case["max_missed"], boxes)
    assert tracks == [update["tracks"] for update in case["updates"]]
    assert largest_track(tracks, boxes) == case["largest"]


def test_golden_vectors_are_the_cases_above():
    assert json.loads(GOLDEN.read_text()) == golden()


@pytest.mark.parametrize("seed", range(2, 12))
def test_equal_to_exact_arithmetic(seed):
    rng = np.random.default_rng(seed)
    min_iou = float(rng.choice([0.1, 0.3, 0.5, 0.7]))
    max_missed = int(rng.integers(4))
    updates = wander(seed, int(rng.integers(1, 8)), 20)
    assert run(min_iou, max_missed, updates) == exact_tracks(min_iou, max_missed, updates)


class TestByHand:
    def test_crossing(self):
        # Places alone cannot tell two equal faces that walk through each other from two that
        # turn back: at the eighth update 63 is nearer to 66 than to 54.
        assert run(*CASES["crossing"]) == 7 * [[0, 1]] + 7 * [[1, 0]]
        assert run(*CASES["crossing_at_other_distances"]) == 14 * [[0, 1]]

    def test_better_pair_wins_and_the_other_track_waits(self):
        # The box at 22 overlaps track 0 by 18 and track 1 by 32 columns.
        assert run(*CASES["best_pair_first"]) == [[0, 1], [1], [1, 0]]

    def test_ties(self):
        assert run(*CASES["tie_lower_track"]) == [[0, 1], [0]]
        assert run(*CASES["tie_lower_box"]) == [[0], [0, 1]]
        assert run(*CASES["equal_boxes"]) == [[0, 1, 2], [0, 1], [0, 1, 2, 3]]

    def test_threshold(self):
        assert run(*CASES["threshold_is_met_exactly"]) == [[0], [0], [1]]
        # 60 of 200 pixels, then 50 of 210.
        assert run(*CASES["three_tenths_exactly"]) == [[0], [0], [1]]

    def test_gaps(self):
        assert run(*CASES["gap_survived"])[-1] == [0]
        assert run(*CASES["gap_too_long"])[-1] == [1]
        assert run(*CASES["no_gap_allowed"]) == [[0], [0], [], [1]]

    def test_touching_boxes_do_not_overlap(self):
        assert run(*CASES["touching_is_apart"]) == [[0], [1], [1]]

    def test_largest_is_by_sum_over_time(self):
        boxes = [[(0, 0, 10, 10), (50, 0, 6, 10)], [(50, 0, 6, 10)]]
        assert largest_track([[0, 1], [1]], boxes) == 1
        assert largest_track([[0, 1]], [[(0, 0, 4, 9), (50, 0, 6, 6)]]) == 0
        assert largest_track([[], []], [[], []]) is None

    def test_numpy_boxes(self):
        assert run(0.3, 2, [np.array([[0, 0, 9, 9]]), np.array([[1, 0, 9, 9]])]) == [[0], [0]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_iou": 0}, "Received: min_iou=0"),
        ({"min_iou": 1.1}, "Received: min_iou=1.1"),
        ({"max_missed": -1}, "Received: max_missed=-1"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        FaceTracker(**arguments)


@pytest.mark.parametrize("box", [(0, 0, 0, 5), (0, 0, 5, -1), (0, 0, 5), (0.5, 0, 5, 5), "box", 3])
def test_box_errors(box):
    with pytest.raises(ValueError, match="`boxes` must hold"):
        FaceTracker().update([box])


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case) for case in golden())
    GOLDEN.write_text(f"[\n{lines}\n]\n")
