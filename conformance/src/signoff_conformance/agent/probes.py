"""Whether an agent under test can be believed: asked before any case runs."""

from __future__ import annotations

import secrets
from typing import Any, Final

from signoff_conformance import matching
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.agent.bench import Bench
from signoff_conformance.agent.judging import PATIENCE_SECONDS
from signoff_conformance.agent.records import NODE
from signoff_conformance.probes import JSON
from signoff_conformance.runner import Failed

_LATE: Final = f"within {PATIENCE_SECONDS:g} s"


async def probe(bench: Bench) -> None:
    """Ask what an honest agent does in one way only.

    Raises:
        AdapterFault: it does not; the text says what it did instead.
    """
    try:
        await bench.clean()
        _registration(bench)
        await _unknown(bench)
        await _passes_on(bench)
        await bench.clean()
    except Failed as failed:
        raise AdapterFault(f"probe: {failed}") from None


def _registration(bench: Bench) -> None:
    told = bench.plane.instance or {}
    if told.get("id") != NODE:
        raise AdapterFault(f"probe: it registers as {told.get('id')}, and is to be {NODE}")
    names = [one.get("id") for one in told.get("reasoners", ())]
    if "script" not in names:
        raise AdapterFault(f"probe: it has no reasoner script, but {names}")


async def _unknown(bench: Bench) -> None:
    """A reasoner that there is not must not be served."""
    one = bench.plane.execution(f"none-{secrets.token_hex(4)}", {"do": []})
    answer = await bench.dispatch(one)
    if answer.status < 400:
        raise AdapterFault(
            f"probe: it answers a reasoner that there is not by {answer.status or answer.note}"
        )


async def _passes_on(bench: Bench) -> None:
    """What it is given must come back, and be in its log."""
    nonce, value = secrets.token_hex(8), dict(JSON)
    if bench.able("exact_integers"):
        value["integer"] = 123456789012345678901234567890
    if bench.able("key_order"):
        value = {"10": 1, "9": 2, **value}
    do: list[dict[str, Any]] = [
        {"verb": "work", "name": nonce},
        {"verb": "value", "value": value},
    ]
    one = bench.plane.execution("script", {"do": do})
    answer = await bench.dispatch(one)
    if not 200 <= answer.status < 300:
        raise AdapterFault(f"probe: it refuses signed work by {answer.status}: {answer.answer!r}")
    await bench.proxy.changed.until(lambda: one.end is not None, PATIENCE_SECONDS)
    if one.end is None:
        raise AdapterFault(f"probe: it took work and did not report its end {_LATE}")
    if [row["did"] for row in bench.running.did(one.id)] != [nonce]:
        raise AdapterFault(f"probe: it was to do {nonce}, and its log does not say that it did")
    kind = "$ordered" if bench.able("key_order") else "$exact"
    wrong = matching.differences({kind: value}, (one.end.get("result") or [None, None])[1])
    if wrong:
        raise AdapterFault(f"probe: JSON does not survive: {wrong}")
