"""What people do to a database beside the server: its schema, copies of it, a look at its state."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from signoff.server.database import StartError, opened
from signoff.server.domain.clock import SystemClock
from signoff.server.domain.store import SchemaError, StoreUnavailable
from signoff.server.operations import diagnosis
from signoff.server.operations.diagnosis import Finding
from signoff.server.settings import PostgresUrl, Settings
from signoff.server.store import migrations, sqlite_copy
from signoff.server.store.migrations import Migration
from signoff.server.store.sqlite_copy import Contents
from signoff.server.store.sqlite_lock import Lock

__all__ = [
    "Contents",
    "Finding",
    "Migration",
    "Schema",
    "backup",
    "examine",
    "migrate",
    "restore",
    "schema",
]


@dataclass(frozen=True, slots=True)
class Schema:
    """The migrations of a database: those that it has, and those that this server would add."""

    applied: list[Migration]
    pending: list[Migration]


async def schema(settings: Settings) -> Schema:
    """What the database has and lacks. Changes nothing.

    Raises:
        StartError: it can't be read, or a newer server made it.
    """
    database = settings.database
    try:
        if isinstance(database, PostgresUrl):
            known, has = migrations.load("postgres"), await _applied_in_postgres(database.url)
        else:
            known = migrations.load("sqlite")
            has = await asyncio.to_thread(sqlite_copy.applied, Path(database))
        pending = migrations.missing(known, has)
    except (SchemaError, StoreUnavailable) as error:
        raise StartError(f"{database}: {error}") from error
    return Schema([step for step in known if step.version in has], pending)


async def migrate(settings: Settings) -> Schema:
    """Apply what is pending, in one transaction, beside running servers; the schema before it.

    Raises:
        StartError: it can't be done.
    """
    before = await schema(settings)
    if before.pending:
        async with opened(settings):
            pass
    return before


def backup(settings: Settings, to: Path) -> Contents:
    """Copy a SQLite database, in use or not, and check the copy.

    Raises:
        FileExistsError: there is such a file.
        StartError: it is in PostgreSQL, can't be read or written, or something in it is broken.
    """
    source = _sqlite(settings, "pg_dump --format=custom --file=signoff.dump URL")
    if not source.exists():
        raise StartError(f"there is no database {source}")
    try:
        return sqlite_copy.copy(source, to)
    except (SchemaError, StoreUnavailable) as error:
        raise StartError(f"{source}: {error}") from error


def restore(
    settings: Settings, source: Path, *, replace: bool = False
) -> tuple[Contents, Path | None]:
    """Put a copy in the place of the database, checked before anything is moved.

    Args:
        settings: say where the database is.
        source: what :func:`backup` wrote.
        replace: move a database that is there aside; it is kept beside the new one.

    Returns:
        What it holds, and where the old one is now, if there was one.

    Raises:
        FileExistsError: there is a database, and it was not to be replaced.
        StartError: a server works on it, it is in PostgreSQL, or the copy is not whole.
    """
    target = _sqlite(settings, "pg_restore --clean --if-exists --dbname=URL signoff.dump")
    if not source.exists():
        raise StartError(f"there is no file {source}")
    try:
        with Lock.take(target):
            if target.exists() and not replace:
                raise FileExistsError(target)
            fresh = target.with_name(f"{target.name}.restored")
            fresh.unlink(missing_ok=True)
            contents = sqlite_copy.copy(source, fresh)
            aside = _move_aside(target) if target.exists() else None
            fresh.rename(target)
            return contents, aside
    except (SchemaError, StoreUnavailable) as error:
        raise StartError(f"{target}: {error}") from error


async def examine(settings: Settings) -> list[Finding]:
    """What is well with a database and what is not. Changes nothing."""
    try:
        found = await schema(settings)
    except StartError as error:
        return [
            Finding("fail", "database", str(error), "mend that first; see SIGNOFF_DATABASE_URL")
        ]
    if found.pending:
        text = f"{len(found.pending)} migrations are pending"
        return [Finding("warn", "database", text, "signoff migrate, or start the server")]
    try:
        async with opened(settings) as store:
            return await diagnosis.examine(store, SystemClock().now())
    except (StartError, StoreUnavailable) as error:
        return [Finding("fail", "database", str(error), "look at the database's own log")]


def _sqlite(settings: Settings, instead: str) -> Path:
    if isinstance(settings.database, PostgresUrl):
        raise StartError(f"{settings.database} is PostgreSQL, which brings its own: {instead}")
    return Path(settings.database)


def _move_aside(database: Path) -> Path:
    """Keep a database under another name, with the log that belongs to it."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(SystemClock().now() / 1000))
    aside = database.with_name(f"{database.name}.replaced-{stamp}")
    for suffix in ("-shm", "-wal", ""):
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return aside


async def _applied_in_postgres(url: str) -> set[int]:
    try:
        from signoff.server.store import postgres_schema
    except ImportError as error:
        raise StartError(
            f"PostgreSQL needs {error.name}: pip install 'signoff[postgres]'"
        ) from None
    return await postgres_schema.applied(url)
