"""Answers in one piece, for whoever serves with uvicorn.

It writes the head and the body of an answer apart, and each write is a call into the kernel on
this side, and one more wake-up on the other.
"""

import asyncio
from typing import Final

_PASSED: Final = (
    "abort",
    "get_extra_info",
    "is_closing",
    "pause_reading",
    "resume_reading",
    "set_protocol",
)
"""What of a transport uvicorn uses, besides what is gathered."""


class Gathering(asyncio.Transport):
    """A transport that sends what was written in one turn of the event loop at its end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes | bytearray | memoryview] = []
        for name in _PASSED:
            setattr(self, name, getattr(transport, name))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send with what else is written in this turn."""
        if not self._written:
            self._loop.call_soon(self._send)
        self._written.append(data)

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        pieces, self._written = self._written, []
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
