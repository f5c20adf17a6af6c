"""Ends what the suite has started when the suite itself is killed and can't.

A process of its own waits at a pipe. When the pipe closes, whoever held its other end is gone:
what was said to be running then is ended, what was said to be temporary is deleted. It runs this
file as a program, so it needs nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path


class Keeper:
    """Knows the process groups and folders that are the suite's own for now."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            start_new_session=True,  # what ends the suite is not to end it
        )

    def watch(self, pid: int, by: signal.Signals = signal.SIGKILL) -> None:
        """A process that leads a group of its own is there: end it by this signal."""
        self._tell(f"watch {pid} {int(by)}")

    def let_go(self, pid: int) -> None:
        """It has ended: its number may be given to others."""
        self._tell(f"let_go {pid}")

    def folder(self, path: Path) -> None:
        """A folder is temporary."""
        self._tell(f"folder {path}")

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            # Without it the run goes on: it is only there for the worst case.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(f"{line}\n".encode())
                self._process.stdin.flush()


@cache
def keeper() -> Keeper:
    """The one of this process, started when it is asked for first."""
    return Keeper()


def keep() -> None:
    """Listen until the suite is gone, then tidy up after it."""
    running: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "watch":
            pid, by = rest.split()
            running[int(pid)] = int(by)
        elif word == "let_go":
            running.pop(int(rest), None)
        else:
            folders.append(rest)
    for pid, by in running.items():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, by)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    keep()
