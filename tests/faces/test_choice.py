"""The choice of a face model, by hand, against golden vectors and a statement without a state.

`python tests/faces/test_choice.py` writes the golden vectors anew, from the statement and not
from the code under test. The Android core reads the same file.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from edge_videos import near_and_far

from keras_madd.faces import FaceDetector, FaceModelChoice

GOLDEN = Path(__file__).parents[1] / "golden" / "face_models.json"

# What each model would find in each picture: "b" both, "s" short alone, "f" full alone, "." none.
CASES = {
    "large_faces": (15, "bbbbsbbb"),
    "small_faces": (15, "ffffff"),
    "near_the_limit": (15, "bsfbsfbs"),
    "nothing_ever": (15, "...."),
    "full_alone_once": (15, "bfssbb"),
    "short_misses_and_so_does_full": (15, "b..b.b"),
    "face_lost_and_found": (2, "f..b..s"),
    "ends_when_full_sees_nothing_for_too_long": (2, "fsssbfb"),
    "gap_of_exactly_what_is_allowed": (3, "f...b"),
    "gap_one_longer": (3, "f....b"),
    "no_gap_allowed": (0, "f.bsf"),
    "seen_by_full_between_gaps": (2, "f.sb.sf..."),
    "for_a_whole_video": (None, "bb...f" + 40 * "." + "bs"),
    "wandering": (
        2,
        "".join(np.random.default_rng(0).choice(list("bsf."), 80, p=[0.3, 0.2, 0.1, 0.4])),
    ),
    "at_the_default": (
        15,
        "".join(np.random.default_rng(1).choice(list("bsf."), 200, p=[0.1, 0.3, 0.02, 0.58])),
    ),
}


def stated(max_missed, seen):
    """Whose faces count in each picture, each picture for itself.

    The full-range model looks alone after a picture in which it alone saw a face, unless it has
    since seen nothing in more than `max_missed` pictures in a row.
    """
    by_short = [each in "bs" for each in seen]
    by_full = [each in "bf" for each in seen]

    def alone(picture):
        for start in range(picture):
            if seen[start] != "f":
                continue
            blind, longest = 0, 0
            for one in by_full[start + 1 : picture]:
                blind = 0 if one else blind + 1
                longest = max(longest, blind)
            if max_missed is None or longest <= max_missed:
                return True
        return False

    def whose(picture):
        if by_short[picture] and not alone(picture):
            return "short"
        return "full" if by_full[picture] else None

    return [whose(picture) for picture in range(len(seen))]


def golden():
    return [
        {"name": name, "max_missed": most, "seen": seen, "found_by": stated(most, seen)}
        for name, (most, seen) in CASES.items()
    ]


def played(choice, seen):
    """What the class makes of it."""
    found = []
    for each in seen:
        finds = {"short": each in "bs", "full": each in "bf"}
        found.append(next((model for model in choice.models if finds[model]), None))
        choice.update(found[-1])
    return found


def test_golden_vectors_are_those_of_the_statement():
    assert json.loads(GOLDEN.read_text()) == golden()


@pytest.mark.parametrize("case", golden(), ids=lambda case: case["name"])
def test_equals_the_statement(case):
    assert played(FaceModelChoice(case["max_missed"]), case["seen"]) == case["found_by"]


def test_by_hand():
    s, f, n = "short", "full", None
    assert played(FaceModelChoice(), "bsfbsfbs") == [s, s, f, f, n, f, f, n]
    assert played(FaceModelChoice(1), "f.sbb") == [f, n, n, s, s]


@pytest.mark.parametrize(
    ("seen", "settled"),
    [("bsb.", "short"), ("bbf", "full"), ("bfb", "full"), ("...", "full"), ("", "full")],
)
def test_settled_for_a_video(seen, settled):
    choice = FaceModelChoice(max_missed=None)
    played(choice, seen)
    assert choice.settle() == settled
    # And so it stays.
    assert set(played(choice, "bf.s" + 40 * "." + "fsb")) <= {settled, None}


def test_a_number_below_zero():
    with pytest.raises(ValueError, match="`max_missed` must not be negative"):
        FaceModelChoice(max_missed=-1)


def test_the_detector_asks_the_models_of_the_choice_and_tells_it():
    portrait, small = near_and_far().values()
    choice = FaceModelChoice()
    with FaceDetector() as auto, FaceDetector("short") as short, FaceDetector("full") as full:
        by_short, by_full = (each.detect(portrait)[0].box for each in (short, full))
        assert by_short != by_full
        assert auto.detect(portrait, choice)[0].box == by_short
        assert short.detect(small, choice) == []  # No choice of its own, and nothing told.
        assert choice.models == ("short", "full")
        assert len(auto.detect(small, choice)) == 1
        assert auto.detect(portrait, choice)[0].box == by_full
        assert auto.detect(portrait)[0].box == by_short


if __name__ == "__main__":
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(case) for case in golden()) + "\n]\n")
