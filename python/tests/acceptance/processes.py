"""Processes of the tests: servers and agents that are started, killed and started again.

Whatever they print goes to a file that is shown when the test fails. Nothing here sleeps for a
fixed time: everything waits for a condition, with a deadline.
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final, TypeVar

T = TypeVar("T")

STARTED_SECONDS: Final = 60.0
"""How long a process may take until it is there: long, as others may be starting beside it."""

_PORTS: Final = random.Random(os.getpid())
_CLAIMS: Final[list[IO[str]]] = []
_OURS: Final = ("SIGNOFF_", "AGENTFIELD_", "AGENT_", "PORT")


def until(
    probe: Callable[[], T | None], seconds: float = 10.0, what: str = "", every: float = 0.01
) -> T:
    """The first value of `probe` that is not None or False; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = probe()
        if value is not None and value is not False:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or probe}")
        time.sleep(every)


def free_port() -> int:
    """A port that nobody listens on, and that nobody else is given while this process runs.

    It is below those that the system hands out to connections: so it is still free when a process
    that was killed is started on it again.
    """
    folder = Path(tempfile.gettempdir()) / "signoff-test-ports"
    folder.mkdir(exist_ok=True)
    while True:
        port = _PORTS.randrange(20_000, 32_000)
        if _claim(folder / str(port)) and _is_free(port):
            return port


def _claim(file: Path) -> bool:
    """Lock a file until this process ends; says whether nobody else has."""
    claim = file.open("w")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.close()
        return False
    _CLAIMS.append(claim)
    return True


def listens(port: int) -> bool:
    """Whether somebody takes connections there; costs the one that is starting next to nothing."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what would tell a server or agent something."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {**kept, "PYTHONUNBUFFERED": "1", **more}


def unmeasured(env: Mapping[str, str]) -> dict[str, str]:
    """An environment without what measures coverage, for processes whose speed matters."""
    return {name: value for name, value in env.items() if not name.startswith("COV")}


def signoff_command() -> str:
    """The command of the package under test."""
    return str(Path(sys.executable).with_name("signoff"))


class Process:
    """One process, started again under the same name with the same command and environment."""

    def __init__(self, name: str, command: list[str], env: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._env = dict(env)
        self._folder = folder
        self._popen: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Start it; comes back at once."""
        assert not self.alive, f"{self.name} runs already"
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self._command,
                env=self._env,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def alive(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def code(self) -> int | None:
        """Its exit code; None while it is alive or was never started."""
        return None if self._popen is None else self._popen.poll()

    def last_line(self) -> str:
        """The last that it said."""
        return (self.output().splitlines() or [""])[-1]

    def threads(self) -> int:
        """How many threads it has (Linux)."""
        return len(list(self._proc("task").iterdir()))

    def open_files(self) -> int:
        """How many files and connections it has open (Linux)."""
        return len(list(self._proc("fd").iterdir()))

    def starved(self) -> float:
        """Seconds in which it could have gone on and others had the processors (Linux; else 0)."""
        statistics = self._proc("schedstat")
        return int(statistics.read_text().split()[1]) / 1e9 if statistics.exists() else 0.0

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    def _proc(self, name: str) -> Path:
        return Path("/proc") / str(self.pid) / name

    def kill(self) -> None:
        """SIGKILL: it can't say anything any more."""
        if self._popen is not None and self.alive:
            os.kill(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def terminate(self, seconds: float = 15.0) -> int:
        """SIGTERM, and the exit code once it has ended."""
        assert self._popen is not None
        self.signal_end()
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end within {seconds} s of SIGTERM") from None

    def signal_end(self) -> None:
        """SIGTERM; comes back at once."""
        assert self._popen is not None
        os.kill(self._popen.pid, signal.SIGTERM)

    def close(self) -> None:
        """End it in a way that lets it measure its coverage, and by force if it does not end."""
        if self._popen is None or not self.alive:
            return
        self.signal_end()
        try:
            self._popen.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""
