"""Doors: what agents, servers and clients send to each other goes through one, so that a process
can be killed while a request is on its way.

A door in front of the servers is what a load balancer is in production: it passes a request on to
any that takes the connection. Whoever's other side dies finds the connection cut; when nobody is
there at all the door says so by a 502: then nothing has arrived, which a cut leaves open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import aiohttp
from aiohttp import web
from yarl import URL

from tests.chaos.points import Passage, When

HOP: Final = {"connection", "host", "keep-alive", "transfer-encoding", "content-length"}

Origins = Callable[[], list[tuple[str, str]]]
"""Names and URLs that a request may go to, the preferred one first."""


class Watcher(Protocol):
    """Told of each request at a door; may kill somebody there, and says whether to cut it."""

    async def passes(self, passage: Passage, when: When) -> bool: ...


class Door:
    """Passes on what comes in at a port of this machine.

    Args:
        port: where it listens.
        origins: where it goes.
        agent: whose door it is; None: the clients'.
        inward: whether it leads to that agent; else it leads to the servers.
        watcher: told of each request.
    """

    def __init__(
        self, port: int, origins: Origins, watcher: Watcher, *, agent: str | None, inward: bool
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port, self._origins, self._watcher = port, origins, watcher
        self._agent, self._inward = agent, inward
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(web.Server(self._pass), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def _pass(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        for name, url in self._origins():
            passage = Passage(
                "agent" if self._inward else "server",
                request.method,
                request.path,
                None if self._inward else name,
                self._agent,
            )
            if await self._watcher.passes(passage, "before"):
                break
            try:
                answer, read = await self._forward(request, url, body)
            except aiohttp.ClientConnectorError:
                continue  # nobody there: it was not written
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                break  # nobody knows what became of it
            if answer.status < 300 and await self._watcher.passes(passage, "after"):
                break
            return answer_of(answer, read)
        else:
            return web.Response(status=502)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=502)

    async def _forward(
        self, request: web.BaseRequest, url: str, body: bytes
    ) -> tuple[aiohttp.ClientResponse, bytes]:
        assert self._session is not None
        headers = [(k, v) for k, v in request.headers.items() if k.lower() not in HOP]
        async with self._session.request(
            request.method,
            URL(f"{url}{request.raw_path}", encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as answer:
            return answer, await answer.read()


def answer_of(answer: aiohttp.ClientResponse, body: bytes) -> web.Response:
    """The same answer to the one who asked."""
    headers = [(k, v) for k, v in answer.headers.items() if k.lower() not in HOP]
    return web.Response(status=answer.status, body=body, headers=dict(headers))
