"""What is left when a chaos run is over: rows by plain SQL, and the logs. Nothing of the server."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.chaos.journal import Line, read

Row = dict[str, Any]

TABLES: Final = {
    "executions": "SELECT * FROM executions ORDER BY execution_id",
    "requests": "SELECT * FROM approval_requests ORDER BY id",
    "steps": "SELECT * FROM steps ORDER BY execution_id, key",
    "events": "SELECT * FROM events ORDER BY chain_id, seq",
    "messages": "SELECT * FROM messages ORDER BY id",
}


@dataclass(slots=True)
class Records:
    """The tables; the driver's journal; the agents' evidence, in the order of each agent."""

    executions: list[Row]
    requests: list[Row]
    steps: list[Row]
    events: list[Row]
    messages: list[Row]
    journal: list[Line]
    evidence: list[Line]


def collect(folder: Path, database_url: str | None = None) -> Records:
    """Everything that a run in `folder` has left; `database_url` None: its SQLite file."""
    if database_url is None:
        tables = _sqlite(folder / "server.db")
    else:
        tables = asyncio.run(_postgres(database_url))
    evidence = [line for file in sorted(folder.glob("*.evidence")) for line in read(file)]
    return Records(**tables, journal=list(read(folder / "journal")), evidence=evidence)


def _sqlite(file: Path) -> dict[str, list[Row]]:
    database = sqlite3.connect(file)
    database.row_factory = sqlite3.Row
    try:
        return {name: [dict(row) for row in database.execute(q)] for name, q in TABLES.items()}
    finally:
        database.close()


async def _postgres(url: str) -> dict[str, list[Row]]:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        return {
            name: [dict(row) for row in await connection.fetch(query)]
            for name, query in TABLES.items()
        }
    finally:
        await connection.close()


def keep(folder: Path, url: str) -> None:
    """Write all tables of a PostgreSQL database to files of JSON lines, one file each."""
    folder.mkdir()
    for name, rows in asyncio.run(_everything(url)).items():
        lines = (json.dumps(row, default=str) for row in rows)
        (folder / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines))


async def _everything(url: str) -> dict[str, list[Row]]:
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        return {
            name: [dict(row) for row in await connection.fetch(f'SELECT * FROM "{name}"')]
            for (name,) in found
        }
    finally:
        await connection.close()
