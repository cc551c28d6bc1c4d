import pytest

from keras_madd.datasets.prepare.tally import FailureLimit, Tally
from keras_madd.support.errors import UserError


@pytest.mark.parametrize(
    ("text", "total", "allowed"),
    [("0", 50, 0), ("12", 50, 12), ("10%", 50, 5), ("2.5%", 1000, 25), ("1%", 50, 0)],
)
def test_limit(text, total, allowed):
    assert FailureLimit.parse(text).of(total) == allowed


def message(number, status="ok", crops=2):
    line = {"status": status, "crops": crops, "video": f"v{number}"}
    if status == "failed":
        line |= {"reason": "faceless", "detail": "no face in 3 frames"}
    return {"number": number, "line": line, "seconds": {"decode": 0.5, "crop": 0.25}}


def test_counts():
    calls = []
    tally = Tally(5, 3, lambda *call: calls.append(call))
    tally.add_finished([[0, message(0)["line"]]])
    for each in ({"start": 1}, message(1), {"done": True, "peak_bytes": 7}, message(2)):
        tally.add(each)
    assert [call[:2] for call in calls] == [(2, 5), (3, 5)]
    assert (tally.videos, tally.crops, tally.peak_bytes) == (2, 4, 7)
    assert tally.seconds["decode"] == 1.0


def test_failures():
    tally = Tally(100, 1, lambda *call: None)
    tally.add(message(0, "failed", 0))
    tally.add(message(0, "failed", 0))  # The same one, after its worker was replaced.
    tally.add(message(1))
    with pytest.raises(UserError) as stop:
        tally.add(message(2, "failed", 0))
    text = str(stop.value)
    assert text.startswith("2 of 100 videos failed (2 faceless), more than the 1 that")
    assert text.splitlines()[1:] == [
        f"  v{number}: faceless: no face in 3 frames" for number in (0, 2)
    ]


def test_failures_of_an_earlier_run_count():
    with pytest.raises(UserError, match="1 of 100 videos failed"):
        Tally(100, 0, print).add_finished([[0, message(0, "failed")["line"]]])
