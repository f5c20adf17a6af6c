"""The server of a walk: asked in the oracle's ids, its clock moved by test control."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final
from urllib.parse import quote, urlencode

from signoff_conformance import profiles, signatures
from signoff_conformance.contract import Contract, Operation
from signoff_conformance.control import Control, ControlError
from signoff_conformance.endpoints import Host
from signoff_conformance.oracle.answers import NO_BODY, Answer, Request
from signoff_conformance.oracle.leasing import digest
from signoff_conformance.target import Target
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk.identities import Identities
from signoff_conformance.walk.moves import PLAYED, Move
from signoff_conformance.walk.playing import Player
from signoff_conformance.walk.streams import followed
from signoff_conformance.wire import Wire

START: Final = 1_893_456_000_000
"""When every walk begins: 2030-01-01, in ms since the epoch."""

PLAYERS: Final = ("agent", "other", "subscriber")

QUIET: Final = ("recordStep", "appendExecutionEvent", "addNote")
"""After these there is nothing to be sent: the walk goes on at once."""

POLL_SECONDS: Final = 600.0
"""How long a poll may be under way: the clock of the server stands still meanwhile."""

ARRIVAL: Final = 3
"""So many requests later a poll has arrived, too."""


class Server:
    """One walk's use of a server.

    Args:
        contract: where operations lie.
        target: started in the profile ``keys``, with test control.
        host: where agents and the subscriber are played.
    """

    def __init__(self, contract: Contract, target: Target, host: Host) -> None:
        self._host = host
        self._contract = contract
        self._target = target
        self._kept: list[Exchange] = []
        self._wire = Wire(target.url, self._kept)
        self._patient: set[str] = set()
        self.identities = Identities()

    @property
    def control(self) -> Control:
        """Its test control.

        Raises:
            ControlError: it has none.
        """
        if self._target.control is None:
            raise ControlError("a walk needs test control: --server-cmd '… {token}'")
        return self._target.control

    async def begin(self) -> None:
        """Empty it and set its clock to the start."""
        self.identities = Identities()
        self._patient.clear()
        for name in PLAYERS:
            url = f"http://{self._host.address}/{name}"
            self._host.put(Player(name, url, self._kept, patient=self._patient))
            self.identities.same(f"{PLAYED}{name}", url)
        await self.control.reset()
        await self.control.set(START)

    async def move(self, move: Move) -> None:
        """Move one of its clocks."""
        self._kept.clear()
        if move.leases:
            await self.control.advance_leases(move.leases)
        else:
            await self.control.set(move.to)

    async def ask(self, request: Request, now: int, right: Answer, fails: str = "") -> Exchange:
        """Send a request; the exchange, when all that it led to is done.

        Args:
            request: in the oracle's ids.
            now: the server's time.
            right: what it must answer: of a stream so much is read.
            fails: the fail point that its commit meets; empty: none.
        """
        if fails:
            await self.control.fail(fails)
        operation = self._contract.operations[request.operation]
        path, body = self._path(operation, request), self._body(operation, request)
        headers = {**self.identities.to_server(dict(request.headers))}
        headers |= self._headers(operation, request, body)
        if request.signed is not None:
            headers |= _signature(request, body, now)
        if operation.id == "retryDelivery":
            self._patient.add(self.identities.to_server(request.path["id"]))
        self._kept.clear()
        if operation.id == "streamExecutionEvents" and right.status == 200:
            return await followed(self._wire, path, headers, right)
        exchange = await self._wire.send(operation.method, path, headers, body)
        acts = operation.method != "GET" and operation.id not in QUIET
        if fails:
            await self.control.fail(fails, 0)
        if fails or (acts and exchange.status < 300):
            await self.control.settle()
        return exchange

    async def hold(self, request: Request) -> asyncio.Task[Exchange]:
        """Send a poll, and go on once it has arrived; its exchange comes with its answer."""
        operation = self._contract.operations[request.operation]
        path, headers = self._path(operation, request), self._headers(operation, request, b"")
        sent = asyncio.Event()
        poll = self._wire.send(operation.method, path, headers, seconds=POLL_SECONDS, sent=sent)
        task = asyncio.create_task(poll)
        await sent.wait()
        for _ in range(ARRIVAL):
            await self.control.settle()
        return task

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def _path(self, operation: Operation, request: Request) -> str:
        told = self.identities.to_server
        path = operation.url(
            {name: quote(told(one), safe="~") for name, one in request.path.items()}
        )
        return path + "?" + urlencode(told(dict(request.query))) if request.query else path

    def _body(self, operation: Operation, request: Request) -> bytes:
        if request.too_long:
            return b" " * (operation.limit + 1)
        if request.raw is not None:
            return request.raw.encode()
        if request.body is NO_BODY:
            return b""
        body = self.identities.to_server(request.body)
        if request.in_hand is not None and isinstance(body.get("in_hand"), dict):
            said = body["in_hand"]
            said["digest"] = digest(self.identities.to_server(list(request.in_hand)))
            if "executions" in said:
                said["executions"].sort()
        return json.dumps(body).encode()

    def _headers(self, operation: Operation, request: Request, body: bytes) -> dict[str, str]:
        headers: dict[str, str] = {}
        if body and operation.body is not None:
            headers["Content-Type"] = request.media
        if request.key is not None:
            headers["X-API-Key"] = self._target.keys.get(request.key, "so_nobody_made_this")
        return headers


def _signature(request: Request, body: bytes, now: int) -> dict[str, Any]:
    secret = profiles.SECRET
    if request.signed == "body":
        return {"X-Webhook-Signature": signatures.body_signature(secret, body)}
    if request.signed == "wrong":
        return {"X-Webhook-Signature": signatures.body_signature(secret, body + b" ")}
    stamp = now // 1000
    return {
        "webhook-id": request.message_id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signatures.timestamped(secret, request.message_id, stamp, body),
    }
