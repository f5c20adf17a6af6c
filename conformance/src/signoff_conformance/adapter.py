"""A client under test: a process that is spoken to in lines of JSON, and not believed.

Whatever it does against the protocol (a reply to nothing, two replies, chatter, half a line,
silence) is a fault of the adapter: it ends the case that runs with a harness error, because
nothing can be said of the client behind it any more.
"""

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
from signoff_conformance.keeper import keeper
from signoff_conformance.runner import TargetError
from signoff_conformance.waiting import Waiting

PROTOCOL: Final = 1
PATIENCE_SECONDS: Final = 10.0
"""How long anything that an adapter does by itself may take; a call may take longer."""

_LONGEST_LINE: Final = 2**26


class AdapterFault(TargetError):
    """The adapter does not keep the protocol: nothing can be said of the client."""


class Adapter:
    """One process of an adapter. `events` are those that nobody has taken yet.

    Args:
        command: starts it.
        changed: told of every line that it writes.
    """

    def __init__(self, command: Sequence[str], changed: Waiting | None = None) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._stderr: deque[str] = deque(maxlen=20)
        self._count = 0
        self._leaving = False
        self.replies: dict[int, Mapping[str, Any]] = {}
        """Those that have come, by the numbers of their messages."""
        self.events: list[Mapping[str, Any]] = []
        self.changed = changed or Waiting()
        self.fault: AdapterFault | None = None
        self.log: list[Mapping[str, Any]] = []
        """All lines since it was cleared: `{"to": …}` and `{"from": …}`."""

    async def start(self) -> Mapping[str, Any]:
        """Start it and hear its hello.

        Raises:
            AdapterFault: it cannot be started, or speaks another protocol.
        """
        pipe = asyncio.subprocess.PIPE
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, stderr=pipe,
                limit=_LONGEST_LINE, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise AdapterFault(f"{self._command[0]} cannot be started: {error}") from None
        keeper().watch(self._process.pid)
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._overhear())]
        reply = await self.ask("hello", protocol=PROTOCOL)
        hello = reply.get("ok")
        try:
            documents.check(hello, "adapter_hello", Path("hello"))
        except documents.DocumentError as error:
            raise AdapterFault(str(error)) from None
        return dict(hello or {})

    async def ask(self, do: str, **members: Any) -> Mapping[str, Any]:
        """Send a message and come back with its reply, which must come soon.

        Raises:
            AdapterFault: it does not.
        """
        number = self.send(do, **members)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self.reply(number)
        except TimeoutError:
            self._break(f"no reply to {do} within {PATIENCE_SECONDS:g} s")
        raise self.fault or AssertionError

    def send(self, do: str, **members: Any) -> int:
        """Send a message; the number that its reply will have.

        Raises:
            AdapterFault: it has broken the protocol before.
        """
        self.check()
        self._count += 1
        line = {"do": do, "id": self._count, **members}
        documents.check(line, "adapter_messages", Path("message"))
        self.log.append({"to": line})
        self._waiting[self._count] = asyncio.get_running_loop().create_future()
        self._write(line)
        return self._count

    def _write(self, line: Mapping[str, Any]) -> None:
        stdin = self._process.stdin if self._process else None
        if stdin is None:
            raise AdapterFault("the adapter is not started")
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
        stdin.write(text.encode() + b"\n")

    async def reply(self, number: int) -> Mapping[str, Any]:
        """The reply to a message, once it is there.

        Raises:
            AdapterFault: the adapter has broken the protocol meanwhile.
        """
        return await asyncio.shield(self._waiting[number])

    def replied(self, number: int) -> bool:
        """Whether the reply to a message is there."""
        return number in self.replies

    @property
    def busy(self) -> bool:
        """Whether a message was sent that it has not replied to."""
        return any(number not in self.replies for number in self._waiting)

    def check(self) -> None:
        """Raise AdapterFault if the adapter has broken the protocol."""
        if self.fault is not None:
            raise self.fault

    async def stop(self) -> None:
        """Say bye, and end the process if it does not go by itself."""
        process = self._process
        if process is None:
            return
        self._leaving = True
        with suppress(AdapterFault):
            await self.ask("bye")
        if self.fault is not None:
            # It has lost its right to a farewell.
            self.kill()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await process.wait()
        except TimeoutError:
            self.kill()
            await process.wait()
        keeper().let_go(process.pid)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _read(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        while True:
            try:
                raw = await process.stdout.readline()
            except ValueError:
                self._break("a line of over 64 MiB")
                return
            if not raw.endswith(b"\n"):
                if not self._leaving or raw:
                    how = f"died in the middle of a line: {raw[:200]!r}" if raw else "died"
                    code = await process.wait()
                    self._break(f"it {how} (exit {code}){self._last_words()}")
                return
            self._take(raw)

    def _take(self, raw: bytes) -> None:
        try:
            line = json.loads(raw)
            documents.check(line, "adapter_replies", Path("line"))
        except (ValueError, documents.DocumentError) as error:
            self._break(f"what it writes is no line of the protocol: {raw[:200]!r} ({error})")
            return
        self.log.append({"from": line})
        if "event" in line:
            self.events.append(line)
        elif line["id"] in self.replies:
            self._break(f"two replies to message {line['id']}")
        elif line["id"] not in self._waiting:
            self._break(f"a reply to message {line['id']}, which was never sent")
        else:
            self.replies[line["id"]] = line
            self._waiting[line["id"]].set_result(line)
        self.changed.tell()

    async def _overhear(self) -> None:
        if self._process is None or self._process.stderr is None:
            return
        async for raw in self._process.stderr:
            self._stderr.append(raw.decode(errors="replace").rstrip())

    def _last_words(self) -> str:
        return "".join(f"\n  {line}" for line in self._stderr)

    def _break(self, how: str) -> None:
        if self.fault is None:
            self.fault = AdapterFault(f"{' '.join(self._command)}: {how}")
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(self.fault)
                # Nobody may wait for it any more.
                reply.exception()
        self.changed.tell()
