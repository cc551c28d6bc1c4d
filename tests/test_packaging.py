"""What is imported is declared."""

import ast
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
