"""Approval requests as they are now: one, a page of them, their events, and the state of a gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from signoff.server.domain.approval import PENDING, is_pending
from signoff.server.domain.errors import NotFound
from signoff.server.domain.ids import APPROVAL
from signoff.server.domain.node import parse_attempt_id
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row, Value, given
from signoff.server.operations import access, cursors, rendering
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape
from signoff.server.operations.waiting import wait_for

STANDALONE = "none"
"""What the filter ``execution_id`` says for requests without an execution."""

FEW: Final = 256
"""Of so many requests that were decided in a time, all are looked at."""

RECENT: Final = 1_000
"""Among so many of the newest requests there mostly is one that was decided in a time: to look at
all that were takes fifty times as long where they are a hundred thousand."""

_AT_ONCE: Final = 64
_REQUESTS = "approval-requests"
_EVENTS = "approval-request-events"


async def stored(context: Context, request_id: str) -> Row:
    """The row of a request.

    Raises:
        NotFound: there is no such request.
    """
    row = await context.store.one("get_approval_request", id=request_id)
    if row is None:
        raise NotFound(f"there is no approval request {request_id}{_meant(request_id)}")
    return row


def _meant(request_id: str) -> str:
    """What helps who has given an id of their own where the contract has the ``apr_`` id."""
    if request_id.startswith(APPROVAL):
        return ""
    where = f"GET /api/v1/approval-requests?approval_request_id={quote(request_id, safe='')}"
    return f"; an apr_ id stands here, and {where} lists those asked under an id of your own"


async def shapes(context: Context, rows: Sequence[Row]) -> list[Shape]:
    """Stored requests as ``Approval``, each with the head of its chain."""
    ids = tuple({row["execution_id"] for row in rows} - {None})
    heads = await context.store.all("list_event_heads", execution_ids=ids) if ids else []
    of_execution = {head["execution_id"]: rendering.head(head) for head in heads}
    return [
        rendering.approval(row, of_execution.get(row["execution_id"]) or rendering.head(row))
        for row in rows
    ]


async def shape(context: Context, row: Row) -> Shape:
    """A stored request as ``Approval``."""
    return (await shapes(context, [row]))[0]


async def get_approval_request(
    context: Context, principal: Principal, request_id: str, *, wait_seconds: float = 0
) -> Shape:
    """``getApprovalRequest``: an ``Approval``, at once or when it is no longer pending.

    Agents read those of their nodes' executions.

    Args:
        context: the server's.
        principal: who asks.
        request_id: ``apr_…``.
        wait_seconds: how long to hold the answer while it is pending. It also ends when the server
            stops.

    Raises:
        NotFound: there is no such request.
        Refusal: ``forbidden``.
    """

    async def look() -> Row:
        return await stored(context, request_id)

    row = await look()
    if principal.is_agent:
        principal.require_node(row["node_id"] or "")
    if wait_seconds > 0 and is_pending(row):
        topic = f"apr:{request_id}"
        row = await wait_for(context, topic, look, lambda seen: not is_pending(seen), wait_seconds)
    return await shape(context, row)


async def list_approval_requests(
    context: Context,
    *,
    limit: int = 50,
    cursor: str | None = None,
    approval_request_id: str | None = None,
    execution_id: str | None = None,
    status: str | None = None,
    node_id: str | None = None,
    reviewer: str | None = None,
    decided_after: int | None = None,
    decided_before: int | None = None,
) -> Shape:
    """``listApprovalRequests``: an ``ApprovalList``, newest first.

    ``execution_id`` may be an attempt id, or :data:`STANDALONE`. ``reviewer`` is the id of who
    decided. The times, in ms, include ``decided_after`` and exclude ``decided_before``.

    Raises:
        Refusal: ``invalid_cursor``.
    """
    before = None if cursor is None else cursors.decode(_REQUESTS, cursor)
    times = given(decided_after=decided_after, decided_before=decided_before)
    few = await _few(context, times) if times else None
    if few == ():
        return {"items": []}
    filters = times | given(
        ids=few,
        newest=await _newest(context, times) if few is None and before is None else None,
        before=before,
        approval_request_id=approval_request_id,
        execution_id=None if execution_id in (None, STANDALONE) else bare(execution_id),
        standalone=1 if execution_id == STANDALONE else None,
        **_of_status(
            status,
            narrow=execution_id not in (None, STANDALONE) or approval_request_id is not None,
            node_id=node_id,
        ),
        node_id=node_id,
        reviewer_id=reviewer,
    )
    found = await context.store.all("list_approval_requests", limit=limit + 1, **filters)
    rows, more = cursors.page(_REQUESTS, found, limit, lambda row: str(row["id"]))
    return {"items": await shapes(context, rows), **more}


def _of_status(status: str | None, *, narrow: bool, node_id: str | None) -> dict[str, Value]:
    """The filter of a status, in the form whose index has the least to look at."""
    if status is None:
        return {}
    if status == PENDING and (narrow or node_id):
        return {"pending": 1}  # of all that were ever asked few are
    return {"of_them" if narrow else "status": status}


async def _few(context: Context, times: Mapping[str, Value]) -> tuple[str, ...] | None:
    """The ids of what was decided in a time if they are few: then a page of them is soon found.

    None when they are many: then the newest requests soon have a page of them.
    """
    found = await context.store.all("list_decided_ids", limit=FEW + 1, **times)
    if len(found) > FEW:
        return None
    ids = tuple(str(row["id"]) for row in found)
    # Filled up, so that there are few lengths: each is a statement of its own.
    return ids + ids[-1:] * (-len(ids) % _AT_ONCE)


async def _newest(context: Context, times: Mapping[str, Value]) -> str | None:
    """The newest of many that were decided in a time: all requests after it need no look.

    A later page needs none: it begins behind one that was found. None: all take part.
    """
    if "decided_before" not in times:
        return None
    row = await context.store.one("recent_decided_id", recent=RECENT, **times)
    if row is None or row["id"] is None:
        row = await context.store.one("newest_decided_id", **times)
    return "" if row is None else str(row["id"])


async def list_approval_request_events(
    context: Context, request_id: str, *, limit: int = 50, cursor: str | None = None
) -> Shape:
    """``listApprovalRequestEvents``: an ``EventList``, oldest first.

    Of a standalone request its own chain; else those events of the execution's chain that are
    about it.

    Raises:
        NotFound: there is no such request.
        Refusal: ``invalid_cursor``.
    """
    row = await stored(context, request_id)
    after = 0 if cursor is None else cursors.decode_number(_EVENTS, cursor)
    found = await context.store.all(
        "list_events",
        chain_id=row["execution_id"] or request_id,
        approval_id=request_id,
        after=after,
        limit=limit + 1,
    )
    rows, more = cursors.page(_EVENTS, found, limit, lambda event: str(event["seq"]))
    return {"items": [rendering.event(event) for event in rows], **more}


async def get_execution_approval_status(
    context: Context,
    principal: Principal,
    node_id: str,
    execution_id: str,
    *,
    approval_request_id: str | None = None,
) -> Shape:
    """``getExecutionApprovalStatus``: the ``ApprovalState`` of the newest request of an execution.

    Args:
        context: the server's.
        principal: who asks; an agent for its own nodes.
        node_id: the node of the execution.
        execution_id: plain, or of any attempt so far.
        approval_request_id: the newest under this own id instead.

    Raises:
        NotFound: the node has no such execution, or the execution no such request.
        Refusal: ``forbidden``.
    """
    if principal.is_agent:
        principal.require_node(node_id)
    execution = await access.readable_execution(context, principal, execution_id)
    if execution["node_id"] != node_id:
        raise NotFound(f"{node_id} has no execution {execution_id}")
    rows = await context.store.all(
        "list_approval_requests",
        execution_id=execution["execution_id"],
        limit=1,
        **given(approval_request_id=approval_request_id),
    )
    if not rows:
        which = "" if approval_request_id is None else f" {approval_request_id}"
        raise NotFound(f"{execution_id} has asked for no approval{which}")
    return rendering.approval_state(rows[0], rendering.head(execution))


def bare(execution_id: str | None) -> str | None:
    """The execution that a plain id or an attempt id names; what is neither names itself."""
    if execution_id is None:
        return None
    try:
        return parse_attempt_id(execution_id).execution_id
    except ValueError:
        return execution_id
