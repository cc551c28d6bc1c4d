import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from backends import tensorflow_only
from exported_model import exported, tiny_model
from synthetic_shards import write_shards

from keras_madd.cli import evaluate
from keras_madd.cli.main import main
from keras_madd.data.shards import load_dataset_json, save_dataset_json
from keras_madd.evaluation import frame_metrics
from keras_madd.evaluation.score_shards import score_split
from keras_madd.evaluation.scores import CLEAN, read_scores, write_scores
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError
from keras_madd.support.output_folder import output_folder

pytestmark = tensorflow_only


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 2, "val": 3, "test": 4}, frames=3)


@pytest.fixture(scope="module")
def evaluated(shards, tmp_path_factory):
    """The exported tiny model, calibrated and evaluated with everything on."""
    folder = tmp_path_factory.mktemp("evaluated")
    model, output = exported(folder), folder / "out"
    options = ["--calibrate", "--corruptions", "blur,jpeg", "--gallery", "2", "--bootstrap", "100"]
    arguments = ["evaluate", "--model", model, "--data", shards, "--output", output, *options]
    assert main([*map(str, arguments)]) == 0
    return folder


def metrics_of(folder):
    return json.loads((folder / "metrics.json").read_text())


def test_everything_is_written(evaluated):
    output = evaluated / "out"
    names = sorted(each.name for each in output.iterdir())
    assert names == ["metrics.json", "report.html", "scores.parquet"]
    metrics = metrics_of(output)
    assert metrics["results"]["synthetic"]["videos"]["count"] == 8
    assert set(metrics["corruptions"]["synthetic"]) == {
        "clean",
        *(f"{name} {severity}" for name in ("blur", "jpeg") for severity in range(1, 6)),
    }
    assert metrics["why"]["synthetic"]["attention_overlap"] is not None
    page = (output / "report.html").read_text()
    for part in ("Corrupted pictures", "Most uncertain", "move the score?", "Temperature"):
        assert part in page
    assert "://" not in page, "an embedded picture has no colon; an address has"


def test_the_figures_on_standard_output(evaluated, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    scores = evaluated / "out/scores.parquet"
    assert main(["evaluate", "--scores", str(scores), "--bootstrap", "100", "--output", "-"]) == 0
    captured = capfd.readouterr()
    assert json.loads(captured.out)["results"] == metrics_of(evaluated / "out")["results"]
    assert "videos: AUC" in captured.err
    assert not list(tmp_path.iterdir())


def test_the_scores_that_are_read_stay(evaluated, capsys):
    scores = evaluated / "out/scores.parquet"
    before = scores.read_bytes()
    arguments = ["evaluate", "--scores", str(scores), "--bootstrap", "100"]
    assert main([*arguments, "--output", str(evaluated / "out"), "--overwrite"]) == 2
    assert "scores.parquet is read by this command" in capsys.readouterr().err
    assert scores.read_bytes() == before


def test_two_runs_never_share_a_folder(evaluated, tmp_path, capsys):
    arguments = [
        "evaluate",
        "--scores",
        str(evaluated / "out/scores.parquet"),
        "--bootstrap",
        "100",
    ]
    with output_folder(tmp_path / "out"):
        assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    assert "Another run is writing to" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())


def test_the_report_and_the_file_hold_the_same_numbers(evaluated):
    metrics = metrics_of(evaluated / "out")
    page = (evaluated / "out/report.html").read_text()
    result = metrics["results"]["synthetic"]
    for unit in ("frames", "videos"):
        for key in ("auc", "ap", "brier"):
            assert f"{result[unit][key]:.3f}" in page
    for value in metrics["why"]["synthetic"]["hiding_areas_over_random"].values():
        assert f"{value:.2f}" in page


def test_the_scores_are_the_models(evaluated, shards):
    from keras_madd.data.model_window import model_pixels
    from keras_madd.evaluation.crops import open_splits, source_groups
    from keras_madd.inference.calibration import calibrate

    split = open_splits([shards], "test")[0]
    crops = np.stack(
        [
            model_pixels(record, split.margin, 64)
            for group in source_groups(split)
            for record in group
        ]
    )
    scores = read_scores(evaluated / "out/scores.parquet").where(split="test", condition=CLEAN)
    temperature = metrics_of(evaluated / "out")["temperature"]
    expected = calibrate(tiny_model().fake_probability(crops), temperature)
    np.testing.assert_allclose(scores.probability, expected, atol=1e-4)


