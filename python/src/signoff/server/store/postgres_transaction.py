"""One change as one transaction: what was done, and what is known when it was not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg

from signoff.server.domain.store import Missed, Statement, StoreUnavailable
from signoff.server.store import postgres_joining as joining
from signoff.server.store.postgres_connections import (
    LOST,
    TRANSIENT,
    is_lost,
    is_unavailable,
    is_unsent,
    unavailable,
)

if TYPE_CHECKING:
    from signoff.server.store.fail_points import FailPoints
    from signoff.server.store.postgres_connections import Session
    from signoff.server.store.postgres_joining import Job
    from signoff.server.store.queries import Bound


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
    whole = None if fail_points.armed else joining.joined(job)
    if whole is not None:
        await _run_joined(session, job, whole)
    else:
        await _run_apart(session, job, fail_points)


async def _run_joined(session: Session, job: Job, whole: Bound) -> None:
    """One statement is a transaction of its own, committed when it answers."""
    sql, values = whole
    try:
        await session.execute(sql, *values)
    except asyncpg.UniqueViolationError as error:
        raise Missed(_inserting(job, error.table_name)) from error
    except asyncpg.InvalidTextRepresentationError as error:
        statement = joining.missed(job, str(error))
        if statement is None:
            raise
        raise Missed(statement) from error
    except TRANSIENT as error:
        raise Undone from error
    except Exception as error:
        if is_unsent(error):
            raise Undone from error
        # When the connection was lost later, it may have been committed: nobody knows.
        if is_unavailable(error):
            raise unavailable(error) from error
        raise


async def _run_apart(session: Session, job: Job, fail_points: FailPoints) -> None:
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


def _inserting(job: Job, table: str | None) -> Statement:
    """What wrote to a table first: another change took its key."""
    for statement, (sql, _) in job:
        if sql.startswith(f"INSERT INTO {table} "):
            return statement
    return job[0][0]


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
