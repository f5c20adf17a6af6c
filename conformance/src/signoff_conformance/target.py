"""The server that is judged: started by a command, or found at a URL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import shlex
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from signoff_conformance.control import Control
from signoff_conformance.profiles import Profile
from signoff_conformance.runner import Untestable

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 20.0


class TargetError(Exception):
    """The server can't be started or reached: nothing can be said of it."""


class Target(Protocol):
    """A server in one profile."""

    url: str
    control: Control | None

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


class Found:
    """A server that runs already."""

    is_process = False

    def __init__(self, url: str, key: str | None, token: str | None) -> None:
        self.url = url.rstrip("/")
        self.keys: Mapping[str, str] = {} if key is None else {"admin": key}
        self.control = None if token is None else Control(self.url, token)

    async def start(self) -> None:
        """Nothing: it is there."""

    async def stop(self, *, kill: bool = False) -> None:
        """Nothing: it is not ours to end."""
        del kill
        if self.control is not None:
            await self.control.close()


class Started:
    """A server that a command starts: on a port and with a folder of its own.

    Args:
        command: with ``{port}``, ``{data}``, ``{token}``; see :func:`fill`.
        keys_command: makes a key and prints it: ``{data}``, ``{role}``, ``{name}``, ``{node}``.
        profile: how it is to be started.
        folder: for its data and its log.
        subscriber: host:port of the subscriber.
        env: the variables beside those of the profile.
    """

    is_process = True

    def __init__(
        self,
        command: str,
        keys_command: str | None,
        profile: Profile,
        folder: Path,
        subscriber: str,
        env: Mapping[str, str],
    ) -> None:
        self._command = command
        self._keys_command = keys_command
        self._profile = profile
        self._folder = folder
        self._port = free_port()
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
        self._folder.mkdir(parents=True, exist_ok=True)
        await self._make_keys()
        values = {"port": str(self._port), "data": str(self._folder), "token": self._token}
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
        if self.control is not None:
            await self.control.close()

    def log(self) -> str:
        """The end of what it has printed."""
        path = self._folder / "server.log"
        return path.read_text(errors="replace")[-2000:] if path.exists() else ""

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _make_keys(self) -> None:
        wanted = {name: key for name, key in self._profile.keys.items() if name not in self.keys}
        if wanted and self._keys_command is None:
            raise Untestable("the server needs keys for this: say --keys-cmd")
        for name, key in wanted.items():
            values = {"data": str(self._folder), "role": key.role, "name": name, "node": key.node}
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
        async with aiohttp.ClientSession() as http, asyncio.timeout(START_SECONDS):
            while True:
                if self._process is None or self._process.returncode is not None:
                    raise TargetError(f"the server ended at once: {self.log()}")
                try:
                    async with http.get(f"{self.url}/api/v1/health"):
                        return
                except aiohttp.ClientError:
                    # The only wait for time to pass: a process that starts tells nobody.
                    await asyncio.sleep(0.02)


def fill(command: str, values: Mapping[str, str | None]) -> list[str]:
    """The words of a command with the values put in.

    A part in brackets is left out when one of its values is None:
    ``serve --port {port} [--test-control {token}]``.
    """

    def part(match: re.Match[str]) -> str:
        lacks = any(values.get(name) is None for name in re.findall(r"\{(\w+)\}", match[1]))
        return "" if lacks else match[1]

    kept = re.sub(r"\[([^\[\]]*\{\w+\}[^\[\]]*)\]", part, command)
    return [
        re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), word)
        for word in shlex.split(kept)
    ]


_given: Final[set[int]] = set()


def free_port() -> int:
    """A port that nobody listens on now, below those that the system hands out to connections."""
    while True:
        port = 12_000 + secrets.randbelow(8_000)
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
