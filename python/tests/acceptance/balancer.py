"""A load balancer: connections go to whichever server takes them, and break with it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from tests.acceptance.processes import free_port

CHUNK: Final = 65536


@contextmanager
def balanced(ports: Sequence[int]) -> Iterator[str]:
    """The URL of one, in front of servers on this machine, while the block runs."""
    port = free_port()
    turn = itertools.count()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = next(turn)
        for number in range(len(ports)):
            with contextlib.suppress(OSError):
                there = await asyncio.open_connection(
                    "127.0.0.1", ports[(first + number) % len(ports)]
                )
                await asyncio.gather(_pump(reader, there[1]), _pump(there[0], writer))
                return
        writer.transport.abort()

    def of_the_loop(coroutine: object) -> object:
        assert asyncio.iscoroutine(coroutine)
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    server = of_the_loop(asyncio.start_server(passed, "127.0.0.1", port))
    assert isinstance(server, asyncio.Server)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        of_the_loop(_end(server))
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes; when one side is at its end, so is the other."""
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
