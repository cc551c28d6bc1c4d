"""Names of what Keras passes around, for annotations: it has no types of its own."""

from typing import Any, TypeAlias

# A tensor of the back end at hand, a NumPy array, or a `keras.KerasTensor` while a model is built.
Tensor: TypeAlias = Any
# Whole numbers, or `None` where a size is not known.
Shape: TypeAlias = tuple[Any, ...]
