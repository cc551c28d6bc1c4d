"""Names that are imported when first used are known to editors and type checkers as well."""

import ast
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "keras_madd"
LAZY = ["", "inference", "media", "published_weights", "training"]


@pytest.mark.parametrize("room", LAZY)
def test_the_lazy_names_are_imported_for_type_checkers(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
    blocks = [node for node in tree.body if isinstance(node, ast.If)]
    known = {
        (alias.name, f"{node.module}")
        for block in blocks
        if isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in block.body
        for alias in node.names
        if alias.name != "metrics"
    }
    module = importlib.import_module(f"keras_madd.{room}".rstrip("."))
    homes = getattr(module, "_HOME", None) or {
        name: f"{module.__name__}.{home}" if "." not in home else home
        for name, home in module._HOMES.items()
    }
    assert known == set(homes.items())


def test_every_lazy_package_is_looked_at():
    found = {
        path.parent.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("__init__.py")
        if "def __getattr__(" in path.read_text()
    }
    assert found == {room or "." for room in LAZY}
