"""The threads that the package itself started; native libraries come and go with theirs."""

import threading


def own_threads() -> set[threading.Thread]:
    """Those that are alive."""
    return {thread for thread in threading.enumerate() if thread.name == "keras_madd"}
