"""SQLite: one file, one writer.

Reads run on the event loop's thread on a connection of their own (write-ahead log, so they never
wait for the writer): a point read takes some ten microseconds, less than a hop to a thread. What
was read counts for one turn of the loop: of hundreds of requests that come in at once only the
first reads the node that all of them are for, and an operation that looks twice reads once.

Writes go to one writer. It takes everything that is queued, applies it in one transaction, and
commits once for all of it: a change whose guard does not hold is undone alone. Only when the
commit is durable (``synchronous=FULL``) are the callers woken, all of a batch in one hop.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from signoff.server.domain.store import (
    Board,
    Change,
    Row,
    Scalar,
    SchemaError,
    StoreUnavailable,
    Value,
    Watch,
)
from signoff.server.store import journal, migrations, queries
from signoff.server.store.fail_points import Observe
from signoff.server.store.sqlite_writer import Job, Writer, is_callers_fault, unavailable

BUSY_MS = 10_000
"""How long to wait for another process that writes, such as the command that makes keys."""

CACHED_STATEMENTS = 512


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the database with the settings that durability rests on.

    Raises:
        SchemaError: the file is no SQLite database.
        StoreUnavailable: it can't be opened.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
        connection = sqlite3.connect(
            path,
            timeout=BUSY_MS / 1000,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=CACHED_STATEMENTS,
        )
    except (OSError, sqlite3.Error) as error:
        raise StoreUnavailable(f"the database can't be opened: {error}") from error
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        if read_only:
            connection.execute("PRAGMA query_only=ON")
    except sqlite3.DatabaseError as error:
        connection.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise SchemaError("the file is no SQLite database") from error
        raise StoreUnavailable(f"the database can't be opened: {error}") from error
    return connection


def _make(path: Path) -> None:
    """Make the file when it is not there, for its owner's eyes only: it holds the secrets that
    messages are signed with.

    A file that is there is not opened, not even to close it at once: to close any descriptor of a
    file gives up all locks that this process has on it, those of SQLite's connections too. Then
    the next process that closes the database takes itself for the last one and deletes the log,
    with everything in it that this process goes on to acknowledge.
    """
    if not path.exists():
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date in one transaction. Safe to run again, and by two at once.

    Raises:
        SchemaError: a newer server made the schema, or the tables are someone else's.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations"
            " (version BIGINT PRIMARY KEY, title TEXT NOT NULL)"
        )
        applied = {
            version for (version,) in connection.execute("SELECT version FROM schema_migrations")
        }
        for step in migrations.missing(migrations.load("sqlite"), applied):
            for statement in step.statements():
                connection.execute(statement)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?)", (step.version, step.title)
            )
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if is_callers_fault(error):
            raise SchemaError(f"the schema can't be set up: {error}") from error
        raise unavailable(error) from error
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class SqliteStore:
    """A :class:`~signoff.server.domain.store.Store` in one SQLite file."""

    shared = False

    def __init__(self, reader: sqlite3.Connection, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer
        self._queries = queries.load("?{}".format, "sqlite")
        self._board = Board()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._seen: dict[tuple[str, tuple[Scalar, ...], int | None], list[Row]] = {}
        self.fail_points = writer.fail_points

    @classmethod
    async def open(cls, path: Path | str) -> SqliteStore:
        """Open the file (made when it is not there, readable by its owner only) and migrate it.

        Raises:
            SchemaError: the file is no database of ours, or a newer server made it.
            StoreUnavailable: it can't be opened.
        """
        path = Path(path)
        with ThreadPoolExecutor(1) as pool:
            connection = await asyncio.get_running_loop().run_in_executor(pool, _prepare, path)
        return cls(connect(path, read_only=True), Writer(connection, BUSY_MS))

    def observe(self, told: Observe) -> None:
        """Have someone told of each batch: its seconds and its changes."""
        self._writer.observe = told

    async def one(self, query: str, **params: Value) -> Row | None:
        """The first row of a named query, or None."""
        rows = self._read(query, params, 1)
        return rows[0] if rows else None

    async def all(self, query: str, **params: Value) -> list[Row]:
        """All rows of a named query."""
        return self._read(query, params, None).copy()

    async def take(self, query: str, **params: Value) -> list[Row]:
        """Not here: one server serves a file, and there is nobody to keep off."""
        raise NotImplementedError(query)

    def watched(self) -> list[str]:
        """The topics that somebody watches here."""
        return self._board.topics()

    async def apply(self, change: Change) -> None:
        """Apply a change in one transaction. Returns only after its commit is durable."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        bound = [
            (statement, *self._queries[statement.query].bind(statement.params))
            for statement in change.statements
        ]
        done: asyncio.Future[None] = self._loop.create_future()
        self._writer.put(Job(bound, change.topics, done, self._answer))
        await done

    def watch(self, *topics: str) -> Watch:
        """Subscribe to commits that name one of ``topics``."""
        return Watch(self._board, topics)

    def wake(self, *topics: str) -> None:
        """Wake the watchers of ``topics`` without a change; with none given, all watchers."""
        if topics:
            self._board.wake(topics)
        else:
            self._board.wake_all()

    async def close(self) -> None:
        """Finish what is queued, then close. What comes later raises StoreUnavailable."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._reader.close()

    def _read(self, query: str, params: dict[str, Value], limit: int | None) -> list[Row]:
        if self._closed:
            raise StoreUnavailable("the store is closed")
        sql, values = self._queries[query].bind(params)
        key = sql, values, limit
        rows = self._seen.get(key)
        if rows is None:
            if not self._seen:
                # Whoever hears of a commit after this is called after this is forgotten.
                self._loop.call_soon(self._seen.clear)
            rows = self._seen[key] = self._fetch(sql, values, limit)
        return rows

    def _fetch(self, sql: str, values: tuple[Scalar, ...], limit: int | None) -> list[Row]:
        try:
            self.fail_points.before_read()
            cursor = self._reader.execute(sql, values)
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            names = [column[0] for column in cursor.description]
            cursor.close()
        except OSError as error:
            raise unavailable(error) from error
        except sqlite3.Error as error:
            if is_callers_fault(error):
                raise
            raise unavailable(error) from error
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _answer(self, jobs: list[Job]) -> None:
        self._seen.clear()
        for job in jobs:
            if job.error is None or isinstance(job.error, StoreUnavailable):
                self._board.wake(job.topics)  # it may have happened although nobody could say so
            if job.error is None:
                journal.tell(statement for statement, *_ in job.bound)
            if job.done.done():  # its caller has gone away
                continue
            if job.error is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(job.error)


def _prepare(path: Path) -> sqlite3.Connection:
    connection = connect(path)
    try:
        migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection
