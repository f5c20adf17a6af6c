"""Reading as much of a stream of events as there must be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

import aiohttp

from signoff_conformance.oracle.answers import Answer
from signoff_conformance.traffic import Exchange
from signoff_conformance.wire import Wire

SECONDS: Final = 10.0


async def followed(wire: Wire, path: str, headers: Mapping[str, str], right: Answer) -> Exchange:
    """Follow a stream; its exchange, whose answer is an ``EventList`` of what has come.

    Args:
        wire: to the server.
        path: of the stream.
        headers: of the request.
        right: as many events are read as it has; to the end, unless it is open.
    """
    exchange = Exchange("GET", path, dict(headers), b"")
    items: list[Any] = []
    try:
        async with asyncio.timeout(SECONDS), wire.stream(path, headers) as answer:
            exchange.answer_headers = {name.lower(): text for name, text in answer.headers.items()}
            exchange.status = answer.status
            if answer.status == 200:
                await _read(answer, items, len(right.body["items"]) if right.open else None)
            else:
                exchange.answer = await answer.read()
                return exchange
            if right.open:
                answer.close()  # it would go on
    except TimeoutError:
        exchange.note = f"the stream had {len(items)} events, and no end"
    except aiohttp.ClientError as error:
        exchange.note = f"no answer: {error!r}"
    exchange.answer = json.dumps({"items": items}).encode()
    return exchange


async def _read(answer: aiohttp.ClientResponse, items: list[Any], most: int | None) -> None:
    told: dict[str, str] = {}
    while most is None or len(items) < most:
        line = await answer.content.readline()
        if not line:
            return
        text = line.decode().rstrip("\r\n")
        name, _, value = text.partition(":")
        if text and name:
            told[name] = value.removeprefix(" ")
        elif not text and "data" in told:
            items.append(_event(told))
            told = {}


def _event(told: Mapping[str, str]) -> Any:
    """What ``data`` says, unless ``id`` or ``event`` say something else."""
    event = json.loads(told["data"])
    named = (told.get("id"), told.get("event"))
    return event if named == (str(event.get("seq")), event.get("type")) else dict(told)
