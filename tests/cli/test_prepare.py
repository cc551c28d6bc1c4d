import argparse

import dataset_trees
import pytest

from keras_madd.cli import main as cli
from keras_madd.cli import prepare as command


def parse(*arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


def test_names_and_defaults_are_those_of_the_package():
    from keras_madd.datasets.prepare import PrepareSettings
    from keras_madd.datasets.sources import SOURCES

    assert set(command.DATASETS) == set(SOURCES)
    args = vars(parse("--dataset", "folder", "--root", "a", "--output", "b"))
    defaults = PrepareSettings("folder").to_json()
    assert args.pop("split") == list(defaults.pop("splits"))
    assert args.pop("methods") == list(defaults.pop("methods"))
    assert {name: args[name] for name in defaults} == defaults


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "set"
    for number in range(2):
        write = dataset_trees.write_face_video
        write(root / "test" / "real" / f"{number}.mp4", number)
        write(root / "test" / "fake" / f"{number}_x.mp4", number, fake=True)
    (root / "test" / "real" / "empty.mp4").write_bytes(b"")
    return root


def run(root, *more, dataset="folder"):
    output = root.parent / "shards"
    base = ["prepare", "--dataset", dataset, "--root", str(root), "--output", str(output)]
    small = ["--frames-per-video", "2", "--size", "32", "--workers", "1"]
    return cli.main([*base, *small, *more])


def test_says_what_came_of_it(root, capsys):
    assert run(root) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "test: 2 real videos with 4 faces, 2 fake videos with 4 faces"
    assert lines[1].startswith("without a crop: 1 empty; ")
    assert "videos/s" in err
    assert run(root) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("was complete already")


def test_a_split_named_twice_is_named_once(root, capsys):
    assert run(root, "--split", "test") == 0
    assert run(root, "--split", "test", "test") == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("was complete already")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-failures", "few"], "error: `max_failures` must be"),
        (["--beam-args", "--foo bar"], "error: --beam-args is for a --runner of Apache Beam"),
        (
            ["--runner", "DirectRunner", "--beam-args", '"x'],
            "error: --beam-args '\"x': No closing quotation.",
        ),
        (["--max-failures", "0"], "error: 1 of 5 videos failed"),
        (["--split", "train"], "no videos of train."),
        (["--split-files", "/no/such"], "error: "),
        (["--compression", "c99"], "error: "),
    ],
)
def test_mistakes_are_one_line_and_status_2(root, capsys, arguments, message):
    assert run(root, *arguments) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_root_that_is_not_there(tmp_path, capsys):
    assert run(tmp_path / "nowhere") == 2
    assert "does not exist" in capsys.readouterr().err
