"""HTTP/1.1 as it stands on the wire: messages are read and written, not interpreted.

The proxy must be able to do what no library of HTTP would: drop, cut, repeat, lie.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

_LONGEST_HEAD: Final = 2**16


class Gone(Exception):
    """The other side has closed the connection, maybe in the middle of a message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer. The names of headers are in lower case, their order is kept."""

    start: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        return next((value for given, value in self.headers if given == name), None)

    @property
    def status(self) -> int:
        """Of an answer."""
        return int(self.start.split(" ")[1])

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def having(self, body: bytes) -> Message:
        """The same with another body, whole."""
        unwanted = ("content-length", "transfer-encoding")
        headers = tuple(pair for pair in self.headers if pair[0] not in unwanted)
        length = (("content-length", str(len(body))),) if self.start[9:12] != "204" else ()
        return replace(self, headers=headers + length, body=body)

    def head(self) -> bytes:
        """Everything before the body."""
        lines = [self.start, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def told(self) -> dict[str, Any]:
        """As a JSON value, for transcripts."""
        body = self.body.decode(errors="backslashreplace")
        return {"start": self.start, "headers": dict(self.headers), "body": body}


class Connection:
    """One connection, with a look ahead: whether the other side is still there."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._buffer = bytearray()

    async def message(self, *, to_end: bool = False) -> Message:
        """The next message; `to_end`: without a length its body runs to the end.

        Raises:
            Gone: the connection is closed before its end.
        """
        head = await self.head()
        return replace(head, body=await self.body(head, to_end=to_end))

    async def head(self) -> Message:
        """Start line and headers of the next message; its body is still to be read."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _LONGEST_HEAD:
                raise Gone
            await self._more()
        text = bytes(self._buffer[:end]).decode("latin-1")
        del self._buffer[: end + 4]
        start, *lines = text.split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return Message(
            start, tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
        )

    async def body(self, head: Message, *, to_end: bool = False) -> bytes:
        """The body that belongs to a head."""
        if "chunked" in (head.header("transfer-encoding") or "").lower():
            return b"".join([chunk async for chunk in self.chunks()])
        length = head.header("content-length")
        if length is not None:
            return await self._exactly(int(length))
        if not to_end:
            return b""
        try:
            while True:
                await self._more()
        except Gone:
            return bytes(self._buffer)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The chunks of a body, as they come."""
        while length := int((await self._line()).partition(b";")[0], 16):
            yield await self._exactly(length)
            await self._line()
        while await self._line():
            pass

    async def lost(self) -> None:
        """Comes back when the other side has closed."""
        while True:
            try:
                await self._more()
            except Gone:
                return

    async def send(self, *parts: bytes) -> None:
        """Write, and wait until it is taken."""
        try:
            self._writer.writelines(parts)
            await self._writer.drain()
        except ConnectionError:
            raise Gone from None

    def abort(self) -> None:
        """Close without a word."""
        self._writer.transport.abort()

    def reset(self) -> None:
        """Close so that the other side reads an error instead of an end."""
        linger = struct.pack("ii", 1, 0)  # on, for no time
        self._writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
        self.abort()

    async def closed(self) -> None:
        """Comes back when it is closed, so that the other side can know."""
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _more(self) -> None:
        try:
            data = await self._reader.read(2**16)
        except ConnectionError:
            raise Gone from None
        if not data:
            raise Gone
        self._buffer += data

    async def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            await self._more()
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    async def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line
