"""The skeleton of the store: one row per request, many rows in one durable commit.

The same pragmas as the server's, and one durable commit for all that is queued, which wakes the
callers in one hop. Its thread writes the rows, too: a single statement each is not worth more care.
No reads, no guards, no events.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from pathlib import Path


class BareStore:
    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")
        self._queue: queue.SimpleQueue[tuple[bytes, asyncio.Future[None]]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    async def commit(self, body: bytes) -> None:
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((body, done))
        await done

    def _run(self) -> None:
        while True:
            jobs = [self._queue.get()]
            while not self._queue.empty() and len(jobs) < 256:
                jobs.append(self._queue.get_nowait())
            self._connection.execute("BEGIN IMMEDIATE")
            for body, _ in jobs:
                self._connection.execute("INSERT INTO rows (body) VALUES (?)", (body,))
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_wake, [done for _, done in jobs])


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for done in waiting:
        if not done.done():
            done.set_result(None)
