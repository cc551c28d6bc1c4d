"""The house: which room may lean on which, read off the imports."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "keras_madd"

# A room may import from the rooms in its row, and from `support`.
ARROWS = {
    "support": "",
    "faces": "",
    "media": "faces",
    "layers": "",
    "torch_weights": "",
    "backbones": "layers torch_weights",
    "model": "backbones layers",
    "published_weights": "backbones model torch_weights",
    "inference": "faces media",
    "data": "faces media",
    "datasets": "data faces media",
    "visualize": "faces media",
    "evaluation": "data faces inference media model visualize",
    "exporting": "data evaluation faces inference layers media model visualize",
    "training": "data datasets evaluation model published_weights torch_weights visualize",
    "comparison": "data evaluation exporting inference model training visualize",
    "web": "faces inference",
    "demo": "data datasets evaluation exporting faces inference media model training visualize",
}


def _room(module: str) -> str:
    return [*module.split("."), ""][1]


def _imports() -> dict[str, set[str]]:
    """Each file's imports from the package, those inside functions too."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        tree = ast.parse(path.read_text())
        modules = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                names = [node.module]
                if node.module == "keras_madd":
                    names = [f"keras_madd.{alias.name}" for alias in node.names]
                modules.update(names)
            elif isinstance(node, ast.Import):
                modules.update(alias.name for alias in node.names)
        found[name] = {each for each in modules if each.split(".")[0] == "keras_madd"}
    return found


IMPORTS = _imports()


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_leans_only_on_those_below(room):
    allowed = {room, "support", "__version__", *ARROWS[room].split()}
    wrong = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        if _room(module) == room
        for other in others
        if _room(other) not in allowed
    ]
    assert not wrong


def test_the_table_names_every_room_and_has_no_circle():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"cli"}
    assert rooms == set(ARROWS)
    left = {room: set(below.split()) for room, below in ARROWS.items()}
    while left:
        floor = [room for room, below in left.items() if not below & set(left)]
        assert floor, f"a circle among {sorted(left)}"
        for room in floor:
            del left[room]


def test_scoring_knows_no_keras():
    heavy = ("import keras\n", "from keras ", "import tensorflow", "from tensorflow")
    wrong = [
        path.name
        for room in ("support", "faces", "media", "inference", "web")
        for path in (PACKAGE / room).glob("*.py")
        if any(word in path.read_text() for word in heavy)
    ]
    assert not wrong
