"""What a server that is gone has left behind in the middle: attempts on their way to an agent.

An agent of this project says in its heartbeats what it has in hand, so that what never arrived is
found. Any other can't: there the execution says which server sends it, until the agent has
answered or done something. When that server is gone, another one goes on.
"""

from __future__ import annotations

from typing import NamedTuple

from signoff.server.domain.store import Change, Missed, Row, Statement, Value
from signoff.server.operations.context import Context


class Left(NamedTuple):
    """An attempt that was being sent by a server that is gone."""

    execution_id: str
    attempt: int
    server_id: str


async def list_left(context: Context, *, limit: int) -> list[Left]:
    """What servers that are gone were sending, the oldest first."""
    rows = await context.store.all("list_left_offers", limit=limit)
    return [Left(row["execution_id"], row["attempt"], row["offered_by"]) for row in rows]


async def take(context: Context, left: Left) -> Row | None:
    """Take an attempt over; the execution, or None when there is nothing left to find out.

    Of several servers that try, one gets it. An attempt that has called somebody has arrived; one
    that has asked somebody was settled when it did.
    """
    row = await context.store.one("get_execution", execution_id=left.execution_id)
    called = await context.store.one(
        "any_call_of_attempt", execution_id=left.execution_id, attempt=left.attempt
    )
    taker = context.server_id if called is None else None
    try:
        await context.store.apply(Change([_offer(left, taker)]))
    except Missed:
        return None
    return row if taker else None


def settle(context: Context, execution_id: str, attempt: int) -> Statement:
    """This server has sent it, and knows that it has arrived."""
    return _offer(Left(execution_id, attempt, context.server_id), None, expect=None)


def _offer(left: Left, taker: str | None, *, expect: int | None = 1) -> Statement:
    params: dict[str, Value] = {
        "execution_id": left.execution_id,
        "attempt": left.attempt,
        "offered_by": taker,
        "if_offered_by": left.server_id,
    }
    return Statement("take_offer", params, expect)
