"""What is written in one turn of the event loop leaves as one piece."""

from __future__ import annotations

import asyncio

from signoff.gathering import Gathering


class Wire(asyncio.Transport):
    """Remembers what it was told to send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.closed
        self.sent.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


async def test_what_is_written_in_one_turn_leaves_as_one_piece() -> None:
    wire = Wire()
    gathering = Gathering(wire)
    gathering.write(b"head ")
    gathering.write(memoryview(b"body"))
    assert wire.sent == []
    await asyncio.sleep(0)
    gathering.write(b"more")
    await asyncio.sleep(0)
    assert wire.sent == [b"head body", b"more"]


async def test_closing_sends_what_was_written_and_nothing_after() -> None:
    wire = Wire()
    gathering = Gathering(wire)
    gathering.write(b"last")
    gathering.close()
    assert (wire.sent, gathering.is_closing()) == ([b"last"], True)
    gathering.write(b"late")  # the other side has hung up meanwhile: there is nobody to tell
    await asyncio.sleep(0)
    assert wire.sent == [b"last"]
