"""A process that the server talks to: a real HTTP server on loopback that does as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

DEADLINE = 10.0
"""Seconds that a test waits for what should come at once."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


Respond = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(status: int, body: bytes = b"", **headers: str) -> Respond:
    """Answer so."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body, headers=named)

    return respond


async def reset(request: web.Request) -> web.StreamResponse:
    """Read the request, then reset the connection."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def truncate(request: web.Request) -> web.StreamResponse:
    """Announce an answer and send half of it."""
    assert request.transport is not None
    request.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n0123456789")
    request.transport.close()
    await asyncio.Event().wait()
    raise AssertionError


async def hang(request: web.Request) -> web.StreamResponse:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


class StandIn:
    """Answers by :attr:`script` in its order, then by :attr:`respond`; keeps what it heard."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.respond: Respond = answer(202)
        self.script: list[Respond] = []
        self.base_url = ""
        self.open = 0
        self.peak = 0
        self._news = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(Heard(request.raw_path, headers, body))
        self.open += 1
        self.peak = max(self.peak, self.open)
        async with self._news:
            self._news.notify_all()
        try:
            respond = self.script.pop(0) if self.script else self.respond
            return await respond(request)
        finally:
            self.open -= 1
            async with self._news:
                self._news.notify_all()

    async def until(self, held: Callable[[], bool]) -> None:
        """Wait until something is true, looking again after each request and each answer."""
        async with asyncio.timeout(DEADLINE), self._news:
            await self._news.wait_for(held)

    async def until_heard(self, count: int) -> list[Heard]:
        """Wait until so many requests have come."""
        await self.until(lambda: len(self.heard) >= count)
        return self.heard

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """A stand-in that listens on a port of its own."""
    agent = StandIn()
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{path:.*}", agent.handle)
    # Handlers end when the caller goes away, so that a cancelled call shows.
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    agent.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield agent
    finally:
        await runner.cleanup()
