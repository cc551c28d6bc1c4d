"""A functional network cut into segments that hand on little.

The cuts balance what is kept against what is computed again: the tensors that segments hand on,
and everything that the largest segment computes.
"""

import itertools
import math
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Tensor

# The largest segment's share of the network is tried in steps of this factor.
_FACTOR = 1.3


@dataclass
class Step:
    """One operation of a network; its tensors have numbers."""

    run: Callable[[list[Tensor]], list[Tensor]]
    takes: tuple[int, ...]
    makes: tuple[int, ...]
    variables: Sequence[keras.Variable] = ()


@dataclass
class Segment:
    """Operations one after the other, and the tensors that they take from others and hand on."""

    steps: list[Step]
    takes: tuple[int, ...]
    makes: tuple[int, ...]

    @property
    def variables(self) -> list[keras.Variable]:
        """Return what the segment reads and writes, each once."""
        found = {id(each): each for step in self.steps for each in step.variables}
        return list(found.values())


@dataclass
class Steps:
    """A network as operations in their order.

    Attributes:
        tensors: Shape and dtype of each tensor, symbolic.
        steps: The operations.
        given: Tensors that the network takes.
        returned: Tensors that it returns, flat.
    """

    tensors: list[Any] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    given: list[int] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, network: keras.Model) -> "Steps":
        """Take a functional network apart, and the functional models inside it."""
        found = cls()
        found.given = [found._number(each) for each in network.inputs]
        found.returned = found._add(network, found.given)
        return found

    def bytes_of(self, numbers: Sequence[int]) -> int:
        """Return the memory that tensors take, for one image."""
        shapes = [self.tensors[number] for number in numbers]
        return sum(
            math.prod(side or 1 for side in each.shape[1:]) * _bytes(each.dtype) for each in shapes
        )

    def _number(self, tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _add(self, model, given: Sequence[int]) -> list[int]:
        numbers = {}
        for tensor, number in zip(model.inputs, given, strict=True):
            numbers[id(tensor)] = self._cast(number, tensor)
        by_depth = model._nodes_by_depth
        for node in itertools.chain(*(by_depth[depth] for depth in sorted(by_depth, reverse=True))):
            if node.is_input:
                continue
            takes = tuple(numbers[id(tensor)] for tensor in node.input_tensors)
            operation = node.operation
            # A Sequential has its layers as a functional model, too.
            inner = getattr(operation, "_functional", operation)
            if type(inner) is type(model) and len(inner.inputs) == len(takes) == 1:
                makes = tuple(self._add(inner, takes))
            else:
                makes = tuple(self._number(tensor) for tensor in node.outputs)
                variables = getattr(operation, "variables", ())
                self.steps.append(Step(_runner(node), takes, makes, variables))
            numbers.update(zip(map(id, node.outputs), makes, strict=True))
        return [numbers[id(tensor)] for tensor in model.outputs]

    def _cast(self, number: int, wanted) -> int:
        """The tensor in the dtype that a model inside wants."""
        if self.tensors[number].dtype == wanted.dtype:
            return number
        made = self._number(wanted)
        run = lambda values: [ops.cast(values[0], wanted.dtype)]  # noqa: E731
        self.steps.append(Step(run, (number,), (made,)))
        return made


def segments_of(network: keras.Model) -> tuple[Steps, list[Segment]]:
    """Return a functional network as operations, and these in segments.

    The cuts are those with the least sum of all tensors that segments hand on and of what the
    largest segment computes, for one image.
    """
    if network not in _FOUND:
        whole = Steps.of(network)
        _FOUND[network] = (whole, _segments(whole, _cuts(whole)))
    return _FOUND[network]


_FOUND: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _runner(node):
    def run(values):
        filled = dict(zip(map(id, node.input_tensors), values, strict=True))
        args, kwargs = node.arguments.fill_in(filled)
        if "training" in kwargs:  # What the whole network is called with counts, as in Keras.
            kwargs["training"] = True
        return keras.tree.flatten(node.operation(*args, **kwargs))

    return run


def _bytes(dtype: str) -> int:
    digits = "".join(each for each in str(dtype) if each.isdigit())
    return int(digits or 8) // 8


def _last_uses(whole: Steps) -> dict[int, int]:
    """The last step that takes each tensor."""
    last = {number: at for at, step in enumerate(whole.steps) for number in step.takes}
    return last | dict.fromkeys(whole.returned, len(whole.steps))


def _cuts(whole: Steps) -> list[int]:
    """Places between the steps, the first and the last included."""
    last = _last_uses(whole)
    sizes = [whole.bytes_of(step.makes) for step in whole.steps]
    handed = [
        [(last.get(number, -1), whole.bytes_of([number])) for number in step.makes]
        for step in whole.steps
    ]
    found, least, limit = [0, len(sizes)], math.inf, float(max(sizes))
    while limit < sum(sizes) * _FACTOR:
        cost, cuts = _cheapest(sizes, handed, limit)
        if cost + limit < least:
            found, least = cuts, cost + limit
        limit *= _FACTOR
    return found


def _cheapest(sizes, handed, limit) -> tuple[float, list[int]]:
    """The cuts that hand on least while no segment computes more than `limit`."""
    costs, before = [0.0], [0]
    for end in range(1, len(sizes) + 1):
        best, start_of_best, inside, kept = math.inf, end - 1, 0.0, 0.0
        for start in range(end - 1, -1, -1):
            inside += sizes[start]
            if inside > limit:
                break
            kept += sum(size for last, size in handed[start] if last >= end)
            if costs[start] + kept < best:
                best, start_of_best = costs[start] + kept, start
        costs.append(best)
        before.append(start_of_best)
    cuts = [len(sizes)]
    while cuts[-1]:
        cuts.append(before[cuts[-1]])
    return costs[-1], cuts[::-1]


def _segments(whole: Steps, cuts: list[int]) -> list[Segment]:
    last = _last_uses(whole)
    found = []
    for start, end in itertools.pairwise(cuts):
        steps = whole.steps[start:end]
        made = [number for step in steps for number in step.makes]
        taken = dict.fromkeys(number for step in steps for number in step.takes)
        takes = tuple(number for number in taken if number not in made)
        makes = tuple(number for number in made if last.get(number, -1) >= end)
        found.append(Segment(steps, takes, makes))
    return found
