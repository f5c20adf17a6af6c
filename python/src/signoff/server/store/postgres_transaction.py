"""One change as one transaction: what was done, and what is known when it was not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from signoff.server.domain.store import Missed, Statement, StoreUnavailable
from signoff.server.store.postgres_connections import (
    LOST,
    TRANSIENT,
    is_lost,
    is_unavailable,
    unavailable,
)

if TYPE_CHECKING:
    from signoff.server.store.fail_points import FailPoints
    from signoff.server.store.postgres_connections import Session
    from signoff.server.store.queries import Bound

Job: TypeAlias = "list[tuple[Statement, Bound]]"
"""The statements of a change, each in the engine's dialect."""


class Undone(Exception):
    """Nothing of it happened, and the next try may succeed. The cause says what was in the way."""


async def run(session: Session, job: Job, fail_points: FailPoints) -> None:
    """Apply a change. Returns only after its commit is durable.

    Raises:
        Missed: a guard did not hold; nothing happened.
        Undone: a deadlock, or the connection was lost before the commit was sent.
        StoreUnavailable: it was not committed, or nobody knows.
        Exception: what the database says of a statement or value that is wrong.
    """
    try:
        await session.execute("BEGIN")
        for statement, bound in job:
            await _touch(session, statement, bound)
    except Exception as error:
        await _undo(session)
        if isinstance(error, TRANSIENT) or is_lost(error):
            raise Undone from error
        if is_unavailable(error):
            raise unavailable(error) from error
        raise
    try:
        fail_points.before_commit()
    except Exception as error:
        await _undo(session)
        raise unavailable(error) from error
    await _commit(session)
    try:
        fail_points.after_commit()
    except Exception as error:
        raise unavailable(error) from error


async def _touch(session: Session, statement: Statement, bound: Bound) -> None:
    sql, values = bound
    try:
        told = await session.execute(sql, *values)
    except asyncpg.UniqueViolationError as error:
        # Another change took the key first: the same as a guard that does not hold.
        raise Missed(statement) from error
    # "UPDATE 1", "INSERT 0 1": the rows come last.
    touched = int(told.rpartition(" ")[2])
    if statement.expect is not None and touched != statement.expect:
        raise Missed(statement)


async def _commit(session: Session) -> None:
    try:
        told = await session.execute("COMMIT")
    except TRANSIENT as error:
        raise Undone from error
    except (asyncpg.PostgresError, *LOST) as error:
        raise unavailable(error) from error
    if told != "COMMIT":  # pragma: no cover - a transaction that failed, whose error went unseen
        raise StoreUnavailable(f"the database answered {told} to COMMIT")


async def _undo(session: Session) -> None:
    # When it can't, the database does it by itself: the connection is not used any more.
    with suppress(asyncpg.PostgresError, *LOST):
        await session.execute("ROLLBACK")
