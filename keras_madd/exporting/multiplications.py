"""How much there is to compute in a LiteRT graph."""

import math

from keras_madd.exporting.litert_file import SLIDING, Graph


def multiplications(graph: Graph) -> int:
    """Counts the multiplications, each with an addition, of convolutions and matrix products.

    What works element by element is left out, as is usual; FLOPs are about twice as many.

    Args:
        graph: Of a float or a quantised file; its batch counts.
    """
    return sum(_of(graph, each.name, each.inputs, each.outputs) for each in graph.operations)


def _of(graph: Graph, name: str, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> int:
    shapes = [graph.shapes[each] if each >= 0 else () for each in inputs]
    result = graph.shapes[outputs[0]]
    if name in SLIDING:
        return math.prod(result[:3]) * math.prod(shapes[1])
    if name == "TRANSPOSE_CONV":
        # Inputs: size of the result, weights, what is convolved.
        return math.prod(shapes[2][:3]) * math.prod(shapes[1])
    if name == "FULLY_CONNECTED":
        return math.prod(result) * shapes[1][-1]
    if name == "BATCH_MATMUL":
        return math.prod(result) * _inner(shapes[0], shapes[1], result)
    return 0


def _inner(first: tuple[int, ...], second: tuple[int, ...], result: tuple[int, ...]) -> int:
    """Length of the sums: rows times columns of both factors hold it twice, the result never."""
    inner = math.prod(first[-2:]) * math.prod(second[-2:]) / math.prod(result[-2:])
    return math.isqrt(round(inner))
