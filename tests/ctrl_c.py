"""Child processes that signals reach, whatever the test runner was started with."""

import sys

# A runner under nohup, or in the background of a script, ignores SIGHUP or SIGINT, and so do its
# children: Python then leaves the signal alone. This resets them and becomes the command.
INTERRUPTIBLE = (
    sys.executable,
    "-S",
    "-c",
    "import os, sys; from signal import *; "
    "[signal(each, SIG_DFL) for each in (SIGINT, SIGTERM, SIGHUP)]; "
    "os.execv(sys.argv[1], sys.argv[1:])",
)