def test_calibration_is_stored_with_the_model(evaluated):
    metrics, description = (
        metrics_of(evaluated / "out"),
        read_model_json(evaluated / "model.tflite"),
    )
    assert description.temperature == metrics["calibration"]["temperature"] != 1
    assert description.threshold == metrics["threshold"]["value"]
    assert metrics["calibration"]["frames"] == 18


def test_a_threshold_of_ones_own_is_stored_too(shards, tmp_path, capsys):
    model = exported(tmp_path)
    options = ["--calibrate", "--threshold", "0.9", "--gallery", "0", "--bootstrap", "100"]
    arguments = ["evaluate", "--model", model, "--data", shards, "--output", tmp_path / "out"]
    assert main([*map(str, arguments), *options]) == 0
    metrics = metrics_of(tmp_path / "out")
    assert metrics["threshold"] == {"value": 0.9, "from": "as given"}
    assert read_model_json(model).threshold == 0.9
    # It was not fitted, and nowhere is that said of it.
    fitted = metrics["calibration"]["threshold"]
    assert f"{fitted:.3f}" != "0.900"
    page = (tmp_path / "out/report.html").read_text()
    assert "Threshold: 0.900, as given." in page
    assert f"threshold {fitted:.3f} were fitted" in page
    assert "the threshold that was given replaces the fitted one" in page


