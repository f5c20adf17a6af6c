"""The server that is judged: started by a command, or found at a URL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from signoff_conformance.commands import fill
from signoff_conformance.control import Control
from signoff_conformance.databases import Databases, new_name
from signoff_conformance.keeper import keeper
from signoff_conformance.ports import free_port
from signoff_conformance.profiles import Profile
from signoff_conformance.runner import TargetError, Untestable

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0


class Target(Protocol):
    """A server in one profile."""

    @property
    def url(self) -> str:
        """Where it is."""

    @property
    def control(self) -> Control | None:
        """Its test control, if it has that."""

    async def start(self) -> None:
        """Have it there; does nothing when it is."""

    async def stop(self, *, kill: bool = False) -> None:
        """End it; by SIGKILL with ``kill``."""

    @property
    def keys(self) -> Mapping[str, str]:
        """The keys that it has, by the names of the profile."""

    @property
    def is_process(self) -> bool:
        """Whether it can be ended and started again."""

    @property
    def is_emptied(self) -> bool:
        """Whether each case finds nothing in it."""

    async def renew(self) -> None:
        """Begin anew with nothing stored, without test control."""


class Found:
    """A server that runs already."""

    is_process = False

    def __init__(self, url: str, key: str | None, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.keys: Mapping[str, str] = {} if key is None else {"admin": key}
        self.control = None if token is None else Control(self.url, token)
        self._there = False

    @property
    def is_emptied(self) -> bool:
        """By test control only."""
        return self.control is not None

    async def renew(self) -> None:
        """Nothing: it is not ours to begin anew."""

    async def start(self) -> None:
        """See that it is there, once.

        Raises:
            TargetError: it is not.
        """
        if self._there:
            return
        timeout = aiohttp.ClientTimeout(START_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as http,
                http.get(f"{self.url}/api/v1/health"),
            ):
                self._there = True
        except (aiohttp.ClientError, ValueError, TimeoutError) as error:
            raise TargetError(f"there is no server at {self.url}: {error!r}") from None

    async def stop(self, *, kill: bool = False) -> None:
        """Nothing: it is not ours to end."""
        del kill
        if self.control is not None:
            await self.control.close()


class Started:
    """A server that a command starts: on a port and with a folder of its own.

    Args:
        command: with ``{port}``, ``{data}``, ``{token}``, ``{database}``; see :func:`fill`.
        keys_command: makes a key and prints it: ``{data}``, ``{database}``, ``{role}``,
            ``{name}``, ``{node}``.
        profile: how it is to be started.
        folder: for its data and its log.
        subscriber: host:port of the subscriber.
        env: the variables beside those of the profile.
        databases: makes the one that is its ``{database}``; None: it has none.
    """

    is_process = True
    is_emptied = True

    def __init__(
        self,
        command: str,
        keys_command: str | None,
        profile: Profile,
        folder: Path,
        subscriber: str,
        env: Mapping[str, str],
        databases: Databases | None = None,
    ) -> None:
        self._command = command
        self._keys_command = keys_command
        self._profile = profile
        self._folder = folder
        self._port = free_port()
        self._databases = databases
        self._renewed = 0
        self._places: dict[str, str | None] = {"data": str(folder), "database": None}
        controlled = profile.test_control and "{token}" in command
        self._token = secrets.token_hex(16) if controlled else None
        self._process: asyncio.subprocess.Process | None = None
        told = {
            name: text.replace("{subscriber}", subscriber) for name, text in profile.env.items()
        }
        self._env = {**env, **told}
        self.keys: dict[str, str] = {}
        self.url = f"http://127.0.0.1:{self._port}"
        self.control = None if self._token is None else Control(self.url, self._token)

    async def start(self) -> None:
        """Make its keys, start it, wait until it answers."""
        if self._process is not None and self._process.returncode is None:
            return
        self._let_go()
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._databases is not None and self._places["database"] is None:
            self._places["database"] = await self._databases.new(new_name())
        await self._make_keys()
        values = {**self._places, "port": str(self._port), "token": self._token}
        with (self._folder / "server.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *fill(self._command, values),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._folder,
                start_new_session=True,
            )
        keeper().watch(self._process.pid)
        await self._answers()

    async def stop(self, *, kill: bool = False) -> None:
        """End it, and whatever it has started."""
        process = self._process
        if process is not None and process.returncode is None:
            self._signal(signal.SIGKILL if kill else signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await process.wait()
        self._let_go()
        if self.control is not None:
            await self.control.close()

    async def renew(self) -> None:
        """Start it anew in another folder, with another database and other keys."""
        await self.stop(kill=True)
        self._renewed += 1
        self._folder = self._folder.with_name(
            f"{self._profile.name}-anew-{self._port}-{self._renewed}"
        )
        self._places = {"data": str(self._folder), "database": None}
        self.keys.clear()
        await self.start()

    def log(self) -> str:
        """The end of what it has printed."""
        path = self._folder / "server.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def _let_go(self) -> None:
        if self._process is not None:
            keeper().let_go(self._process.pid)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _make_keys(self) -> None:
        wanted = {name: key for name, key in self._profile.keys.items() if name not in self.keys}
        if wanted and self._keys_command is None:
            raise Untestable("the server needs keys for this: say --keys-cmd")
        for name, key in wanted.items():
            values = {**self._places, "role": key.role, "name": name, "node": key.node}
            process = await asyncio.create_subprocess_exec(
                *fill(self._keys_command or "", values),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=self._env,
                cwd=self._folder,
            )
            out, err = await process.communicate()
            if process.returncode or not out.split():
                raise TargetError(f"--keys-cmd made no key: {err.decode(errors='replace')[-500:]}")
            self.keys[name] = out.split()[0].decode()

    async def _answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(START_SECONDS)) as http:
            while time.monotonic() < deadline:
                if self._process is None or self._process.returncode is not None:
                    raise TargetError(f"the server ended at once: {self.log()}")
                try:
                    async with http.get(f"{self.url}/api/v1/health"):
                        return
                except (aiohttp.ClientError, TimeoutError):
                    # The only wait for time to pass: a process that starts tells nobody.
                    await asyncio.sleep(0.05)
        raise TargetError(f"no answer at {self.url} within {START_SECONDS:.0f} s: {self.log()}")
