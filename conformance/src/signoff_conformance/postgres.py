"""A PostgreSQL of the suite's own: in a temporary folder, on a free port, ended with the run.

Never a cluster of the machine. It does not wait for the disk: what the suite kills are servers
that use it, not itself.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from signoff_conformance.keeper import keeper
from signoff_conformance.ports import free_port
from signoff_conformance.runner import TargetError

START_SECONDS: Final = 60.0
_USER: Final = "conformance"
_OPTIONS: Final = (
    *("-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "lc_messages=C"),
    *("-c", "fsync=off", "-c", "full_page_writes=off"),
)


class Postgres:
    """The server process; started when the first database is asked for."""

    def __init__(self) -> None:
        self._starting = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._folder = Path()
        self._port = 0

    async def new(self, name: str) -> str:
        """Make an empty database; its URL.

        Raises:
            TargetError: there is no server to make it.
        """
        async with self._starting:
            if self._process is None:
                await self._start()
        options = ["--host=127.0.0.1", f"--port={self._port}", f"--username={_USER}"]
        await self._run("createdb", *options, "--template=template0", "--encoding=UTF8", name)
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{name}"

    async def stop(self) -> None:
        """End it and delete what it has stored."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGQUIT)
        await self._process.wait()
        keeper().let_go(self._process.pid)
        if self._listening is not None:
            await self._listening
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="signoff-conformance-postgres-"))
        keeper().folder(self._folder)
        account = _account()
        if account:
            os.chown(self._folder, account["user"], account["group"])
        data = self._folder / "data"
        options = ["--no-sync", f"--username={_USER}", "--encoding=UTF8", "--locale=C"]
        await self._run("initdb", *options, "--auth=trust", str(data))
        self._port = free_port()
        self._process = await asyncio.create_subprocess_exec(
            *(str(_binary("postgres")), "-D", str(data), "-p", str(self._port), *_OPTIONS),
            stderr=asyncio.subprocess.PIPE,
            cwd=self._folder,
            start_new_session=True,
            **account,
        )
        keeper().watch(self._process.pid, signal.SIGQUIT)
        await self._is_ready(self._process)

    async def _is_ready(self, process: asyncio.subprocess.Process) -> None:
        said: list[str] = []
        ready = asyncio.Event()

        async def listen() -> None:
            if process.stderr is None:
                return
            async for line in process.stderr:
                del said[:-20]
                said.append(line.decode(errors="replace"))
                if b"ready to accept connections" in line:
                    ready.set()
            ready.set()  # it has ended

        self._listening = asyncio.create_task(listen())
        try:
            await asyncio.wait_for(ready.wait(), START_SECONDS)
        except TimeoutError:
            raise TargetError(f"PostgreSQL does not start: {''.join(said)}") from None
        if process.returncode is not None or process.stderr is None or process.stderr.at_eof():
            raise TargetError(f"PostgreSQL ended at once: {''.join(said)}")

    async def _run(self, program: str, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            *(str(_binary(program)), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._folder,
            **_account(),
        )
        out, _ = await process.communicate()
        if process.returncode:
            raise TargetError(f"{program}: {out.decode(errors='replace')[-1000:]}")


def _binary(name: str) -> Path:
    """A program of the newest PostgreSQL there is; Debian keeps them off the path."""
    debian = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    found = max(debian, key=lambda path: float(re.sub(r"[^\d.]", "", path.parts[-3])), default=None)
    on_path = shutil.which(name)
    if found is None and on_path is None:
        raise TargetError(
            "PostgreSQL is not installed: install the package `postgresql` (Debian, Ubuntu), or"
            " give --database a command that makes a database and prints its URL"
        )
    return found or Path(on_path or "")


def _account() -> dict[str, Any]:
    """Whom it runs as: it refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise TargetError("PostgreSQL does not run as root, and there is no account postgres")