def test_a_threshold_of_ones_own_is_not_doubted(shards, tmp_path, capsys):
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", shards, "--gallery", 0]
    arguments += ["--calibrate", "--threshold", 1, "--output", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 0
    assert metrics_of(tmp_path / "out")["calibration"]["threshold"] != 1
    assert "no better one was found" not in capsys.readouterr().err


def test_a_validation_split_that_is_reported_is_scored_once(shards, tmp_path, monkeypatch):
    scored = []

    def counted(model, split, progress=None):
        scored.append(split.split)
        return score_split(model, split, progress)

    monkeypatch.setattr("keras_madd.evaluation.run_evaluation.score_split", counted)
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", shards, "--gallery", 0]
    arguments += ["--split", "val", "--calibrate", "--output", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 0
    assert scored == ["val"]
    metrics = metrics_of(tmp_path / "out")
    frames = metrics["results"]["synthetic"]["frames"]
    assert frames["count"] == metrics["calibration"]["frames"] == 18
    assert len(read_scores(tmp_path / "out/scores.parquet")) == 18


def test_saved_scores_give_the_same_metrics(evaluated, tmp_path, capsys):
    again = tmp_path / "again"
    scores = evaluated / "out/scores.parquet"
    threshold = metrics_of(evaluated / "out")["threshold"]["value"]
    arguments = ["evaluate", "--scores", scores, "--output", again, "--bootstrap", 100]
    assert main([*map(str, arguments), "--threshold", repr(threshold)]) == 0
    first, second = metrics_of(evaluated / "out"), metrics_of(again)
    assert first["results"] == second["results"]
    assert first["corruptions"] == second["corruptions"]
    assert "frames: AUC" in capsys.readouterr().out


def test_a_threshold_from_the_validation_rows(tmp_path):
    rng = np.random.default_rng(0)
    label = np.arange(400) % 2
    probability = np.clip(rng.normal(0.2 + 0.2 * label, 0.05), 0, 1)
    rows = "\n".join(
        f"v{i},{'val' if i < 200 else 'test'},0,{label[i]},x,{probability[i]}" for i in range(400)
    )
    path = tmp_path / "scores.csv"
    path.write_text(f"video,split,frame,label,method,probability\n{rows}\n")
    assert main(["evaluate", "--scores", str(path), "--output", str(tmp_path / "out")]) == 0
    metrics = metrics_of(tmp_path / "out")
    assert metrics["threshold"]["value"] == pytest.approx(0.3, abs=0.03)
    measured = metrics["results"]["data"]["frames"]
    assert measured["acc"] < 0.6
    assert measured["acc_at_threshold"] > 0.95
    expected = frame_metrics(label[200:], probability[200:])
    assert measured["auc"] == pytest.approx(expected["auc"])


def test_comparing_with_another_model(evaluated, tmp_path, capsys):
    scores = read_scores(evaluated / "out/scores.parquet")
    better = scores.with_probability(np.clip(scores.label * 0.8 + 0.1, 0, 1))
    write_scores(tmp_path / "better.csv", better)
    arguments = ["evaluate", "--scores", tmp_path / "better.csv", "--output", tmp_path / "out"]
    arguments += ["--compare", evaluated / "out/scores.parquet", "--bootstrap", 100]
    assert main([*map(str, arguments)]) == 0
    found = metrics_of(tmp_path / "out")["comparison"]["synthetic"]
    assert found["auc"][0] == 1
    assert found["difference"] == pytest.approx(found["auc"][0] - found["auc"][1])
    assert "Against another model" in (tmp_path / "out/report.html").read_text()
    shown = capsys.readouterr()
    assert "synthetic, 8 of 8 videos, which both scored: video AUC" in shown.out
    assert "Not compared" not in shown.err


def test_how_little_is_shared_with_another_model_is_told(tmp_path, capsys):
    rng = np.random.default_rng(0)
    mine, other = tmp_path / "mine.csv", tmp_path / "other.csv"
    _csv(mine, rng, ",dataset", lambda number: ",one" if number < 20 else ",two")
    _csv(other, rng, ",dataset", lambda number: ",one" if number < 6 else ",three")
    arguments = ["evaluate", "--scores", mine, "--compare", other, "--output", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 0
    shown = capsys.readouterr()
    assert "one, 6 of 20 videos, which both scored: video AUC" in shown.out
    missing = "Not compared, for want of real and fake videos that both scored: two, three."
    assert f"warning: {missing}" in shown.err
    assert missing in (tmp_path / "out/report.html").read_text()


def test_scores_of_other_data_are_told_before_anything_is_scored(
    shards, tmp_path, capsys, monkeypatch
):
    def nothing_scored(*_):
        raise AssertionError("scored")

    monkeypatch.setattr("keras_madd.evaluation.run_evaluation.score_split", nothing_scored)
    other = _csv(tmp_path / "other.csv", np.random.default_rng(0), ",dataset", lambda _: ",else")
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", shards, "--compare", other]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 2
    message = "share no data set with real and fake videos of the same names. Received: synthetic"
    assert message in capsys.readouterr().err


def test_one_class_alone_is_told_before_anything_is_scored(shards, tmp_path, capsys, monkeypatch):
    def nothing_scored(*_):
        raise AssertionError("scored")

    monkeypatch.setattr("keras_madd.evaluation.run_evaluation.score_split", nothing_scored)
    described = load_dataset_json(shards)
    fakes = {"real": {"videos": 0, "crops": 0}, "fake": {"videos": 8, "crops": 24}}
    copy = shutil.copytree(shards, tmp_path / "fakes")
    save_dataset_json(copy, replace(described, counts=described.counts | {"test": fakes}))
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", copy]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 2
    assert "there is one class only (synthetic: all fake)" in capsys.readouterr().err


def test_scores_are_kept_where_no_video_is_shared(shards, tmp_path, capsys):
    rng = np.random.default_rng(0)
    other = _csv(tmp_path / "other.csv", rng, ",dataset", lambda _: ",synthetic")
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", shards, "--compare", other]
    arguments += ["--gallery", 0, "--output", tmp_path / "out"]
    assert main([*map(str, arguments)]) == 0
    assert "Not compared: The two tables share no data set" in capsys.readouterr().err
    assert len(read_scores(tmp_path / "out/scores.parquet")) == 24
    assert metrics_of(tmp_path / "out")["comparison"] == {}


def test_two_data_sets_of_one_name(shards, tmp_path):
    other = write_shards(tmp_path / "other", {"test": 2}, seed=5)
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", shards, "--data", other]
    arguments += ["--output", tmp_path / "out", "--gallery", 0, "--calibrate"]
    assert main([*map(str, arguments)]) == 0
    names = ["synthetic (shards)", "synthetic (other)"]
    assert list(metrics_of(tmp_path / "out")["results"]) == names
    # The validation rows are of the first.
    scores = read_scores(tmp_path / "out/scores.parquet")
    assert scores.dataset.names.tolist() == sorted(names)
    assert len(scores.where(dataset=names[0], split="val")) == 18
    page = (tmp_path / "out/report.html").read_text()
    assert "From one data set to the next" in page
    assert "Most wrong" not in page


def test_a_corruption_that_is_named_twice_is_tested_once(tmp_path, monkeypatch):
    def asked(folder, settings):
        raise UserError(f"{settings.corruptions}")

    monkeypatch.setattr("keras_madd.evaluation.run_evaluation.run_evaluation", asked)
    arguments = ["--model", "m", "--data", "d", "--output", str(tmp_path / "out")]
    parser = argparse.ArgumentParser()
    evaluate.add_arguments(parser)
    given = parser.parse_args([*arguments, "--corruptions", "jpeg,,blur,jpeg"])
    with pytest.raises(UserError, match=r"^\['jpeg', 'blur'\]$"):
        evaluate.run(given)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "m.tflite"], "--model needs --data"),
        (["--scores", "s.csv", "--calibrate"], "need --model"),
        (
            [
                *("--model", "m", "--data", "d", "--calibrate", "--false-alarms", "0.1"),
                "--threshold=1",
            ],
            "leave --threshold out",
        ),
        (["--scores", "absent.csv"], "There is no file absent.csv"),
        (["--model", "m.tflite", "--data", "absent"], "no model file|absent"),
    ],
)
def test_mistakes_are_named(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "--output", "out", *arguments]) == 2
    error = capsys.readouterr().err
    assert any(part in error for part in message.split("|")), error
    assert list(tmp_path.iterdir()) == []


