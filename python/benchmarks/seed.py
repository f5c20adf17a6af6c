"""Rows instead of work: what would take too long to bring about."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.wire import Json

AT_ONCE = 2_000
"""So many rows in one transaction: the server has to write meanwhile."""


def copies(database: Path, like: Json, count: int) -> int:
    """Copy a waiting execution and its request so many times, held by nobody; how many."""
    count = max(0, count)
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        for first in range(0, count, AT_ONCE):
            with connection:
                _copy(connection, like, range(first, min(count, first + AT_ONCE)))
    return count


def _copy(connection: sqlite3.Connection, like: Json, numbers: range) -> None:
    for table in ("executions", "approval_requests"):
        query = f"SELECT * FROM {table} WHERE execution_id = ?"
        row = dict(connection.execute(query, (like["execution_id"],)).fetchone())
        row |= {name: None for name in ("lease_instance", "dispatch_at") if name in row}
        marks = ", ".join("?" * len(row))
        connection.executemany(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",
            ([_renamed(name, row[name], number) for name in row] for number in numbers),
        )


def _renamed(name: str, value: object, number: int) -> object:
    """Another id for each copy; the same in both tables."""
    return f"{value}-{number}" if name in ("id", "execution_id", "run_id") else value
