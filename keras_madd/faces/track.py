"""Which boxes of successive frames are one person."""

from collections.abc import Iterable, Sequence

Box = tuple[int, int, int, int]
# Updates that a track survives unseen.
MAX_MISSED = 15
# Of one person's boxes where frames lie far apart: moved by up to four fifths of the width.
LEAST_OVERLAP = 0.1


class FaceTracker:
    """Follows faces from frame to frame by the overlap of their boxes.

    Every frame's boxes are compared with the last box of each track by intersection over union.
    Of all pairs that overlap enough, the best is joined first, then the best of what is left;
    of equal ones that with the lower track, then with the lower box. A box that is left over
    starts a track; a track that is not seen for too long ends, and its number is not used again.

    Only places count: two faces of one size that walk through each other swap tracks.

    The overlap is the quotient, in double precision, of two whole numbers, so that every
    language gives the same tracks.

    Args:
        min_iou: least overlap of one person's boxes in successive frames, above 0 and at most 1.
        max_missed: number of updates that a track survives unseen.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> tracker = FaceTracker()
        >>> tracker.update([(10, 10, 50, 50), (200, 10, 50, 50)])
        [0, 1]
        >>> tracker.update([(203, 11, 50, 50)])
        [1]
    """

    def __init__(self, min_iou: float = 0.3, max_missed: int = MAX_MISSED):
        if not 0 < min_iou <= 1:
            raise ValueError(
                f"`min_iou` must be above 0 and at most 1. Received: min_iou={min_iou!r}"
            )
        if max_missed < 0:
            raise ValueError(
                f"`max_missed` must not be negative. Received: max_missed={max_missed!r}"
            )
        self.min_iou = min_iou
        self.max_missed = max_missed
        self._boxes: dict[int, Box] = {}
        self._missed: dict[int, int] = {}
        self._next = 0

    def update(self, boxes: Sequence[Sequence[int]]) -> list[int]:
        """Take the boxes of the next frame.

        Args:
            boxes: `(x, y, width, height)` of each face in whole pixels, in any order.

        Returns:
            The track of each box: 0, 1, 2, ... in order of birth.

        Raises:
            ValueError: a box is not four whole numbers with positive sides.
        """
        checked = [_check(box) for box in boxes]
        found = self._match(checked)
        for index in range(len(checked)):
            if index not in found:
                found[index] = self._next
                self._next += 1
        self._missed = {track: missed + 1 for track, missed in self._missed.items()}
        for index, track in found.items():
            self._boxes[track] = checked[index]
            self._missed[track] = 0
        for track in [t for t, missed in self._missed.items() if missed > self.max_missed]:
            del self._boxes[track], self._missed[track]
        return [found[index] for index in range(len(checked))]

    def _match(self, boxes: list[Box]) -> dict[int, int]:
        pairs = [
            (-overlap, track, index)
            for track, last in self._boxes.items()
            for index, box in enumerate(boxes)
            if (overlap := intersection_over_union(last, box)) >= self.min_iou
        ]
        found, taken = {}, set()
        for _, track, index in sorted(pairs):
            if track not in taken and index not in found:
                found[index] = track
                taken.add(track)
        return found


def intersection_over_union(first: Box, second: Box) -> float:
    """Overlap of two boxes `(x, y, width, height)`: 0 where apart, 1 where equal."""
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / (first[2] * first[3] + second[2] * second[3] - common)


def largest_track(
    tracks: Iterable[Sequence[int]], boxes: Iterable[Sequence[Sequence[int]]]
) -> int | None:
    """The track that takes up most of the picture over time.

    Args:
        tracks: what `FaceTracker.update` returned, frame by frame.
        boxes: what it was given.

    Returns:
        The track with the largest sum of box areas, the oldest of equal ones; None where there
        is no box at all.
    """
    areas: dict[int, int] = {}
    for numbers, frame in zip(tracks, boxes, strict=True):
        for track, box in zip(numbers, frame, strict=True):
            areas[track] = areas.get(track, 0) + box[2] * box[3]
    return min(areas, key=lambda track: (-areas[track], track), default=None)


def _check(box: Sequence[int]) -> Box:
    try:
        x, y, width, height = map(int, box)
        whole = (x, y, width, height) == tuple(box) and width > 0 and height > 0
    except (TypeError, ValueError):
        whole = False
    if not whole:
        raise ValueError(
            "`boxes` must hold four whole numbers (x, y, width, height) with positive sides each. "
            f"Received: boxes=[..., {box!r}]"
        )
    return x, y, width, height
