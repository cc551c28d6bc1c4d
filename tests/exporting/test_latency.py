import pytest
from exported_model import exported

from keras_madd.exporting import latency
from keras_madd.exporting.latency import interleaved, litert_latency, ratios


def test_functions_take_turns():
    calls = []
    functions = {name: lambda name=name: calls.append(name) for name in "ab"}
    found = interleaved(functions, rounds=3, warm_up=1)
    assert "".join(calls) == "ab" + "ababab"
    assert {name: len(times) for name, times in found.items()} == {"a": 3, "b": 3}


def test_ratios_to_the_reference_by_the_fastest_rounds():
    slow, fast = [0.5] * 18 + [0.2, 0.2], [9.0] * 18 + [0.1, 0.1]
    found = ratios({"slow": slow, "fast": fast}, "slow")
    assert found == {
        "slow": {"milliseconds": pytest.approx(200), "ratio": 1.0},
        "fast": {"milliseconds": pytest.approx(100), "ratio": 0.5},
    }


def test_files_by_path_and_by_content(tmp_path):
    path = exported(tmp_path)
    found = litert_latency({"a": path, "b": path.read_bytes()}, "a", threads=(1,), rounds=3)
    assert set(found) == {"1"}
    assert found["1"]["a"]["ratio"] == 1.0
    assert found["1"]["b"]["milliseconds"] > 0


def test_a_batch_takes_as_long_as_its_faces(monkeypatch):
    monkeypatch.setattr(latency, "litert_call", lambda file, threads: int)
    monkeypatch.setattr(latency, "interleaved", lambda calls, rounds: {key: [0.8] for key in calls})
    found = litert_latency({"a": b"", "b": b""}, "a", threads=(1,), faces=8)
    assert found["1"]["b"] == {"milliseconds": pytest.approx(100), "ratio": 1.0}
