"""What is imported is declared, and the lowest versions declared are those that are tried."""

import ast
import itertools
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Where a package is not called as its module.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "cv2": "opencv-contrib-python",
    "google": "protobuf",
    "grpc": "grpcio",
    "sklearn": "scikit-learn",
}


def _names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w-]+", each)[0] for each in requirements}


def test_every_library_is_a_dependency_or_of_an_extra():
    declared = _names(PROJECT["dependencies"]).union(
        *(_names(extra) for extra in PROJECT["optional-dependencies"].values())
    )
    imported = {}
    for path in (ROOT / "keras_madd").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module]
            imported |= {name.split(".")[0]: path.name for name in names}
    foreign = set(imported) - set(sys.stdlib_module_names) - {"keras_madd"}
    missing = {
        name: imported[name]
        for name in foreign
        if DISTRIBUTIONS.get(name, name.replace("_", "-")) not in declared
    }
    assert not missing


def _lowest() -> str:
    """What `constraints-lowest.txt` must hold."""
    extras = PROJECT["optional-dependencies"].values()
    bounds = {}
    for each in itertools.chain(PROJECT["dependencies"], *extras):
        if found := re.fullmatch(r"([\w-]+)(?:\[.*\])?>=([\d.]+)(?:,<[\d.]+)?", each):
            assert bounds.setdefault(found[1], found[2]) == found[2], f"{each}: two lowest versions"
        else:
            assert each.startswith("keras-madd["), f"{each} has no lowest version"
    head = "# The lowest versions that are allowed: pip install -c constraints-lowest.txt .\n"
    return head + "".join(f"{name}=={bounds[name]}\n" for name in sorted(bounds))


def test_the_lowest_versions_are_those_of_the_project():
    assert (ROOT / "constraints-lowest.txt").read_text() == _lowest()


def test_the_image_of_beam_workers_is_that_of_this_package():
    text = (ROOT / "docs" / "beam" / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if not line.startswith("#")]
    assert {instruction for instruction, _ in lines} == {"FROM", "RUN", "COPY"}
    instructions = {kind: [rest for each, rest in lines if each == kind] for kind, _ in lines}
    (base,) = instructions["FROM"]
    python, beam = re.fullmatch(r"apache/beam_python(\d+\.\d+)_sdk:([\d.]+)", base).groups()
    pinned = (ROOT / "constraints.txt").read_text().splitlines()
    assert f"apache-beam=={beam}" in pinned
    assert f"Programming Language :: Python :: {python}" in PROJECT["classifiers"]
    # The libraries are those that a test run needs too.
    system, pip = instructions["RUN"]
    needed = re.findall(r"missing\+=\((lib\w+)\)", (ROOT / ".ci" / "run").read_text())
    assert set(re.findall(r"\blib\w+", system)) - {"lib"} == set(needed)
    extras = re.search(r'"/keras-madd\[(.*)\]"', pip)[1].split(",")
    assert set(extras) <= PROJECT["optional-dependencies"].keys()
    copied = [word for each in instructions["COPY"] for word in each.split()[:-1]]
    assert all((ROOT / each).exists() for each in copied)
    wanted = {PROJECT["readme"], *PROJECT["license-files"], "pyproject.toml", "constraints.txt"}
    assert set(copied) == wanted | {"keras_madd"}
