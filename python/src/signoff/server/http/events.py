"""The operations on what is said of an execution: notes, steps, events, and the stream of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from signoff.server.domain.store import StoreUnavailable
from signoff.server.http.replies import COMMON, shape
from signoff.server.http.requests import Call
from signoff.server.operations import events, notes, steps
from signoff.server.operations.context import Context

KEEP_ALIVE = b": still here\n\n"
"""A comment, which clients skip: connections that say nothing get closed on their way."""


async def add_note(call: Call) -> Response:
    """Add a note to an execution."""
    return shape(
        await notes.add_note(
            call.context, call.principal, call.headers["x-execution-id"], call.body
        )
    )


async def record_step(call: Call) -> Response:
    """Record the result of a step."""
    step, is_new = await steps.record_step(
        call.context,
        call.principal,
        call.path["execution_id"],
        call.path["step_key"],
        call.body,
    )
    return shape(step, 201 if is_new else 200)


async def list_steps(call: Call) -> Response:
    """A page of steps."""
    return shape(
        await steps.list_steps(
            call.context, call.principal, call.path["execution_id"], **call.query
        )
    )


async def append_execution_event(call: Call) -> Response:
    """Append an ``agent.*`` event."""
    event, is_new = await events.append_execution_event(
        call.context, call.principal, call.path["execution_id"], call.body
    )
    return shape(event, 201 if is_new else 200)


async def list_execution_events(call: Call) -> Response:
    """A page of events."""
    return shape(
        await events.list_execution_events(
            call.context, call.principal, call.path["execution_id"], **call.query
        )
    )


async def stream_execution_events(call: Call) -> Response:
    """Follow the events of an execution."""
    followed = await events.stream_execution_events(
        call.context,
        call.principal,
        call.path["execution_id"],
        last_event_id=call.headers.get("last-event-id", 0),
    )
    if followed is None:
        return Response(status_code=204, headers=COMMON)
    # The last one is for proxies that would collect the stream.
    headers = {**COMMON, "x-accel-buffering": "no"}
    return StreamingResponse(
        _told(call.context, followed), headers=headers, media_type="text/event-stream"
    )


async def _told(context: Context, followed: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    try:
        async for event in followed:
            if event is None:
                yield KEEP_ALIVE
            else:
                # Neither a type nor JSON has line feeds in it.
                head = f"id: {event['seq']}\nevent: {event['type']}\ndata: ".encode()
                yield head + orjson.dumps(event) + b"\n\n"
    except StoreUnavailable as error:
        context.failed(error)  # the stream ends early


HANDLERS = {
    "addNote": add_note,
    "recordStep": record_step,
    "listSteps": list_steps,
    "appendExecutionEvent": append_execution_event,
    "listExecutionEvents": list_execution_events,
    "streamExecutionEvents": stream_execution_events,
}
