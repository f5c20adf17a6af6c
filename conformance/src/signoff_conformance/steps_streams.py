"""Steps that follow the events of an execution as a stream (server-sent events)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from signoff_conformance import expectations
from signoff_conformance.runner import Failed
from signoff_conformance.stage import Stage
from signoff_conformance.traffic import Exchange

Step = Mapping[str, Any]

SECONDS = 10.0


@dataclass(slots=True)
class Stream:
    """One open stream, and what came of it so far."""

    events: list[dict[str, Any]] = field(default_factory=list)
    comments: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    ended: bool = False


async def stream(stage: Stage, step: Step) -> None:
    """Open a stream and read on in the background."""
    operation = stage.operation("streamExecutionEvents")
    given = step.get("path", {})
    execution_id = given.get("execution_id") or stage.values.get("execution_id")
    path = operation.url({"execution_id": execution_id})
    headers = {name: str(value) for name, value in step.get("headers", {}).items()}
    if token := stage.target.keys.get(step.get("as", "admin")):
        headers["X-API-Key"] = token
    exchange = Exchange("GET", path, headers, b"")
    stage.traffic.append(exchange)
    answer = await stage.wire.stream(path, headers)
    exchange.answer_headers = {name.lower(): value for name, value in answer.headers.items()}
    exchange.status = answer.status
    if exchange.status != 200:
        exchange.answer = await answer.read()
        expectations.check(stage, step.get("expect"), exchange)
        return
    expectations.check(stage, step.get("expect"), exchange)
    opened = Stream()
    stage.background[step["stream"]] = asyncio.create_task(_read(answer, opened))
    stage.values.keep(f"stream_{step['stream']}", opened)


async def streamed(stage: Stage, step: Step) -> None:
    """Wait for so many events or comments, or for the end of the stream; look at the events."""
    opened: Stream = stage.values.get(f"stream_{step['streamed']}")
    events, comments = int(step.get("count", 0)), int(step.get("comments", 0))
    counted = "count" in step or "comments" in step

    def done() -> bool:
        if not counted:
            return opened.ended
        return len(opened.events) >= events and opened.comments >= comments

    try:
        async with asyncio.timeout(SECONDS), opened.changed:
            await opened.changed.wait_for(done)
    except TimeoutError:
        got = [one["event"] for one in opened.events]
        what = f"{events} events and {comments} comments" if counted else "its end"
        so_far = f"so far {got} and {opened.comments} comments"
        raise Failed(f"{step['streamed']} did not come to {what}; {so_far}") from None
    stage.expect("the stream", step.get("expect", {"$any": True}), opened.events)


async def _read(answer: aiohttp.ClientResponse, opened: Stream) -> None:
    event: dict[str, Any] = {}
    try:
        async for line in answer.content:
            text = line.decode().rstrip("\r\n")
            name, _, value = text.partition(":")
            if text and name:
                event[name] = value.removeprefix(" ")
            elif text:
                async with opened.changed:
                    opened.comments += 1
                    opened.changed.notify_all()
            elif event:
                await _tell(opened, event)
                event = {}
    finally:
        answer.close()
        async with opened.changed:
            opened.ended = True
            opened.changed.notify_all()


async def _tell(opened: Stream, event: dict[str, Any]) -> None:
    if "data" in event:
        event = {**event, "data": json.loads(event["data"])}
    async with opened.changed:
        opened.events.append(event)
        opened.changed.notify_all()
