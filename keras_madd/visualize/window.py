"""A window on the screen."""

import os
import subprocess
import sys

import cv2
import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.support.native_stderr import native_stderr_silenced

_NO_TOOLBAR = cv2.WINDOW_GUI_NORMAL
_QUIT_KEYS = (ord("q"), ord("Q"), 27)
_TRY = "import cv2; cv2.namedWindow('x'); cv2.waitKey(1); cv2.destroyAllWindows()"


class Window:
    """Shows pictures until somebody closes it, or presses q or Escape.

    Raises:
        UserError: If there is no screen to show it on.
    """

    def __init__(self, title: str):
        _check_screen()
        self._title = title
        with native_stderr_silenced():  # The window library misses its fonts.
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | _NO_TOOLBAR)
        self._sized = False

    def show(self, image: np.ndarray, seconds: float = 0.0) -> bool:
        """Shows a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            seconds: When it was taken; of no use here, a recording wants to know.

        Returns:
            False once the window is to be closed.
        """
        if not self._sized:
            cv2.resizeWindow(self._title, image.shape[1], image.shape[0])
            self._sized = True
        cv2.imshow(self._title, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(1) & 0xFF
        return key not in _QUIT_KEYS and self._is_open()

    def _is_open(self) -> bool:
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:
            return False

    def close(self) -> None:
        """Closes the window."""
        cv2.destroyAllWindows()


def _check_screen() -> None:
    """Finds out in another process: where there is no screen, the window library ends its own."""
    hint = "add --headless, which prints scores; --record OUT.mp4 keeps the picture."
    named = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if sys.platform.startswith("linux") and not named:
        raise UserError(f"There is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set): {hint}")
    try:
        subprocess.run([sys.executable, "-c", _TRY], capture_output=True, timeout=60, check=True)
    except subprocess.SubprocessError:
        raise UserError(f"No window can be opened on the screen: {hint}") from None
