"""Databases to measure on: empty, and deleted in the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal, Protocol

import asyncpg
from tests import postgres

from benchmarks import processes

Engine = Literal["SQLite", "PostgreSQL"]
ENGINES: tuple[Engine, ...] = ("SQLite", "PostgreSQL")

AT_ONCE = 2_000
"""So many rows in one transaction: a server has to write meanwhile."""

Records = Sequence[Sequence[Any]]


class Database(Protocol):
    """One database, beside the servers that work on it."""

    engine: Engine
    url: str

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What a query finds; its parameters are written `$1`, `$2` …"""

    async def insert(self, table: str, columns: Sequence[str], records: Records) -> None:
        """Add rows, many at a time."""

    async def analyze(self) -> None:
        """What a database does by itself some time after many rows have come."""


class Databases:
    """Makes them. The PostgreSQL is one of its own, started for the first that needs it."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._cluster: postgres.Cluster | None = None
        self._names = count(1)

    @property
    def engines(self) -> tuple[Engine, ...]:
        """Those that there are on this machine."""
        return ENGINES if postgres.binaries() is not None else ENGINES[:1]

    @contextmanager
    def fresh(self, engine: Engine) -> Iterator[Database]:
        """An empty one, until the block ends."""
        if engine == "SQLite":
            with processes.folder() as folder:
                yield _Sqlite(folder / "server.db")
            return
        if self._cluster is None:
            # As durable as SQLite's: who compares the two compares commits that survive.
            self._cluster = self._stack.enter_context(postgres.running_cluster(durable=True))
        name = f"bench_{next(self._names)}"
        with postgres.new_database(self._cluster.url(), name) as url:
            yield _Postgres(url)


class _Sqlite:
    engine: Engine = "SQLite"

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self._path = path

    async def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with closing(self._connect()) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(query.replace("$", "?"), values)
            return [dict(row) for row in found.fetchall()]

    async def insert(self, table: str, columns: Sequence[str], records: Records) -> None:
        query = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({_marks(len(columns))})"
        with closing(self._connect()) as connection:
            for first in range(0, len(records), AT_ONCE):
                with connection:
                    connection.executemany(query, records[first : first + AT_ONCE])

    async def analyze(self) -> None:
        """SQLite does nothing of the kind."""

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)


class _Postgres:
    engine: Engine = "PostgreSQL"

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()

    async def insert(self, table: str, columns: Sequence[str], records: Records) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.copy_records_to_table(table, records=records, columns=columns)
        finally:
            await connection.close()

    async def analyze(self) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()


def _marks(count: int) -> str:
    return ", ".join("?" * count)