def test_a_bucket_is_no_place_for_results(capsys):
    assert main(["evaluate", "--scores", "s.csv", "--output", "s3://bucket/out"]) == 2
    assert "must be a folder of this machine" in capsys.readouterr().err


def test_crops_too_small_for_the_model(tmp_path, capsys):
    small = write_shards(tmp_path / "small", {"test": 2}, size=32)
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", small]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 2
    assert "crops of 32 pixels" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_split_that_is_not_there(shards, tmp_path, capsys):
    other = write_shards(tmp_path / "other", {"test": 2})
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", other, "--calibrate"]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 2
    assert "no crops of the split 'val'" in capsys.readouterr().err


def test_another_geometry_is_said(tmp_path, capsys):
    other = write_shards(tmp_path / "other", {"test": 2}, margin=1.6)
    arguments = ["evaluate", "--model", exported(tmp_path), "--data", other, "--gallery", 0]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 0
    assert "margin 1.6, not 1.3" in capsys.readouterr().err
    assert "margin 1.6, not 1.3" in (tmp_path / "out/report.html").read_text()


def _csv(path, rng, columns="", rows=lambda number: "", count=40):
    lines = [f"video,frame,label,method,probability{columns}"]
    for number in range(count):
        label = number % 2
        lines.append(f"v{number},0,{label},x,{rng.random() * 0.5 + 0.5 * label}{rows(number)}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_comparing_with_a_file_without_rows_of_the_split(tmp_path, capsys):
    rng = np.random.default_rng(0)
    mine = _csv(tmp_path / "mine.csv", rng, ",split", lambda number: ",val")
    other = _csv(tmp_path / "other.csv", rng)
    arguments = ["evaluate", "--scores", mine, "--split", "val", "--output", str(tmp_path / "out")]
    assert main([*arguments, "--compare", other]) == 2
    assert "other.csv has no scores of the split 'val'" in capsys.readouterr().err
    assert main(arguments) == 0
    why = metrics_of(tmp_path / "out")["threshold"]
    assert why == {"value": None, "from": "not fitted: the validation rows are what is measured"}


def test_conditions_of_another_kind_are_passed_over(tmp_path):
    """Rows of one severity, or of a name that no corruption has, make no curve."""
    rng = np.random.default_rng(0)
    clean = _csv(tmp_path / "scores.csv", rng, ",condition", lambda number: ",clean")
    for condition in ("c40", "jpeg 3"):
        more = _csv(tmp_path / "more.csv", rng, ",condition", lambda _, name=condition: f",{name}")
        with open(clean, "a") as file:
            file.write(Path(more).read_text().split("\n", 1)[1])
    assert main(["evaluate", "--scores", clean, "--output", str(tmp_path / "out")]) == 0
    assert set(metrics_of(tmp_path / "out")["corruptions"]["data"]) == {"clean", "c40", "jpeg 3"}
