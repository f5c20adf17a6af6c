"""A copy of the database that is whole: made while a server works on it, checked, and put back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from signoff.server.domain.event import first_break
from signoff.server.domain.store import SchemaError, StoreUnavailable
from signoff.server.store import migrations

BUSY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, of which every page, reference and hash was checked."""

    executions: int
    requests: int
    events: int
    bytes: int


def copy(source: Path, target: Path) -> Contents:
    """Copy a database, in use or not, into a new file; it appears when it is whole and durable.

    Args:
        source: the database; a server may write to it meanwhile.
        target: must not be there.

    Raises:
        FileExistsError: the target is there.
        SchemaError: the source is no database of ours, or something in it does not hold.
        StoreUnavailable: one of the two can't be read or written.
    """
    if target.exists():
        raise FileExistsError(target)
    part = target.with_name(f"{target.name}.part")
    try:
        with _opened(source) as connection:
            _make(part)
            with closing(sqlite3.connect(part, isolation_level=None)) as made:
                connection.backup(made)  # one reading transaction: writers go on beside it
                made.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
                contents = check(made)
        _sync(part)
        os.link(part, target)  # unlike a renaming, it overwrites nothing
        _sync(target.parent)
    except sqlite3.Error as error:
        if _is_no_database(error):
            raise SchemaError(f"{source} is no database of signoff") from error
        raise StoreUnavailable(f"the copy failed: {error}") from error
    except FileExistsError:
        raise
    except OSError as error:
        said = error.strerror or error
        raise StoreUnavailable(f"{target} can't be written: {said}") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return contents


def check(connection: sqlite3.Connection) -> Contents:
    """Check every page and reference, and recompute every chain up to its head.

    Raises:
        SchemaError: it is no database of ours, a newer server made it, or something does not hold.
    """
    connection.row_factory = sqlite3.Row
    try:
        applied = {row[0] for row in connection.execute("SELECT version FROM schema_migrations")}
        migrations.missing(migrations.load("sqlite"), applied)
        for (found,) in connection.execute("PRAGMA integrity_check"):
            if found != "ok":
                raise SchemaError(f"the file is damaged: {found}")
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise SchemaError("rows that others refer to are missing")
        with closing(_heads(connection)) as heads:
            events = sum(_check_chain(connection, *head) for head in heads)
        executions, requests = (
            connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            for table in ("executions", "approval_requests")
        )
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "page_size")
        )
    except sqlite3.DatabaseError as error:
        raise SchemaError(f"it is no database of signoff: {error}") from error
    return Contents(executions, requests, events, pages * size)


def applied(path: Path) -> set[int]:
    """The migrations that a database has; none when it is not there yet. Changes nothing.

    Raises:
        SchemaError: the file is no SQLite database.
        StoreUnavailable: it can't be read.
    """
    if not path.exists():
        return set()
    try:
        with _opened(path) as connection:
            known = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'"
            ).fetchone()
            query = "SELECT version FROM schema_migrations"
            return {row[0] for row in connection.execute(query)} if known else set()
    except sqlite3.DatabaseError as error:
        if _is_no_database(error):
            raise SchemaError("the file is no SQLite database") from error
        raise StoreUnavailable(f"the database can't be read: {error}") from error


def _is_no_database(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing; the file must be there."""
    # Not `mode=ro`: a log that a dead server left behind could not be read then.
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise StoreUnavailable(f"{path} can't be opened: {error}") from error
    with closing(connection):
        connection.execute("PRAGMA query_only=ON")
        yield connection


def _heads(connection: sqlite3.Connection) -> Generator[tuple[str, int, str], None, None]:
    yield from connection.execute(
        "SELECT execution_id, event_seq, event_hash FROM executions UNION ALL"
        " SELECT id, event_seq, event_hash FROM approval_requests WHERE event_seq IS NOT NULL"
    )


def _check_chain(connection: sqlite3.Connection, chain_id: str, seq: int, last_hash: str) -> int:
    query = "SELECT * FROM events WHERE chain_id = ? ORDER BY seq"
    rows = [dict(row) for row in connection.execute(query, (chain_id,))]
    broken = first_break(rows)
    if broken is not None:
        raise SchemaError(f"event {broken} of {chain_id} does not follow: it was changed")
    if not rows or (rows[-1]["seq"], rows[-1]["hash"]) != (seq, last_hash):
        raise SchemaError(f"the events of {chain_id} do not end at their head: the tail was cut")
    return len(rows)


def _make(path: Path) -> None:
    """A new file for its owner's eyes only; what a copy that broke off left there goes."""
    if not path.parent.is_dir():
        raise NotADirectoryError(f"there is no folder {path.parent}")
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
