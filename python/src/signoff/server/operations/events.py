"""Events of an execution: appended by its agent, listed, followed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row
from signoff.server.operations import access, cursors, rendering, serial
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape

KEEP_ALIVE_MS = 15_000
"""A stream that has nothing to say for so long says that it is still there."""

_BATCH = 200


async def append_execution_event(
    context: Context, principal: Principal, execution_id: str, body: Mapping[str, Any]
) -> tuple[Shape, bool]:
    """``appendExecutionEvent``: append an ``agent.*`` event, once per ``key``.

    Returns:
        The ``Event``, and whether it is new.

    Raises:
        NotFound: there is no such attempt.
        Refusal: ``forbidden``.
        Conflict: ``stale_attempt``, ``execution_finished``.
    """
    content = rendering.user_json_of(body, "content")
    return await append(
        context, principal, execution_id, body["type"], content=content, key=body.get("key")
    )


async def append(
    context: Context,
    principal: Principal,
    execution_id: str,
    kind: str,
    *,
    content: str | None,
    key: str | None,
    after_end: bool = False,
) -> tuple[Shape, bool]:
    """Append what an agent says of its attempt to the chain, unless it has said it before.

    Args:
        context: the server's.
        principal: speaks for the node.
        execution_id: the attempt id.
        kind: the type of the event.
        content: user JSON as text.
        key: the agent's own word for it; None: it is said as often as it is sent.
        after_end: whether it is taken after the execution's end too.

    Returns:
        The ``Event``, and whether it is new.
    """

    async def work() -> tuple[Shape, bool]:
        tree = await access.newest_tree(context, principal, execution_id)
        known = await _known(context, tree.execution.chain_id, key)
        if known is not None:
            return rendering.event(known), False
        if not after_end:
            access.require_unfinished(context, tree.execution.row)
        data = {"attempt": max(1, tree.execution.row["attempt"])}
        event = tree.append(kind, principal.actor, data=data, content=content, key=key)
        await context.store.apply(tree.change())
        return rendering.event(event), True

    return await serial.change(context, execution_id, work)


async def list_execution_events(
    context: Context,
    principal: Principal,
    execution_id: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Shape:
    """``listExecutionEvents``: a page of events, oldest first.

    Raises:
        NotFound: there is no such execution.
        Refusal: ``forbidden``, ``invalid_cursor``.
    """
    row = await access.readable_execution(context, principal, execution_id)
    after = 0 if cursor is None else cursors.decode_number("events", cursor)
    rows = await _after(context, row["execution_id"], after, limit + 1)
    shown, more = cursors.page("events", rows, limit, lambda event: str(event["seq"]))
    return {"items": [rendering.event(event) for event in shown], **more}


async def stream_execution_events(
    context: Context, principal: Principal, execution_id: str, *, last_event_id: int = 0
) -> AsyncIterator[Shape | None] | None:
    """``streamExecutionEvents``: the events after ``last_event_id``, then new ones as they come.

    Returns:
        An iterator that ends when the execution is finished and all was said, or when the server
        stops; None stands in it for a sign of life after :data:`KEEP_ALIVE_MS` of silence. None
        instead of it (204) when the execution is finished and there is nothing more to say.

    Raises:
        NotFound: there is no such execution.
        Refusal: ``forbidden``.
    """
    row = await access.readable_execution(context, principal, execution_id)
    if row["completed_at"] is not None and last_event_id >= row["event_seq"]:
        return None
    return follow_events(context, row["execution_id"], last_event_id)


async def follow_events(
    context: Context, execution_id: str, after: int
) -> AsyncIterator[Shape | None]:
    """The events of a bare id after a number; see :func:`stream_execution_events`."""
    with context.store.watch(f"exec:{execution_id}") as watch:
        while True:
            watch.event.clear()
            # Read before the events: when it says finished, all events are there.
            row = await access.stored(context, execution_id)
            for event in await _after(context, execution_id, after, _BATCH):
                yield rendering.event(event)
                after = event["seq"]
            if after < row["event_seq"]:
                continue
            if row["completed_at"] is not None or context.stopping.is_set():
                return
            until = context.clock.now() + KEEP_ALIVE_MS
            await context.clock.wait_until(until, watch.event)
            if not watch.event.is_set():
                yield None


async def _known(context: Context, execution_id: str, key: str | None) -> Row | None:
    if key is None:
        return None
    return await context.store.one("get_event_by_key", chain_id=execution_id, event_key=key)


async def _after(context: Context, execution_id: str, after: int, limit: int) -> list[Row]:
    return await context.store.all("list_events", chain_id=execution_id, after=after, limit=limit)
