"""The server of a walk: asked in the oracle's ids, its clock moved by test control."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote, urlencode

from signoff_conformance import profiles, signatures
from signoff_conformance.contract import Contract, Operation
from signoff_conformance.control import Control, ControlError
from signoff_conformance.endpoints import Host
from signoff_conformance.oracle.answers import NO_BODY, Request
from signoff_conformance.target import Target
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk.identities import Identities
from signoff_conformance.walk.moves import PLAYED
from signoff_conformance.wire import Wire

START: Final = 1_893_456_000_000
"""When every walk begins: 2030-01-01, in ms since the epoch."""

DISPATCHING: Final = ("executeAsync", "registerNode")
"""After these there is something to be sent: the walk goes on when that is done."""


class Server:
    """One walk's use of a server.

    Args:
        contract: where operations lie.
        target: started in the profile ``keys``, with test control.
        host: where the agent is played: it takes all that it is sent.
    """

    def __init__(self, contract: Contract, target: Target, host: Host) -> None:
        self._host = host
        self._contract = contract
        self._target = target
        self._kept: list[Exchange] = []
        self._wire = Wire(target.url, self._kept)
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
        agent = self._host.open("agent", self._kept)
        self.identities.same(PLAYED, agent.url)
        await self.control.reset()
        await self.control.set(START)

    async def ask(self, request: Request, now: int) -> Exchange:
        """Send a request; the exchange."""
        operation = self._contract.operations[request.operation]
        told = self.identities.to_server
        path = operation.url(
            {name: quote(told(one), safe="~") for name, one in request.path.items()}
        )
        if request.query:
            path += "?" + urlencode(told(dict(request.query)))
        body = self._body(request)
        headers = {**told(dict(request.headers)), **self._headers(operation, request, body)}
        if request.signed is not None:
            headers |= _signature(request, body, now)
        self._kept.clear()
        exchange = await self._wire.send(operation.method, path, headers, body)
        if operation.id in DISPATCHING:
            await self.control.settle()
        return exchange

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    def _body(self, request: Request) -> bytes:
        if request.raw is not None:
            return request.raw.encode()
        if request.body is NO_BODY:
            return b""
        return json.dumps(self.identities.to_server(request.body)).encode()

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
