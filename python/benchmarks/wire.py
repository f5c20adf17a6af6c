"""HTTP/1.1 as cheap as Python makes it, so that what is measured is the server and not the load.

A client library costs more per request than the server does; this one writes bytes and finds the
end of the answer. It knows what our server and the bare skeleton send, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

Json = dict[str, Any]


class Connection(asyncio.Protocol):
    """One connection, kept alive; one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._received[:end]).lower()
        _, _, rest = head.partition(b"content-length: ")
        length = int(rest.partition(b"\r\n")[0])
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        self._received.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server hung up"))

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; the status and the body of its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Caller:
    """Requests to one server over one connection."""

    def __init__(self, connection: Connection, host: str) -> None:
        self._connection = connection
        self._host = host

    @classmethod
    async def open(cls, url: str) -> Caller:
        parts = urlsplit(url)
        loop = asyncio.get_running_loop()
        assert parts.hostname
        assert parts.port
        _, connection = await loop.create_connection(Connection, parts.hostname, parts.port)
        return cls(connection, parts.netloc)

    def encode(self, method: str, path: str, body: Json | None = None) -> bytes:
        """A request as it goes over the wire, to be sent any number of times."""
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
        if body is not None:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        return head.encode() + b"\r\n" + content

    async def send(self, request: bytes, *expected: int) -> bytes:
        status, body = await self._connection.send(request)
        if status not in expected:
            raise RuntimeError(f"answered {status}: {body[:300]!r}")
        return body

    async def post(self, path: str, body: Json, *expected: int) -> Json:
        answer: Json = json.loads(await self.send(self.encode("POST", path, body), *expected))
        return answer

    async def get(self, path: str) -> Json:
        answer: Json = json.loads(await self.send(self.encode("GET", path), 200))
        return answer

    def close(self) -> None:
        self._connection.close()


async def rate(
    url: str, concurrent: int, seconds: float, work: Callable[[Caller], Awaitable[object]]
) -> float:
    """How often a second `work` is done by so many callers at once, after a tenth to warm up."""
    return await rates([url], concurrent, seconds, work)


async def rates(
    urls: Sequence[str],
    concurrent: int,
    seconds: float,
    work: Callable[[Caller], Awaitable[object]],
) -> float:
    """The same, with the callers spread over several servers."""
    loop = asyncio.get_running_loop()
    callers = [await Caller.open(urls[number % len(urls)]) for number in range(concurrent)]
    begin = loop.time() + seconds * 0.1
    end = begin + seconds
    done = 0

    async def drive(caller: Caller) -> None:
        nonlocal done
        while True:
            await work(caller)
            now = loop.time()
            if now >= end:
                return
            done += now >= begin

    try:
        await asyncio.gather(*map(drive, callers))
    finally:
        for caller in callers:
            caller.close()
    return done / seconds
