"""Dealing videos out to splits so that nothing leaks from one into another."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from keras_madd.datasets.sources.source_video import SPLITS, SourceVideo

# As FaceForensics++ divides its 1000 videos: 720, 140, 140.
SHARES = {"train": 0.72, "val": 0.14, "test": 0.14}
_TRIES = 200


class Groups:
    """Things that have to stay together (a union-find over names)."""

    def __init__(self):
        self._parent: dict[str, str] = {}

    def join(self, *names: str) -> None:
        """Tie these names, and all that is tied to them, together."""
        roots = sorted({self.group(name) for name in names})
        for root in roots[1:]:
            self._parent[root] = roots[0]

    def group(self, name: str) -> str:
        """The name that stands for all that is tied to `name`: the smallest of them."""
        path = [name]
        while (parent := self._parent.setdefault(path[-1], path[-1])) != path[-1]:
            path.append(parent)
        for passed in path:
            self._parent[passed] = path[-1]
        return path[-1]


def deal(
    names: Iterable[str],
    splits: Sequence[str] = SPLITS,
    salt: str = "",
    shares: Mapping[str, float] = SHARES,
) -> dict[str, str]:
    """Deals names out to splits, by nothing but the names themselves.

    Every split that is not the first gets its share, rounded, but at least one name as long as
    there are enough names; the first gets the rest.

    Args:
        names: Groups of videos, in any order.
        splits: Of `SPLITS`; "train" comes first if there.
        salt: Another order for another salt.
        shares: Split -> its share.

    Returns:
        The split of every name.
    """
    order = sorted(set(names), key=lambda name: (_digest(f"{salt}/{name}"), name))
    result: dict[str, str] = {}
    start = 0
    for place, split in enumerate(splits[1:], start=1):
        share = shares[split] / sum(shares[other] for other in splits)
        # One name at least is left for every split that is still to come, and for the first.
        left = len(order) - start - (len(splits) - place)
        count = max(0, min(max(1, round(share * len(order))), left))
        result |= dict.fromkeys(order[start : start + count], split)
        start += count
    return result | dict.fromkeys(order[start:], splits[0])


def deal_evenly(
    kinds: Mapping[str, object], splits: Sequence[str] = SPLITS, salt: str = ""
) -> dict[str, str]:
    """Deals names of each kind out by themselves, so that every split gets some of each.

    Args:
        kinds: Name -> what kind of group it is.
        splits: As for `deal`.
        salt: As for `deal`.
    """
    result: dict[str, str] = {}
    for kind in sorted(set(map(repr, kinds.values()))):
        result |= deal([name for name in kinds if repr(kinds[name]) == kind], splits, salt)
    return result


def deal_people(
    shown: Sequence[tuple[str, ...]], known: dict[str, str] | None = None, salt: str = ""
) -> dict[str, str]:
    """Deals people out to splits so that few videos show people of two splits.

    Of some ways to deal them out, one is taken that leaves videos of several people to most
    splits, and of those the one that loses the fewest.

    Args:
        shown: The people in every video.
        known: People whose split is settled.
        salt: Another order for another salt.

    Returns:
        The split of every person.
    """
    known = known or {}
    free = {person for people in shown for person in people if person not in known}

    def attempt(number: int) -> dict[str, str]:
        return known | deal(free, salt=f"{salt}/{number}")

    several = [people for people in shown if len(people) > 1]

    def lost(number: int) -> tuple[int, int]:
        splits = attempt(number)
        found = [{splits[person] for person in people} for people in several]
        kept = [one.pop() for one in found if len(one) == 1]
        return -len(set(kept)), -len(kept)

    return attempt(min(range(_TRIES if several else 1), key=lost))


def keep_sources_together(
    videos: Iterable[SourceVideo],
) -> tuple[list[SourceVideo], list[SourceVideo]]:
    """Leaves out what would put a real video and its fakes into different splits.

    Where the videos of one source are in several splits, those in the test split stay, else
    those in the validation split.

    Returns:
        The videos that stay, and those left out.
    """
    videos = list(videos)
    splits = defaultdict(set)
    for video in videos:
        splits[video.source].add(video.split)
    wins = {source: max(found, key=SPLITS.index) for source, found in splits.items()}
    kept = [video for video in videos if video.split == wins[video.source]]
    return kept, [video for video in videos if video.split != wins[video.source]]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="backslashreplace")).digest()
