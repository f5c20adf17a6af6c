"""The outbox: what was sent, what is to be sent, and what becomes of it."""

from __future__ import annotations

from signoff.contract_gen import ApprovalStatus, DeliveryKind, DeliveryState
from signoff.server.domain.errors import Conflict, NotFound
from signoff.server.domain.execution import UNFINISHED
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Missed, Row, Statement, Value, given
from signoff.server.operations import cursors, rendering, serial, waiters
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape

PENDING = DeliveryState.PENDING.value
DELIVERED = DeliveryState.DELIVERED.value
DEAD = DeliveryState.DEAD.value
DROPPED = DeliveryState.DROPPED.value


async def list_deliveries(
    context: Context,
    principal: Principal,  # noqa: ARG001 - whoever may call it may see all
    *,
    limit: int = 50,
    cursor: str | None = None,
    state: str | None = None,
    execution_id: str | None = None,
) -> Shape:
    """``listDeliveries``: a page of the outbox, newest first.

    Raises:
        Refusal: ``invalid_cursor``.
    """
    before = None if cursor is None else cursors.decode("deliveries", cursor)
    filters = given(before=before, state=state, execution_id=execution_id)
    rows = await context.store.all("list_messages", limit=limit + 1, **filters)
    shown, more = cursors.page("deliveries", rows, limit, lambda row: str(row["id"]))
    return {"items": [rendering.delivery(row) for row in shown], **more}


async def retry_delivery(
    context: Context,
    principal: Principal,  # noqa: ARG001 - admins only; the table of operations says so
    delivery_id: str,
) -> Shape:
    """``retryDelivery``: a dead delivery is sent again, a pending one at once.

    Raises:
        NotFound: there is no such delivery.
        Conflict: ``delivery_not_retryable``.
    """

    async def work() -> Row:
        row = await _message(context, delivery_id)
        if row["state"] not in (PENDING, DEAD):
            raise Conflict("delivery_not_retryable", f"the delivery is {row['state']}", present=row)
        change = Change(topics={"due"})
        change.add(
            "move_message",
            id=delivery_id,
            state=PENDING,
            next_at=context.clock.now(),
            sources=(row["state"],),
            if_attempts=row["attempts"],
        )
        await context.store.apply(change)
        return await _message(context, delivery_id)

    return rendering.delivery(await serial.change(context, delivery_id, work))


async def mark_delivered(
    context: Context,
    row: Row,
    *,
    status: int,
    resolved: bool | None = None,
    foreign: bool = False,
) -> bool:
    """A message was heard (any 2xx); whether it was still pending.

    With a callback the attempt has come to something, and the decision counts as taken, unless
    nobody waited for it there: then the next attempt is given it, should there be one.

    Args:
        context: the server's.
        row: the message as it was sent.
        status: the HTTP status of the answer.
        resolved: whether the agent found somebody who waits; callbacks only.
        foreign: whether the agent has one waiter for each own id.
    """
    now = context.clock.now()
    tried: dict[str, Value] = {"last_status": status, "last_error": None, "delivered_at": now}
    if resolved is not None:
        tried["resolved"] = int(resolved)
    change = _moved(row, DELIVERED, None, **tried)
    if row["kind"] == DeliveryKind.APPROVAL_CALLBACK:
        # Who withdrew a question does not wait for its answer.
        unheard = {"status": ApprovalStatus.CANCELLED.value} if resolved is False else {}
        change.add("deliver_decision", expect=None, id=row["approval_id"], now=now, **unheard)
        if foreign:
            change.statements.append(waiters.answered(row))
            change.wake("due")  # for those who wait for the id
        # First, as whoever ends the execution drops its messages after: the agent may do so now.
        change.statements.insert(0, _progress(row))
    return await _apply(context, change)


async def mark_failed(
    context: Context,
    row: Row,
    *,
    error: str,
    status: int | None = None,
    next_at: int | None,
) -> bool:
    """A try failed; whether the message was still pending.

    Args:
        context: the server's.
        row: the message as it was sent.
        error: why, in a few words without secrets.
        status: the HTTP status of the answer; None when there was none.
        next_at: when to try again, in ms since the epoch; None: given up, the message is dead.
    """
    state = DEAD if next_at is None else PENDING
    change = _moved(row, state, next_at, last_status=status, last_error=error)
    return await _apply(context, change)


async def mark_dropped(context: Context, row: Row) -> bool:
    """Nobody is left to hear it; whether the message was still pending."""
    return await _apply(context, _moved(row, DROPPED, None, attempts=row["attempts"]))


def _moved(row: Row, state: str, next_at: int | None, **columns: Value) -> Change:
    """One more try of a message and where it leaves it, if nobody has moved it meanwhile."""
    params: dict[str, Value] = {
        "id": row["id"],
        "state": state,
        "next_at": next_at,
        "attempts": row["attempts"] + 1,
        "sources": (PENDING,),
        "if_attempts": row["attempts"],
    }
    topics = set() if next_at is None else {"due"}
    return Change([Statement("move_message", params | columns)], topics)


def _progress(row: Row) -> Statement:
    """An attempt that heard an answer has come to something."""
    params: dict[str, Value] = {
        "execution_id": row["execution_id"],
        "idle_attempts": 0,
        "sources": tuple(map(str, UNFINISHED)),
    }
    return Statement("touch_execution", params, None)


async def _apply(context: Context, change: Change) -> bool:
    try:
        await context.store.apply(change)
    except Missed:
        return False
    return True


async def _message(context: Context, delivery_id: str) -> Row:
    row = await context.store.one("get_message", id=delivery_id)
    if row is None:
        raise NotFound(f"there is no delivery {delivery_id}")
    return row
