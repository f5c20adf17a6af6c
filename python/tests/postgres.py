"""A PostgreSQL of the tests' own: in a temporary folder, on a free port, ended with the session.

Never a cluster of the machine. `SIGNOFF_TEST_DATABASE_URL` names a server to use instead, whose
role may make databases.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

URL_VARIABLE: Final = "SIGNOFF_TEST_DATABASE_URL"
MISSING: Final = (
    "PostgreSQL is not installed: install the package `postgresql` (Debian, Ubuntu),"
    f" or set {URL_VARIABLE} to a server whose role may make databases"
)
DEADLINE: Final = 60
PASSWORD: Final = "correct horse"


def binaries() -> Path | None:
    """The folder of the newest `initdb` there is; Debian keeps it off the path."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(found).parent if found else None


def _account() -> dict[str, Any]:
    """Whom the server runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise AssertionError("there is neither an account postgres nor nobody")


def _end_with_parent() -> None:
    """Have Linux end the server when the tests are killed: nobody else would."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, int(signal.SIGQUIT))


class Cluster:
    """A server process of its own, which may be killed and started again.

    Args:
        folder: empty, and open to the account that the server runs as.
        durable: whether it waits for the disk; off, it is faster and survives its own death only.
        log: gets all that it says; None: only the last lines are kept, in `said`.
    """

    def __init__(self, folder: Path, *, durable: bool = False, log: Path | None = None) -> None:
        self._bin = binaries()
        assert self._bin is not None, MISSING
        self._folder = folder / "data"
        self._account = _account()
        self._options = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self._process: subprocess.Popen[str] | None = None
        self._log = log
        self.said: deque[str] = deque(maxlen=100)
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port: int = sock.getsockname()[1]
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if self._account:
            for path in (folder, secret):
                os.chown(path, self._account["user"], self._account["group"])
        command = [str(self._bin / "initdb"), "--no-sync", "--username=signoff", "--encoding=UTF8"]
        command += ["--locale=C", "--auth=trust", f"--pwfile={secret}", str(self._folder)]
        made = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=folder, **self._account
        )
        assert made.returncode == 0, made.stderr

    def url(self, database: str = "postgres") -> str:
        password = PASSWORD.replace(" ", "%20")
        return f"postgresql://signoff:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it and wait until it takes connections. It ends with the thread that calls this."""
        assert self._bin is not None
        ready = threading.Event()
        command = [str(self._bin / "postgres"), "-D", str(self._folder), "-p", str(self.port)]
        command += ["-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "lc_messages=C"]
        self._process = subprocess.Popen(
            [*command, *self._options],
            stderr=subprocess.PIPE,
            text=True,
            cwd=self._folder,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - no more than one call into libc
            **self._account,
        )
        threading.Thread(target=self._listen, args=[self._process, ready], daemon=True).start()
        assert ready.wait(DEADLINE), "".join(self.said)
        assert self._process.poll() is None, "".join(self.said)

    def kill(self) -> None:
        """SIGKILL to the whole server; all its processes are gone when this comes back."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)  # it makes no others
        everyone = [self._process.pid, *self._children()]
        self._signal(signal.SIGKILL)
        self._process.wait()
        # While one of them is there, its memory is, and no other server starts on the same folder.
        deadline = time.monotonic() + DEADLINE
        while any(map(_lives, everyone)):
            assert time.monotonic() < deadline, f"not all of {everyone} end"
            time.sleep(0.002)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block runs the server does not answer, though it is there."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, sign: signal.Signals) -> None:
        """To the server and its children; the first first, so that it makes no others."""
        assert self._process is not None
        for each in (self._process.pid, *self._children()):
            with suppress(ProcessLookupError):
                os.kill(each, sign)

    def _children(self) -> list[int]:
        assert self._process is not None
        pid = self._process.pid
        return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def stop(self, sign: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts connections off, SIGQUIT does not even tidy up."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(sign)
            self._process.wait(DEADLINE)

    def _listen(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stderr is not None
        with process.stderr as lines, (self._log or Path(os.devnull)).open("a") as log:
            for line in lines:
                self.said.append(line)
                log.write(line)
                log.flush()
                if "ready to accept connections" in line:
                    ready.set()
        ready.set()  # it has ended: nobody waits for it any more


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@contextmanager
def running_cluster(*, durable: bool = False, log: Path | None = None) -> Iterator[Cluster]:
    """A cluster that is started, and deleted in the end. Skips, or fails in CI, without one."""
    if binaries() is None:
        without_server()
    # Not pytest's folders: another account can't reach into those.
    with tempfile.TemporaryDirectory(
        prefix="signoff-postgres-", ignore_cleanup_errors=True
    ) as name:
        cluster = Cluster(Path(name), durable=durable, log=log)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)


def without_server() -> None:
    """Skip, except where nobody would see that: there it is a failure."""
    if os.environ.get("CI"):
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING)


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server whose databases are the tests' own."""
    if url := os.environ.get(URL_VARIABLE):
        yield url
        return
    with running_cluster() as cluster:
        yield cluster.url()


@contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """A database that is empty, and dropped in the end; its URL."""
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
    run(server, drop)
    run(server, f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        run(server, drop)


def run(url: str, *statements: str) -> None:
    """Run statements, from outside of any event loop."""

    async def work() -> None:
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work()).result()
