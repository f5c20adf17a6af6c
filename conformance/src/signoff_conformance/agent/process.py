"""A process of an agent under test, and the file in which it says what it has done."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from signoff_conformance import documents
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.keeper import keeper
from signoff_conformance.waiting import Waiting

END_SECONDS: Final = 15.0
"""How long it may take to end once it is told to."""

SIGNALS: Final = {"term": signal.SIGTERM, "kill": signal.SIGKILL, "int": signal.SIGINT}


class Process:
    """One process.

    Args:
        command: starts it.
        env: beside the suite's own environment, without what begins with ``SIGNOFF_``.
        log: the file that it appends to.
        changed: told when it has ended.
    """

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], log: Path, changed: Waiting
    ) -> None:
        self._command = command
        own = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
        self._env = {**own, **env, "CONFORMANCE_LOG": str(log)}
        self._log = log
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._words: deque[str] = deque(maxlen=15)
        self.exit: int | None = None
        """Its exit code; None while it runs."""
        self.expected = False
        """Whether it was told to end."""

    async def start(self) -> None:
        """Start it.

        Raises:
            AdapterFault: it cannot be started.
        """
        self._log.unlink(missing_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
            )
        except OSError as error:
            raise AdapterFault(f"{self._command[0]} cannot be started: {error}") from None
        keeper().watch(self._process.pid)
        self._task = asyncio.create_task(self._watch(self._process))

    def signal(self, name: str) -> None:
        """Send it ``term``, ``kill`` or ``int``: it is to end."""
        self.expected = True
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(SIGNALS[name])

    async def ended(self) -> int | None:
        """Its exit code, once it has ended; None when it does not end."""
        await self._changed.until(lambda: self.exit is not None, END_SECONDS)
        return self.exit

    async def stop(self) -> None:
        """End it, whatever it is at, and all that it has started."""
        self.expected = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._task is not None:
            await self._task

    def hello(self) -> Mapping[str, Any] | None:
        """What it says of itself; None while it has not.

        Raises:
            AdapterFault: it is none.
        """
        for line in self._lines()[:1]:
            try:
                documents.check(line.get("hello"), "agent_hello", Path("hello"))
            except documents.DocumentError as error:
                raise AdapterFault(str(error)) from None
            return dict(line["hello"])
        return None

    def did(self, execution: str) -> list[Mapping[str, Any]]:
        """What the attempts of an execution have done, in order.

        Raises:
            AdapterFault: a line of its log is none.
        """
        rows = [line for line in self._lines() if "did" in line]
        return [row for row in rows if row["attempt"].partition("~")[0] == execution]

    def last_words(self) -> str:
        """The end of what it has printed."""
        return "".join(f"\n  {line}" for line in self._words)

    def _lines(self) -> list[dict[str, Any]]:
        if not self._log.exists():
            return []
        rows: list[dict[str, Any]] = []
        for raw in self._log.read_text(encoding="utf-8", errors="replace").splitlines(True):
            if not raw.endswith("\n"):
                break  # it is being written
            try:
                row = json.loads(raw)
                documents.check(row, "agent_log", Path("log"))
            except (ValueError, documents.DocumentError) as error:
                raise AdapterFault(f"a line of its log is none: {raw[:200]!r} ({error})") from None
            rows.append(row)
        return rows

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is not None:
            async for raw in process.stdout:
                self._words.append(raw.decode(errors="replace").rstrip()[:500])
        self.exit = await process.wait()
        keeper().let_go(process.pid)
        self._changed.tell()
