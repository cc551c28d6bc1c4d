"""Benchmarks are found and run by one command, and say what they were measured on."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exported_model import exported, tiny_model

import keras_madd
from keras_madd.exporting.samples import LEAST

FOLDER = Path(__file__).parents[1] / "benchmarks"
# No benchmarks themselves.
PARTS = {
    *("record", "history", "inference_data", "processes", "run_all"),
    *("beam_job_server", "flink_job_server", "flink_cluster"),
}
BY_HAND = {"beam_engine", "embedded_shards", "scaling"}


def module(name):
    spec = importlib.util.spec_from_file_location(f"benchmarks_{name}", FOLDER / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def history():
    return module("history")


def test_each_is_run_or_said_to_be_run_by_hand():
    run_all = module("run_all")
    scripts = {path.stem for path in FOLDER.glob("*.py")}
    assert scripts == set(run_all.BENCHMARKS) | BY_HAND | PARTS
    assert all(f"{name}.py" in run_all.__doc__ for name in BY_HAND)


def test_each_takes_the_arguments_that_it_is_given():
    for name, benchmark in module("run_all").BENCHMARKS.items():
        source = (FOLDER / f"{name}.py").read_text()
        taken = set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', source))
        flag = benchmark.needs[1] if benchmark.needs else ""
        given = re.findall(r"--[\w-]+", f"{benchmark.full} {benchmark.quick} {flag} --output")
        assert set(given) <= taken, name


def test_a_result_says_what_it_was_measured_on(tmp_path):
    path = tmp_path / "listing.json"
    command = [sys.executable, str(FOLDER / "listing.py"), "--files", "20", "--output", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    result = json.loads(path.read_text())
    assert result["layouts"]["one folder"]["files_per_second"] > 0
    assert result["machine"]["processors"] >= 1
    assert result["versions"]["keras_madd"] == keras_madd.__version__
    assert re.fullmatch(r"([0-9a-f]{7,40}(-dirty)?)?", result["commit"])


def test_the_last_runs_of_the_history_are_the_results(history):
    last = {run["benchmark"]: run["figures"] for run in history.lines()}
    for name in history.FIGURES:
        path = history.RESULTS / f"{name}.json"
        result = json.loads(path.read_text()) if path.exists() else None
        assert last.get(name) == (result and history.figures_of(name, result)), name


def test_the_chart_of_the_history_is_drawn_from_it(history):
    """`python benchmarks/history.py` draws it."""
    assert history.digest(history.lines()).encode() in history.CHART.read_bytes()


def test_a_run_that_is_kept_adds_a_line(history, tmp_path, monkeypatch):
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    monkeypatch.setattr(history, "HISTORY", tmp_path / "history.jsonl")
    steps = {"MADD full pass": {"median_ratio": 2.0}}
    record = {"versions": {"keras_madd": "0.1.0"}, "commit": "0123abc", "steps": steps}
    history.remember(tmp_path / "train_step.json", record)
    history.remember(tmp_path / "listing.json", record)  # Is not drawn.
    history.remember(tmp_path / "tried" / "train_step.json", record)  # Is not kept.
    (run,) = history.lines()
    assert (run["benchmark"], run["figures"]) == ("train_step", {"full pass": 2.0})
    history.draw(history.lines(), tmp_path / "history.png")
    assert history.digest(history.lines()).encode() in (tmp_path / "history.png").read_bytes()


def test_a_run_is_remembered_once_with_what_it_measured(history, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(history, "RESULTS", tmp_path)
    monkeypatch.setattr(history, "HISTORY", tmp_path / "history.jsonl")
    record, inference, memory = map(module, ("record", "inference", "training_memory"))
    monkeypatch.setattr(record, "remember", history.remember)
    for each in (inference, memory):
        monkeypatch.setattr(each, "write_record", record.write_record)
    int8 = {"threads_1": {"ratio": 0.5}, "size_ratio": 0.25}
    monkeypatch.setattr(inference, "measure", lambda *_: {"formats": {"int8": int8}})
    monkeypatch.setattr(inference, "print_table", lambda *_: None)
    row = {"peak_gb": 1.0, "step_gb": 1, "first_step_seconds": 1, "second_step_seconds": 1}
    monkeypatch.setattr(memory, "run", lambda *_: row)

    def run(benchmark, name, *arguments):
        output = ["--output", str(tmp_path / f"{name}.json")]
        monkeypatch.setattr("sys.argv", [name, *arguments, *output])
        benchmark.main()

    run(inference, "inference", "--models", "madd_mobilenet_v2", "official_b4")
    run(inference, "inference", "--models", "official_b4")  # What is drawn is an earlier run's.
    run(memory, "training_memory")
    run(memory, "training_memory", "--orders", "both at once")  # Nothing of it is drawn.
    assert [(run["benchmark"], run["figures"]) for run in history.lines()] == [
        ("inference", {"time": 0.5, "size": 0.25}),
        ("training_memory", {"one pass at a time": 1.0, "rematerialised": 1.0}),
    ]
    kept = json.loads((tmp_path / "inference.json").read_text())["models"]
    assert set(kept) == {"madd_mobilenet_v2", "official_b4"}


def test_steps_that_are_no_whole_windows_are_refused():
    command = [sys.executable, str(FOLDER / "precision.py"), "--steps", "15"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 2
    assert "--steps must be a multiple of 10. Received: 15" in found.stderr


def test_what_is_not_given_leaves_a_benchmark_out():
    command = [sys.executable, str(FOLDER / "run_all.py"), "listing", "live", "--quick"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert "== listing" in found.stdout
    assert "== live: left out, it needs --model" in found.stdout


def test_a_name_that_is_none_is_told():
    command = [sys.executable, str(FOLDER / "run_all.py"), "speed"]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 2
    assert "no benchmark speed; there are attention_overlap, auc_interval" in found.stderr


def test_what_is_run_quickly_is_a_choice_of_each():
    """Only where a parser has choices: names alone say nothing of values."""
    for name, benchmark in module("run_all").BENCHMARKS.items():
        if "choices=" in (FOLDER / f"{name}.py").read_text():
            command = [sys.executable, str(FOLDER / f"{name}.py"), *benchmark.quick.split()]
            found = subprocess.run([*command, "--help"], capture_output=True, text=True)
            assert found.returncode == 0, found.stderr


def test_what_is_run_quickly_has_pictures_enough():
    for name, benchmark in module("run_all").BENCHMARKS.items():
        given = re.findall(r"--(?:calibrate|verify) (\d+)", benchmark.quick)
        assert all(int(number) >= LEAST for number in given), name


def test_embedded_faces_are_as_large_as_the_preset_takes(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(FOLDER)
    data = module("inference_data")

    class DrawnError(Exception):
        pass

    def draw(shards, size, identities, seed):
        raise DrawnError(size)

    monkeypatch.setattr(data, "write_embedded_shards", draw)
    with pytest.raises(DrawnError, match=r"^224$"):
        data.train("madd_mobilenet_v2", 4, 1, tmp_path / "model.keras")


def test_an_exported_file_is_scored(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    path = exported(tmp_path)
    model = tiny_model()
    crops = np.random.default_rng(0).uniform(0, 255, (3, *model.config.pixels_shape))
    found = module("inference").scores(path, crops.astype("float32"))
    np.testing.assert_allclose(found, model.fake_probability(crops), atol=1e-4)


@pytest.mark.parametrize("name", ["history", "embedded_shards"])
def test_asking_for_help_does_nothing(name, tmp_path):
    command = [sys.executable, str(FOLDER / f"{name}.py"), "--help"]
    chart = FOLDER.parent / "docs" / "history.png"
    before = chart.stat().st_mtime_ns
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 0
    assert found.stdout.startswith("usage:")
    assert chart.stat().st_mtime_ns == before


def test_shards_are_refused_before_they_are_drawn(tmp_path):
    command = [sys.executable, str(FOLDER / "embedded_shards.py"), str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True)
    assert (found.returncode, f"{tmp_path} exists" in found.stderr) == (2, True)
