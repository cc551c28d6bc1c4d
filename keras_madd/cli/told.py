"""How a command or a script tells what went wrong: in one line, with a status."""

import signal
import sys
from collections.abc import Callable

from keras_madd.support.errors import UserError
from keras_madd.support.extras import advice_on_missing
from keras_madd.support.files import FULL_DISK
from keras_madd.support.signals import stopped_by_signals


def told(work: Callable[[], int | None], *mistakes: type[Exception]) -> int:
    """Work, and return the exit status, with mistakes told in a line on standard error.

    Args:
        work: Returns a status; None is 0.
        mistakes: What counts as the user's mistake beside `UserError` and `OSError`.

    Returns:
        What `work` did, 2 for a mistake of the user, 128 and the signal's number where one has
        stopped it, such as 130 after Ctrl-C.
    """
    expected: tuple[type[Exception], ...] = (UserError, OSError, *mistakes)
    try:
        with stopped_by_signals():
            return work() or 0
    except expected as error:
        # A missing right: the system's own words name the file.
        text = str(error)
        if isinstance(error, OSError) and error.errno in FULL_DISK:
            named = f"{error.filename} cannot be written: " if error.filename else ""
            text = f"{named}{error.strerror}. Make room and run the command again."
        print(f"error: {text}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        advice = advice_on_missing(error)
        if advice is None:
            raise
        print(f"error: {advice}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as error:
        print("stopped", file=sys.stderr)
        return 128 + getattr(error, "number", signal.SIGINT)
