"""What XNNPACK, LiteRT's engine on processors, takes over of a graph, and what it leaves."""

import os
from dataclasses import dataclass

from keras_madd.exporting.interpreter import open_interpreter

# Why an operation stays outside, as far as it can be told from the operation alone.
_REASONS = {
    "QUANTIZE": "the first step of a file that takes 8-bit pixels: it changes their offset",
    "CAST": "the first step of a file that takes 8-bit pixels",
    "RESHAPE": "costs nothing: the same bytes under another shape",
    "BATCH_MATMUL": "XNNPACK multiplies matrices in float, or float by stored 8-bit weights",
    "SOFTMAX": "XNNPACK has it in float only",
    "RSQRT": "XNNPACK has it in float only",
    "MAXIMUM": "XNNPACK has it in float only",
    "DIV": "XNNPACK has it in float only",
}


@dataclass(frozen=True)
class Delegation:
    """How a graph was dealt out.

    Attributes:
        partitions: Number of operations in each part that XNNPACK runs, in order.
        left: The operations outside, by name, in order; each may cut the graph in two.
        transposes: Number of transpositions in the whole graph.
    """

    partitions: tuple[int, ...]
    left: tuple[str, ...]
    transposes: int

    def to_json(self) -> dict:
        """Returns plain data, each operation outside with a reason where one is known."""
        return {
            "partitions": list(self.partitions),
            "not_delegated": [
                {"operation": name, "reason": _REASONS.get(name, "XNNPACK has no such operation")}
                for name in self.left
            ],
            "transposes": self.transposes,
        }


def delegation(path: str | os.PathLike) -> Delegation:
    """Asks LiteRT how it deals out a file's operations.

    Args:
        path: A `.tflite` file that LiteRT can run.
    """
    # There is no public way to ask; the exported file's test tells when this one goes.
    details = open_interpreter(path, threads=1)._get_ops_details()
    own = [each for each in details if each["op_name"] != "DELEGATE"]
    producers = {tensor: each["index"] for each in own for tensor in each["outputs"]}
    delegated: set[int] = set()
    partitions = []
    for each in details:
        if each["op_name"] == "DELEGATE":
            before = len(delegated)
            _collect(each, own, producers, delegated)
            partitions.append(len(delegated) - before)
    return Delegation(
        partitions=tuple(partitions),
        left=tuple(each["op_name"] for each in own if each["index"] not in delegated),
        transposes=sum(each["op_name"] == "TRANSPOSE" for each in own),
    )


def _collect(part: dict, operations: list[dict], producers: dict, delegated: set[int]) -> None:
    """Adds the operations between a partition's inputs and outputs to `delegated`."""
    stops, waiting = set(part["inputs"]), list(part["outputs"])
    while waiting:
        tensor = waiting.pop()
        index = producers.get(tensor)
        if tensor in stops or index is None or index in delegated:
            continue
        delegated.add(index)
        waiting.extend(operations[index]["inputs"])
