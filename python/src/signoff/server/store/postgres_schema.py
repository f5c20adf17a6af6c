"""The schema in PostgreSQL: the shared migrations, in this engine's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import asyncpg

from signoff.server.domain.store import SchemaError
from signoff.server.store import migrations
from signoff.server.store.postgres_connections import (
    TRANSIENT,
    connect,
    is_unavailable,
    unavailable,
)

if TYPE_CHECKING:
    from signoff.server.store.postgres_connections import Session

OLDEST = 14
"""The oldest PostgreSQL that is supported: the oldest that its makers support."""

# Any number will do, as long as every server of this kind takes the same.
_LOCK = 0x5169_6E6F_6666

MIGRATION_SECONDS = 3_600.0
"""A step of the schema may go through all there is: far longer than any other command."""

TRIES = 10
"""How often the schema is brought up to date anew after a deadlock."""

_TEXT = re.compile(r"\bTEXT\b")


async def migrate(session: Session) -> None:
    """Bring the schema up to date in one transaction. Safe to run again, and by two at once.

    Raises:
        SchemaError: a newer server made the schema, the tables are someone else's, or the
            database is not one that text of every kind can be stored in.
        StoreUnavailable: the database does not answer.
    """
    try:
        await _check(session)
        await _settle(session)
    except asyncpg.InsufficientPrivilegeError as error:
        raise SchemaError(f"the schema can't be set up: {error}") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        if is_unavailable(error) or isinstance(error, TRANSIENT):
            raise unavailable(error) from error
        raise SchemaError(f"the schema can't be set up: {error}") from error


async def applied(url: str) -> set[int]:
    """The migrations that a database has. Changes nothing.

    Raises:
        StoreUnavailable: it can't be reached.
    """
    session = await connect(url)
    try:
        known = await session.fetchval("SELECT to_regclass('schema_migrations')")
        rows = await session.fetch("SELECT version FROM schema_migrations") if known else []
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise unavailable(error) from error
    finally:
        await session.close()
    return {row["version"] for row in rows}


def in_dialect(statement: str) -> str:
    """A statement of a shared migration, with text compared by code points as in SQLite.

    Ids and cursors must sort alike on every engine, whatever the language of the database is.
    """
    return _TEXT.sub('TEXT COLLATE "C"', statement)


async def _check(session: Session) -> None:
    version = session.get_server_version()
    if version.major < OLDEST:
        raise SchemaError(
            f"this is PostgreSQL {version.major}, and {OLDEST} is the oldest that is supported"
        )
    encoding = await session.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        raise SchemaError(
            f"the database is in {encoding}: make one with CREATE DATABASE … ENCODING 'UTF8'"
        )


async def _settle(session: Session) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            async with session.transaction():
                await _migrate(session)
        except TRANSIENT:
            # Servers of the version before work on: one of them held a table that comes later.
            if not tries_left:
                raise
        else:
            return


async def _migrate(session: Session) -> None:
    # Who comes second waits as long as the first one takes. For tables it is the usual time: all
    # others that want them would queue up behind us.
    await session.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    lock = "SELECT pg_advisory_xact_lock($1)"
    await session.execute(lock, _LOCK, timeout=MIGRATION_SECONDS)
    await session.execute("SET LOCAL lock_timeout TO DEFAULT")
    await session.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations"
        " (version BIGINT PRIMARY KEY, title TEXT NOT NULL)"
    )
    applied = {row["version"] for row in await session.fetch("SELECT * FROM schema_migrations")}
    for step in migrations.missing(migrations.load("postgres"), applied):
        for statement in step.statements():
            await session.execute(in_dialect(statement), timeout=MIGRATION_SECONDS)
        await session.execute(
            "INSERT INTO schema_migrations VALUES ($1, $2)", step.version, step.title
        )
