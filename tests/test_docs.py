"""What the documentation says can be run: its Python runs, its commands are understood."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from exported_model import exported
from shards_on_disk import sources, write_shards

from keras_madd.cli import main

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SCRIPTS = {
    "export/to_tflite.py": "export",
    "export/to_onnx.py": "export",
    "export/to_android.py": "export",
}


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


def commands() -> list[tuple[str, list[str]]]:
    """Each `keras-madd` command line of each page, as arguments."""
    found = []
    for page in PAGES:
        for line in "".join(blocks(page, "bash")).replace("\\\n", " ").splitlines():
            for part in line.split("&&"):
                words = shlex.split(part, comments=True)
                if words and words[0].endswith("keras-madd"):
                    found.append((page.name, words[1:]))
                elif len(words) > 1 and words[0].endswith("python") and words[1] in SCRIPTS:
                    found.append((page.name, [SCRIPTS[words[1]], *words[2:]]))
    return found


@pytest.mark.parametrize(("page", "arguments"), commands())
def test_commands_are_understood(page, arguments):
    parsed = main._parser().parse_args(arguments)
    assert parsed.command == arguments[0]


def beam_options():
    """What each command tells Beam."""
    return [
        shlex.split(words[words.index("--beam-args") + 1])
        for _, words in commands()
        if "--beam-args" in words
    ]


@pytest.mark.parametrize("options", beam_options())
def test_beam_knows_its_options(options):
    module = pytest.importorskip("apache_beam.options.pipeline_options")
    known = module.PipelineOptions(options).get_all_options(drop_default=True)
    names = [each.removeprefix("--").partition("=")[0] for each in options]
    assert len(known) == len(names) > 0
    assert set(names) == known.keys()
    if known.get("environment_type") == "PROCESS":
        assert json.loads(known["environment_config"])["command"].startswith("/")


def test_the_workers_of_flink_are_in_the_image_and_at_the_port_that_the_commands_name():
    yaml = pytest.importorskip("yaml")
    page = ROOT / "docs" / "preparing_at_scale.md"
    (block,) = blocks(page, "yaml")
    (container,) = yaml.safe_load(block)
    shell = "".join(blocks(page, "bash"))
    assert f"-t {container['image']} ." in shell
    assert f"--sdk_container_image={container['image']}" in shell
    port = container["ports"][0]["containerPort"]
    assert shell.count(f"--environment_config=localhost:{port}") == 2


@pytest.mark.parametrize(("name", "rows"), [("beam_engine", 5), ("beam_engine_flink", 6)])
def test_what_became_of_kills_is_that_of_the_last_runs(name, rows):
    page = (ROOT / "docs" / "preparing_at_scale.md").read_text()
    found = json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())
    table = page.split(f"{found['videos']} made videos, {found['shards']} shards")[1]
    table = table.split("\n\n")[0]
    assert set(found["bytes_equal"].values()) == {True}
    assert found["worker_killed"]["status"] == 0
    for kill in found["killed_and_started_again"].values():
        assert f"after {kill['seconds_until_it_ends']} s" in table
        assert kill["groups_and_shards_kept"] > 0
        assert kill["of_these_made_again"] == kill["status_of_the_second_run"] == 0
    assert table.count("\n|") == 1 + rows


def test_several_processes_are_those_of_the_last_run():
    page = (ROOT / "docs" / "devices.md").read_text()
    found = json.loads((ROOT / "benchmarks" / "results" / "workers.json").read_text())
    told = dict(re.findall(r"^\| (\d.*?) \| ([^|]+ \| [^|]+ \| [^|]+) \|$", page, re.MULTILINE))
    for row in found["rows"]:
        figures = [float(cell) for cell in told[row["processes"]].split(" | ")]
        expected = [row[name] for name in ("weights", "loss", "seconds per step")]
        assert figures == pytest.approx(expected, rel=0.06)
    undisturbed = {row["processes"]: row["weights"] for row in found["rows"]}["2"]
    for run in (*found["killed"].values(), found["slow"]):
        assert run["weights"] == undisturbed
    assert all(each["seconds until the other has ended"] < 1 for each in found["killed"].values())
    assert found["slow"]["says"][0].removeprefix("training: ") in page.replace("\n", " ")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Shards and an exported detector, under the names that the pages use."""
    folder = tmp_path_factory.mktemp("docs")
    write_shards(folder / "shards", sources("train", 3) + sources("val", 2))
    exported(folder)
    shutil.move(folder / "model.tflite", folder / "detector.tflite")
    shutil.move(folder / "model.json", folder / "detector.json")
    return folder


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=str)
def test_python_runs(page, files, monkeypatch):
    monkeypatch.chdir(files)
    scope = {"__name__": page.stem}
    for number, text in enumerate(blocks(page, "python"), 1):
        exec(compile(text, f"{page.name}, block {number}", "exec"), scope)
