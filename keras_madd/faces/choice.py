"""One face model for a whole video, where the face detector is "auto"."""

from keras_madd.faces.track import MAX_MISSED

SHORT, FULL = "short", "full"


class FaceModelChoice:
    """Chooses between the two face models once for a video, or once for a face that is followed.

    Chosen anew for each picture, the models take turns where faces are near the limit between
    them. Their boxes differ, so crops and scores would jump.

    The short-range model looks first. Where it finds nothing and the full-range model does, the
    full-range model is chosen and looks alone from then on. A live choice ends when no face was
    found in more than `max_missed` pictures in a row: every track has ended then.

    The Android core has a twin; `tests/golden/face_models.json` has the vectors of both.

    Args:
        max_missed: Pictures without a face after which a choice still holds; by default those
            that a track of `FaceTracker` survives. `None`: it holds to the end.

    Raises:
        ValueError: If `max_missed` is negative.

    Example:
        >>> choice = FaceModelChoice()
        >>> for picture in pictures:
        ...     faces = detector.detect(picture, choice)
    """

    def __init__(self, max_missed: int | None = MAX_MISSED):
        if max_missed is not None and max_missed < 0:
            raise ValueError(
                f"`max_missed` must not be negative. Received: max_missed={max_missed!r}"
            )
        self.max_missed = max_missed
        self.models: tuple[str, ...] = (SHORT, FULL)
        self._missed = 0
        self._short_has_found = False

    def update(self, found: str | None) -> None:
        """Take what came of a picture.

        Args:
            found: The first of `models` that found a face, or `None`.
        """
        self._missed = self._missed + 1 if found is None else 0
        if found == FULL:
            self.models = (FULL,)
        elif found == SHORT:
            self._short_has_found = True
        elif self.max_missed is not None and self._missed > self.max_missed:
            self.models = (SHORT, FULL)

    def settle(self) -> str:
        """Choose for good after some pictures of a video, and return the choice.

        The short-range model, where it has found every face that was found, and there was one.
        """
        fits = self._short_has_found and self.models != (FULL,)
        self.models = (SHORT,) if fits else (FULL,)
        self.max_missed = None
        return self.models[0]
