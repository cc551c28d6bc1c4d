"""Reading what is inside a LiteRT file."""

import os
from collections import Counter
from functools import cache
from pathlib import Path

from keras_madd.errors import UserError


def operator_counts(path: str | os.PathLike) -> Counter[str]:
    """Counts the operations of a LiteRT file by name; custom ones are named `custom:NAME`.

    Args:
        path: A `.tflite` file.

    Raises:
        UserError: If it is not a LiteRT file.
    """
    from ai_edge_litert import schema_py_generated as schema

    content = Path(path).read_bytes()
    if not schema.Model.ModelBufferHasIdentifier(content, 0):
        raise UserError(f"{path} is not a LiteRT file.")
    model = schema.Model.GetRootAsModel(content, 0)
    codes = [model.OperatorCodes(index) for index in range(model.OperatorCodesLength())]
    counts = Counter()
    for index in range(model.SubgraphsLength()):
        graph = model.Subgraphs(index)
        for place in range(graph.OperatorsLength()):
            counts[_name(codes[graph.Operators(place).OpcodeIndex()])] += 1
    return counts


def check_builtin_only(path: str | os.PathLike) -> None:
    """Raises a UserError if a LiteRT file needs operations that a bare runtime lacks."""
    foreign = sorted(name for name in operator_counts(path) if name.startswith("custom:"))
    if foreign:
        raise UserError(
            "The exported file needs operations that are not built into LiteRT: "
            f"{', '.join(name.removeprefix('custom:') for name in foreign)}."
        )


def _name(code) -> str:
    custom = code.CustomCode()
    if custom is not None:
        return f"custom:{custom.decode()}"
    # Files from before 2020 keep the code in the older, narrower field.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    return _builtin_names()[number]


@cache
def _builtin_names() -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    return {
        number: name
        for name, number in vars(schema.BuiltinOperator).items()
        if isinstance(number, int)
    }
