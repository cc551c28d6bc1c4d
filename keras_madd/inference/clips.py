"""The last faces of everybody who is followed: what a model of clips looks at."""

from collections import deque
from collections.abc import Sequence

import numpy as np

# People who are remembered; whoever was not seen for longest is forgotten first.
_MOST = 64


class ClipHistory:
    """Makes a clip of each face that comes, of the same person's faces before it.

    Until as many have come, the first one is repeated at the clip's beginning.
    """

    def __init__(self, clip_frames: int):
        self._clip_frames = clip_frames
        self._last: dict[int, deque[np.ndarray]] = {}

    def update(self, tracks: Sequence[int], crops: np.ndarray) -> np.ndarray:
        """Return the clips that end with these faces.

        Args:
            tracks: N numbers of people.
            crops: (N, H, W, 3) uint8, one of each.

        Returns:
            (N, T, H, W, 3) uint8, in the order of time.
        """
        clips = []
        for track, crop in zip(tracks, crops, strict=True):
            seen = self._last.pop(track, None)
            if seen is None:
                seen = deque([crop] * self._clip_frames, maxlen=self._clip_frames)
            seen.append(crop)
            self._last[track] = seen
            clips.append(np.stack(seen))
        for track in list(self._last)[:-_MOST]:
            del self._last[track]
        return np.stack(clips)
