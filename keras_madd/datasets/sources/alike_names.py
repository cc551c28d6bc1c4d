"""What the names of a video, its frames and its fakes have in common."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from keras_madd.datasets.sources import celebdf

# Any sign of ASCII but a folder's slash. Others may be parts of letters.
_SIGN = r"[ -.:-@\[-`{-~]"
# "ann_001", "clip01_0001", "ann_frame001", "ann001", "annframe001", "ann (1)".
_NUMBERED = re.compile(
    rf"(.*?[^/])(?:{_SIGN}+(?:(?:frame|f){_SIGN}*)?|frame)?(?<![0-9])[0-9]+[)\]]?", re.IGNORECASE
)
# Before a sign, and between a number and a last word: "clip01fake", "clip01fake2", not "3fa9c1".
_END = re.compile(rf"(?={_SIGN})|(?<=[0-9])(?=[^\W\d_]+[0-9]*(?:{_SIGN}|\Z))")


def without_number(name: str) -> str:
    """A picture's name without the number at its end, if there is one and more than that."""
    match = _NUMBERED.fullmatch(name)
    return match[1] if match else name


def beginnings(fake: str, picture: bool) -> Iterator[str]:
    """What the real video of a fake may be called, the longest first.

    Args:
        fake: The fake's name, with its folders.
        picture: Whether it is a picture: what it is called without a number counts, too.
    """
    ends = [len(fake), *reversed([match.start() for match in _END.finditer(fake)])]
    for beginning in (fake[:end] for end in ends if end):
        for name in (beginning, celebdf.read_name(PurePosixPath(beginning).name)[0]):
            yield name
            if picture:
                yield without_number(name)
