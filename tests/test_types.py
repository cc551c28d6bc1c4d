"""Public functions say what they take and give; mypy checks that it is true."""

import ast
import re
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "keras_madd"
PUBLIC = r"[^_].*|__init__|__call__"


def _public(node: ast.AST, found: list) -> list:
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
            _public(each, found)
        elif isinstance(each, ast.FunctionDef) and re.fullmatch(PUBLIC, each.name):
            found.append(each)
    return found


def test_arguments_and_results_of_public_functions_have_types():
    missing = []
    for path in PACKAGE.rglob("*.py"):
        for function in _public(ast.parse(path.read_text()), []):
            given = function.args
            taken = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
            untyped = [
                each.arg
                for each in taken
                if each and each.annotation is None and each.arg not in ("self", "cls")
            ]
            if untyped or (function.returns is None and function.name != "__init__"):
                missing.append(f"{path.name}: {function.name}({', '.join(untyped)})")
    assert not missing
