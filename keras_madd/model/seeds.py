"""One seed for everything random in a model."""

import contextlib
import random
from collections.abc import Iterator


@contextlib.contextmanager
def seeds_from(seed: int | None) -> Iterator[None]:
    """Let all initializers and random layers made inside take their seeds from one.

    Keras seeds what is not given a seed from Python's generator; that generator is seeded here
    and put back afterwards. `None` leaves it alone.
    """
    if seed is None:
        yield
        return
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)
