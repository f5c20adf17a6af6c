"""Whether an adapter can be believed: asked before any case runs.

An adapter that answers by itself, swallows what it does not know or changes what it passes on would
make every case worthless. A probe that fails is a fault of the adapter, not of the client.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance import matching
from signoff_conformance.adapter import PATIENCE_SECONDS, AdapterFault
from signoff_conformance.client_bench import Bench

JSON: Final[Mapping[str, Any]] = {
    "text": 'ü 😀 "quoted" \\ \u2028 \u0001',
    "numbers": [0, -1, 0.5, 1e21, 9007199254740991],
    "nothing": None,
    "yes": True,
    "deep": {"someKey": {"other_key": [[], {}, ""]}},
}
_MOST_SLEEPS: Final = 100


async def probe(bench: Bench) -> None:
    """Ask an adapter what an honest one answers in one way only.

    Raises:
        AdapterFault: it does not; the text says what it did instead.
    """
    await bench.clean()
    await _unknown(bench)
    await _passes_on(bench)
    await _closed(bench)


async def _unknown(bench: Bench) -> None:
    verb = f"noSuchVerb{secrets.token_hex(4)}"
    reply = await _called(bench, verb, {})
    if "unsupported" not in reply:
        raise AdapterFault(f"probe: it answers the verb {verb}, which there is not, by {reply}")


async def _passes_on(bench: Bench) -> None:
    """What it is given must be on the wire, and what is answered must come back."""
    nonce, payload = secrets.token_hex(8), dict(JSON)
    if bench.able("exact_integers"):
        payload["integer"] = 123456789012345678901234567890
    if bench.able("key_order"):
        payload = {"10": 1, "9": 2, **payload}
    args = {"approval_request_id": nonce, "payload": payload}
    reply = await _called(bench, "createApprovalRequest", args)
    sent = [one.request.json() for one in bench.proxy.of("createApprovalRequest")]
    if not sent or sent[0].get("approval_request_id") != nonce:
        raise AdapterFault(
            f"probe: {nonce}, which it was to send, was never on the wire; it answers {reply}"
        )
    returned = reply.get("ok") or {}
    for what, value in (("sends", sent[0].get("payload")), ("returns", returned.get("payload"))):
        kind = "$ordered" if bench.able("key_order") else "$exact"
        wrong = matching.differences({kind: payload}, value)
        if wrong:
            told = json.dumps(value, ensure_ascii=False)
            raise AdapterFault(f"probe: JSON does not survive; what it {what} is {told}: {wrong}")


async def _closed(bench: Bench) -> None:
    bench.proxy.refuse()
    try:
        reply = await _called(bench, "getHealth", {})
    finally:
        await bench.proxy.start()
    kind = reply.get("error", {}).get("kind")
    if kind != "transport":
        raise AdapterFault(
            f"probe: where nobody listens it must give an error of kind transport, not {reply}"
        )


async def _called(bench: Bench, verb: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reply to a call; whatever it sleeps meanwhile is fired."""
    adapter = bench.adapter
    number = adapter.send("call", op=verb, args=dict(args))
    for _ in range(_MOST_SLEEPS):
        # Without a clock to fire, its sleeps take their time.
        patience = PATIENCE_SECONDS if bench.able("clock") else 10 * PATIENCE_SECONDS
        await adapter.changed.until(
            lambda: adapter.replied(number) or bool(adapter.events or adapter.fault), patience
        )
        adapter.check()
        if adapter.replied(number):
            return await adapter.reply(number)
        if not adapter.events:
            break
        event = adapter.events.pop(0)
        if event["event"] == "sleeping":
            await adapter.ask("fire", timer=event["timer"])
    raise AdapterFault(f"probe: no reply to {verb} within {PATIENCE_SECONDS:g} s")
