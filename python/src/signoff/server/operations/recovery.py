"""What a server that is gone has left behind in the middle: attempts on their way to an agent.

An agent of this project says in its heartbeats what it has in hand, so that what never arrived is
found. Any other can't: there the execution says which server sends it, until the agent has
answered or done something. When that server is gone, another one goes on; when it does not know of
the attempt, as the answer to its claim was lost with the database, it goes on itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Change, Missed, Row, Statement, Value
from signoff.server.operations.context import Context


class Left(NamedTuple):
    """An attempt that was being sent by a server that is gone."""

    execution_id: str
    attempt: int
    server_id: str

    @property
    def attempt_id(self) -> str:
        """How the agent addresses it."""
        return str(AttemptId(self.execution_id, self.attempt))


async def list_left(context: Context, *, limit: int) -> list[Left]:
    """What servers that are gone were sending, the oldest first."""
    return _unsent(context, await context.store.all("list_left_offers", limit=limit))


async def list_unknown(context: Context) -> list[Left]:
    """What this server should be sending and is not, the oldest first."""
    return _unsent(context, await context.store.all("list_offers_of", server_id=context.server_id))


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
    """This server has sent it, and knows that it has arrived; it misses what was settled before."""
    return _offer(Left(execution_id, attempt, context.server_id), None)


def _unsent(context: Context, rows: Iterable[Row]) -> list[Left]:
    # This server says that it sends one before its row does, and stops saying so after.
    found = (Left(row["execution_id"], row["attempt"], row["offered_by"]) for row in rows)
    return [left for left in found if left.attempt_id not in context.in_flight]


def _offer(left: Left, taker: str | None) -> Statement:
    params: dict[str, Value] = {
        "execution_id": left.execution_id,
        "attempt": left.attempt,
        "offered_by": taker,
        "if_offered_by": left.server_id,
    }
    return Statement("take_offer", params)
