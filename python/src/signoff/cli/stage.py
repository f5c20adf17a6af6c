"""Where the demo plays: a temporary folder, processes of its own, and the end of both."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar

from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.clock import SystemClock

STOP_SECONDS: Final = 5.0
"""A process that was asked to end has so long before it is killed."""

LOG_LINES: Final = 15
"""How much of each log is shown when something goes wrong."""

POLL_SECONDS: Final = 0.02

T = TypeVar("T")


class Interrupts:
    """Ctrl-C, SIGTERM and SIGHUP, all as KeyboardInterrupt; but not while they are held back.

    A process that was started and not yet written down would be left behind otherwise.
    """

    def __init__(self) -> None:
        names = ("SIGINT", "SIGTERM", "SIGHUP")
        self._numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        self._before: dict[int, Any] = {}
        self._held = False
        self._came = False

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in self._numbers}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold them back; one that came is raised at the end of the block."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """From now on they are too late: what goes on is the tidying up."""
        self._held = True

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        if not self._held:
            raise KeyboardInterrupt
        self._came = True


class Stage:
    """Leave it by whatever way: no process and no file of it stays."""

    def __init__(self, interrupts: Interrupts) -> None:
        self.clock = SystemClock()
        self._interrupts = interrupts
        self._folder = tempfile.TemporaryDirectory(prefix="signoff-demo-")
        self.path = Path(self._folder.name)
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A second Ctrl-C must not leave half of it behind; this takes seconds at most.
        self._interrupts.ignore()
        for process in reversed(self._running):
            # One after the other: an agent says good-bye to the server, and would wait for it.
            process.terminate()
            _end(process)
        self._folder.cleanup()

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        """Start a process; its output goes to `{name}.log`.

        It is in a session of its own: Ctrl-C reaches the demo alone, which then ends it.
        """
        with (self.path / f"{name}.log").open("ab") as log, self._interrupts.held():
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=self.path,
                env=surroundings(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            self._running.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """End a process by SIGKILL: it gets no chance to tidy up."""
        process.kill()
        process.wait()
        self._running.remove(process)

    def until(self, look: Callable[[], T | None], what: str, seconds: float) -> T:
        """What `look` finds, once it does.

        Raises:
            Failure: the time is over, or a process has ended meanwhile.
        """
        deadline = self.clock.monotonic() + seconds
        while True:
            found = look()
            if found is not None:
                return found
            if any(process.poll() is not None for process in self._running):
                raise self.failure(f"{what} did not happen: a process has ended")
            if self.clock.monotonic() > deadline:
                raise self.failure(f"{what} did not happen within {seconds:g} s")
            self.clock.sleep(POLL_SECONDS)

    def failure(self, what: str) -> Failure:
        """A failure that shows the ends of the logs."""
        lines = [line for log in sorted(self.path.glob("*.log")) for line in _tail(log)]
        return Failure(Exit.NEGATIVE, "demo_failed", what, log=lines)


def surroundings(ours: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of the demo: what it needs, and nothing meant for another.

    A `SIGNOFF_DATABASE_URL` or `SIGNOFF_NOTIFY_URL` of the person's own is not handed on.
    """
    # Not read here, only passed on.
    inherited = os.environ  # noqa: TID251
    local = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    theirs = {name: text for name, text in inherited.items() if not name.startswith("SIGNOFF_")}
    return theirs | local | dict(ours)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, each another."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]


def python(*arguments: str) -> list[str]:
    """A command that runs this Python; what it prints is there at once."""
    return [sys.executable, "-u", *arguments]


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path) -> list[str]:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return [f"  {log.name}  {line}" for line in lines[-LOG_LINES:]]
