"""Agents and subscribers that a case plays: they receive what the server sends, and answer it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from aiohttp import web

from signoff_conformance import signatures
from signoff_conformance.traffic import Exchange

LONGEST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """How to answer one message."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """None: what an agent or subscriber says to that message usually."""
    hold: asyncio.Event | None = None
    """Wait for it before the answer."""
    close: bool = False
    """Close the connection instead of an answer."""


@dataclass(slots=True)
class Endpoint:
    """One agent instance, or one subscriber: a path at the host, an inbox, and what it answers."""

    name: str
    url: str
    kept: list[Exchange]
    secret: str | None = None
    """What messages to it must be signed with; None: they need not be."""
    inbox: dict[str, deque[Exchange]] = field(default_factory=dict)
    """What came and was not looked at yet, by the kind of message."""
    replies: dict[str, deque[Reply]] = field(default_factory=dict)
    """How to answer what comes next, by the kind of message; then as usual."""
    always: dict[str, Reply] = field(default_factory=dict)
    """How to answer when nothing else is said."""
    faults: list[str] = field(default_factory=list)
    """What is wrong with the signatures of what came."""

    def take(self, kind: str) -> Exchange | None:
        """The oldest message of a kind that was not looked at; None when there is none."""
        box = self.inbox.get(kind)
        return box.popleft() if box else None

    def reply(self, kind: str, exchange: Exchange) -> Reply:
        """How to answer a message that has come."""
        del exchange
        queue = self.replies.get(kind)
        if queue:
            return queue.popleft()
        return self.always.get(kind, Reply(202 if kind == "dispatchExecution" else 200))


SUBSCRIBER: Final = "subscriber"
"""The endpoint whose address servers are started with: it is the same in all cases."""

_Endpoint = TypeVar("_Endpoint", bound=Endpoint)


class Host:
    """Listens on loopback for all endpoints of one worker.

    Agents have other addresses in each case: what a server still sends to those of the case before
    reaches nobody. What it sends to any other address where nobody listens is a stray.
    """

    def __init__(self) -> None:
        self._endpoints: dict[str, Endpoint] = {}
        self.strays: list[str] = []
        """What came in this turn to an address at which nobody listens: method and path."""
        self._turn = 1
        self._runner: web.AppRunner | None = None
        self.address = ""
        """``127.0.0.1:port``."""

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=LONGEST)
        app.router.add_route("*", "/{tail:.*}", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"{host}:{port}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    def open(self, name: str, kept: list[Exchange], secret: str | None = None) -> Endpoint:
        """An endpoint whose path ends in its name; in the place of one of that name."""
        path = f"/{name}" if name == SUBSCRIBER else f"/{self._turn}/{name}"
        return self.put(Endpoint(name, f"http://{self.address}{path}", kept, secret))

    def put(self, endpoint: _Endpoint) -> _Endpoint:
        """Have an endpoint; in the place of one at that path."""
        self._endpoints[endpoint.url.removeprefix(f"http://{self.address}")] = endpoint
        return endpoint

    def clear(self) -> None:
        """Know no endpoint any more: what still comes is answered 410."""
        for endpoint in self._endpoints.values():
            for queue in endpoint.replies.values():
                for reply in queue:
                    if reply.hold is not None:
                        reply.hold.set()
        self._endpoints.clear()
        self.strays = []
        self._turn += 1

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        turn, short = turn_and_path(request.path_qs)
        name, _, rest = short.partition("?")[0].lstrip("/").partition("/")
        endpoint = self._endpoints.get(f"{turn}/{name}")
        body = await request.read()
        if endpoint is None:
            # Servers are started with the subscriber, whether or not a case plays it.
            if name != SUBSCRIBER and turn in ("", f"/{self._turn}"):
                self.strays.append(f"{request.method} {short}")
            return web.Response(status=410)
        headers = {key.lower(): value for key, value in request.headers.items()}
        kind = kind_of(rest, body)
        exchange = Exchange(request.method, short, headers, body, message=kind)
        endpoint.kept.append(exchange)
        if endpoint.secret is not None:
            fault = signatures.fault(headers, body, endpoint.secret, None)
            if fault is not None:
                endpoint.faults.append(f"{kind} to {endpoint.name}: {fault}")
        endpoint.inbox.setdefault(kind, deque()).append(exchange)
        return await self._answer(request, endpoint, kind, exchange)

    async def _answer(
        self, request: web.Request, endpoint: Endpoint, kind: str, exchange: Exchange
    ) -> web.StreamResponse:
        reply = endpoint.reply(kind, exchange)
        if reply.hold is not None:
            await reply.hold.wait()
        if reply.close:
            exchange.note = "the connection was closed instead of an answer"
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        said = usual(kind, exchange) if reply.body is None else reply.body
        exchange.status, exchange.answer = reply.status, said
        headers = {"Content-Type": "application/json", **reply.headers}
        return web.Response(status=reply.status, headers=headers, body=said)


def turn_and_path(path: str) -> tuple[str, str]:
    """``/7/worker/reasoners/work`` is ``/7`` and the path that cases know."""
    first, slash, rest = path.lstrip("/").partition("/")
    return (f"/{first}", f"{slash}{rest}") if first.isdecimal() else ("", path)


def kind_of(rest: str, body: bytes) -> str:
    """The name of a message under ``webhooks``, from where it was sent."""
    if rest.startswith(("reasoners/", "skills/")):
        return "dispatchExecution"
    if rest.startswith("_internal/"):
        return "cancelAgentExecution"
    if rest.startswith(("notify", "finished")):
        try:
            return str(json.loads(body)["type"])
        except (ValueError, KeyError, TypeError):
            return "no message"
    return "approvalCallback"


def usual(kind: str, exchange: Exchange) -> bytes:
    """What an agent or subscriber says to a message."""
    told: Any = {}
    if kind == "dispatchExecution":
        told = {"status": "processing", "execution_id": exchange.headers.get("x-execution-id", "")}
    elif kind == "approvalCallback":
        told = {"status": "received", "resolved": True}
    return json.dumps(told).encode()
