"""Exit codes of `signoff`: what a script may branch on."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class Exit(IntEnum):
    """How a command ended. The numbers stay; new ones may come."""

    OK = 0
    NEGATIVE = 1
    USAGE = 2
    UNREACHABLE = 3
    NOT_FOUND = 4
    CONFLICT = 5
    FORBIDDEN = 6
    AMBIGUOUS = 7
    SERVER_FAULT = 8
    CANNOT_START = 9
    RUN_FAILED = 10
    RUN_CANCELLED = 11
    RUN_TIMED_OUT = 12
    FAULT = 70
    INTERRUPTED = 130


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.OK: "done",
    Exit.NEGATIVE: "the answer is no: an audit or doctor found something wrong, migrations are "
    "pending, the demo came to another end",
    Exit.USAGE: "the command or a value in it is not right",
    Exit.UNREACHABLE: "no answer from the server",
    Exit.NOT_FOUND: "there is no such thing",
    Exit.CONFLICT: "the state forbids it, as when the request is decided already",
    Exit.FORBIDDEN: "the key is missing, unknown, or may not do this",
    Exit.AMBIGUOUS: "the own id has named several requests; they are listed",
    Exit.SERVER_FAULT: "the server could not, or what answered is no signoff server",
    Exit.CANNOT_START: "port taken, database unusable or in use, not safe, packages missing",
    Exit.RUN_FAILED: "executions watch: the run failed",
    Exit.RUN_CANCELLED: "executions watch: the run was cancelled",
    Exit.RUN_TIMED_OUT: "executions watch: the run ran out of time",
    Exit.FAULT: "a fault of this command itself: please report it",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
}
"""What each code says, for `signoff --help`."""
