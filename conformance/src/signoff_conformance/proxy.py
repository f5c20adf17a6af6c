"""A proxy between client and server that records everything, and breaks what it is told to.

Faults have names and are armed for the next request of an operation: nothing happens at random.
See `faults.py` for their names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from signoff_conformance.faults import Armed, Fault, Turn
from signoff_conformance.http1 import Connection, Gone, Message
from signoff_conformance.waiting import Waiting


@dataclass(slots=True)
class Exchange:
    """A request that came, and what became of it."""

    number: int
    operation: str
    """The operationId; empty where the contract has none."""
    request: Message
    fault: str = ""
    reply: Message | None = None
    """What the client was sent; None while there is nothing, or it was dropped."""
    server_reply: Message | None = None
    """What the server has answered, whatever the client was sent."""
    given_up: bool = False
    """The client has closed the connection before it was answered."""
    free: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when an exchange that is held may go on."""

    def told(self) -> dict[str, Any]:
        """As a JSON value, for transcripts."""
        told: dict[str, Any] = {"number": self.number, "operation": self.operation}
        told["request"] = self.request.told()
        if self.fault:
            told["fault"] = self.fault
        if self.server_reply is not None and self.server_reply is not self.reply:
            told["server_reply"] = self.server_reply.told()
        told["reply"] = None if self.reply is None else self.reply.told()
        if self.given_up:
            told["given_up"] = True
        return told


class Proxy:
    """Listens on a port of its own. `upstream` is where the server is, and may be changed."""

    def __init__(self, upstream: str, operation_of: Callable[[str, str], str]) -> None:
        self.upstream = upstream
        self.exchanges: list[Exchange] = []
        self.strays: list[Message] = []
        """What came to the other place, where redirects lead: nothing may."""
        self.changed = Waiting()
        self.lingers = False
        """Whether the server goes on to be asked when the client has closed the connection."""
        self._operation_of = operation_of
        self._armed: list[Armed] = []
        self._port = 0
        self._server: asyncio.Server | None = None
        self._elsewhere: asyncio.Server | None = None
        self._open: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def elsewhere(self) -> str:
        """The other place."""
        if self._elsewhere is None:
            raise RuntimeError("the proxy is not started")
        return f"http://127.0.0.1:{self._elsewhere.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Listen; after a refusal on the same port again."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]
        if self._elsewhere is None:
            self._elsewhere = await asyncio.start_server(self._stray, "127.0.0.1", 0)

    def refuse(self) -> None:
        """Close the port and all connections: who connects is refused, until `start`."""
        if self._server is not None:
            self._server.close()
        self._server = None
        for connection in self._open:
            connection.abort()

    async def stop(self) -> None:
        """Close everything."""
        self.refuse()
        if self._elsewhere is not None:
            self._elsewhere.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def reset(self) -> None:
        """Forget the recorded and the armed; begin to close the connections."""
        for connection in self._open:
            connection.abort()
        for exchange in self.exchanges:
            exchange.free.set()
        self.exchanges, self.strays, self._armed = [], [], []

    async def hung_up(self) -> None:
        """Comes back when all connections are closed that a reset has begun to close."""
        for connection in list(self._open):
            await connection.closed()

    def disarm(self) -> None:
        """Arm nothing any more, and let go what is held."""
        self._armed = []
        for exchange in self.exchanges:
            exchange.free.set()

    def forget(self) -> None:
        """Forget the recorded and the armed; connections stay."""
        self.disarm()
        self.exchanges, self.strays = [], []

    def arm(self, faults: Iterable[Fault]) -> None:
        """Add faults to those that wait for their request."""
        self._armed += [Armed(fault) for fault in faults]

    def unused(self) -> list[str]:
        """The faults that met no request."""
        return [armed.fault.name for armed in self._armed if armed.missed]

    def of(self, operation: str) -> list[Exchange]:
        """The exchanges of an operation; `*` for all."""
        return [one for one in self.exchanges if operation in ("*", one.operation)]

    def _fault_for(self, operation: str) -> Fault | None:
        fits = (armed for armed in self._armed if armed.meets(operation))
        return next((armed.fault for armed in fits if armed.take()), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
        connection = Connection(reader, writer)
        self._open.add(connection)
        try:
            with suppress(Gone, asyncio.CancelledError):
                while True:
                    await self._exchange(connection, await connection.message())
        finally:
            self._open.discard(connection)
            if task is not None:
                self._tasks.discard(task)
            connection.abort()

    async def _exchange(self, client: Connection, request: Message) -> None:
        method, target, _ = request.start.split(" ", 2)
        operation = self._operation_of(method, urlsplit(target).path)
        exchange = Exchange(len(self.exchanges) + 1, operation, request)
        self.exchanges.append(exchange)
        fault = self._fault_for(operation)
        exchange.fault = fault.name if fault else ""
        self.changed.tell()
        answering = asyncio.create_task(
            (fault or Fault("pass", {})).answer(Turn(self, exchange, client))
        )
        lost = asyncio.create_task(client.lost())
        try:
            ends = {answering} if self.lingers else {answering, lost}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                exchange.given_up = True
                raise Gone
            answering.result()
        finally:
            for task in (answering, lost):
                task.cancel()
            await asyncio.gather(answering, lost, return_exceptions=True)
            self.changed.tell()

    async def forward(self, request: Message) -> tuple[Connection, Message]:
        """Send a request to the server; the connection, and the head of the answer.

        Raises:
            Gone: the server is not there, or has closed the connection.
        """
        parts = urlsplit(self.upstream)
        if parts.port is None:
            raise Gone
        try:
            server = Connection(*await asyncio.open_connection(parts.hostname, parts.port))
        except OSError:
            raise Gone from None
        unwanted = ("connection", "host", "transfer-encoding", "content-length")
        kept = [pair for pair in request.headers if pair[0] not in unwanted]
        kept += [("host", parts.netloc), ("connection", "close")]
        kept += [("content-length", str(len(request.body)))]
        try:
            await server.send(Message(request.start, tuple(kept)).head(), request.body)
            head = await server.head()
        except BaseException:
            server.abort()
            raise
        # The connection to the client is another one, and stays.
        return server, replace(
            head, headers=tuple(pair for pair in head.headers if pair[0] != "connection")
        )

    async def answered(self, request: Message) -> Message:
        """Send a request to the server; the whole answer.

        Raises:
            Gone: see `forward`.
        """
        server, head = await self.forward(request)
        try:
            return head.having(await server.body(head, to_end=True))
        finally:
            server.abort()

    async def _stray(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer)
        with suppress(Gone):
            self.strays.append(await connection.message())
            reply = Message("HTTP/1.1 200 OK", (("content-type", "application/json"),))
            await connection.send(reply.having(b"{}").head(), b"{}")
        connection.abort()
