"""Child processes that Ctrl-C reaches, whatever the test runner was started with."""

import sys

# A runner under nohup, or in the background of a script, ignores SIGINT, and so do its children:
# Python then leaves the signal alone. This resets it and becomes the command.
INTERRUPTIBLE = (
    sys.executable,
    "-S",
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "os.execv(sys.argv[1], sys.argv[1:])",
)
