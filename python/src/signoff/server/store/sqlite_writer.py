"""The writer of the SQLite engine: takes what is queued, applies it, commits it together.

Statements run on the event loop's thread, as reads do: each takes some microseconds, and two
threads that run Python at the same time take turns at the interpreter's lock after every single
one, which costs more than the statements do. Only what waits for the disk or for another process
has a thread of its own, which does not need that lock meanwhile: the commit, and the wait for the
lock on the database while another process writes.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from signoff.server.domain.store import Missed, Statement, StoreUnavailable
from signoff.server.store.fail_points import FailPoints, Observe, unobserved

MOST_AT_ONCE = 256
"""Changes in one transaction: enough to share a commit, few enough that the first waits briefly."""

# Another change took the key first: the same as a guard that does not hold.
_TAKEN = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})

_PRIMARY = 0xFF
"""What of an error's code says the kind; the rest says more about it."""

_FAULTS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH})


@dataclass(slots=True, eq=False)
class Job:
    """One change on its way: what to run, whom to answer, and how it ended."""

    bound: list[tuple[Statement, str, tuple[str | int | None, ...]]]
    topics: set[str]
    done: asyncio.Future[None]
    settle: Callable[[list[Job]], None]
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class _Batch:
    """Jobs that are committed together."""

    jobs: list[Job]
    started: float
    apart: bool = False
    """One of them has missed after it had written: each runs so that it can be undone alone."""


def unavailable(error: Exception) -> StoreUnavailable:
    """The store's error for one of the engine's."""
    return StoreUnavailable(f"the database does not answer: {error}")


def is_callers_fault(error: sqlite3.Error) -> bool:
    """Whether the statement or its values are wrong, not the database or its disk."""
    # Without a code it comes from Python's side: a type that SQLite does not know.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) in _FAULTS


class Writer:
    """Owns the connection that writes: at any time it is the loop's or the thread's, never both's.

    Args:
        connection: to write with, by nobody else.
        patience_ms: how long to wait while another process writes.
    """

    def __init__(self, connection: sqlite3.Connection, patience_ms: int) -> None:
        self.fail_points = FailPoints()
        self.observe: Observe = unobserved
        self._connection = connection
        # The event loop does not wait for locks; the thread does.
        self._patience_ms = patience_ms
        connection.execute("PRAGMA busy_timeout=0")
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Job] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job. It is settled after its commit."""
        self._queue.append(job)
        if self._idle.is_set():
            self._idle.clear()
            # What others queue in this turn of the loop goes with it.
            self._loop.call_soon(self._begin)

    async def close(self) -> None:
        """Finish what is queued, end the thread, close the connection."""
        await self._idle.wait()
        self._work.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        self._connection.close()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _begin(self) -> None:
        jobs = [self._queue.popleft() for _ in range(min(len(self._queue), MOST_AT_ONCE))]
        self._start(_Batch(jobs, time.perf_counter()))

    def _start(self, batch: _Batch) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & _PRIMARY == sqlite3.SQLITE_BUSY:
                self._work.put(lambda: self._wait_for_lock(batch))
            else:
                self._give_up(batch.jobs, error)
                self._settle(batch)
        else:
            self._apply(batch)

    def _wait_for_lock(self, batch: _Batch) -> None:
        try:
            self._connection.execute(f"PRAGMA busy_timeout={self._patience_ms}")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            finally:
                self._connection.execute("PRAGMA busy_timeout=0")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every caller's answer
            self._give_up(batch.jobs, error)
            self._loop.call_soon_threadsafe(self._settle, batch)
        else:
            self._loop.call_soon_threadsafe(self._apply, batch)

    def _apply(self, batch: _Batch) -> None:
        try:
            if batch.apart:
                for job in batch.jobs:
                    self._run_saved(job)
            elif not all(map(self._run_bare, batch.jobs)):
                self._connection.execute("ROLLBACK")
                batch.apart = True
                self._start(batch)
                return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every caller's answer
            self._give_up(batch.jobs, error)
            self._settle(batch)
        else:
            self._work.put(lambda: self._commit(batch))

    def _commit(self, batch: _Batch) -> None:
        try:
            self.fail_points.before_commit()
            self._connection.execute("COMMIT")
            self.fail_points.after_commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every caller's answer
            self._give_up(batch.jobs, error)
        self._loop.call_soon_threadsafe(self._settle, batch)

    def _settle(self, batch: _Batch) -> None:
        self.observe(time.perf_counter() - batch.started, len(batch.jobs))
        batch.jobs[0].settle(batch.jobs)
        if self._queue:
            # Those who are woken now come first: what they write goes with the next batch.
            self._loop.call_soon(self._begin)
        else:
            self._idle.set()

    def _give_up(self, jobs: list[Job], error: Exception) -> None:
        """Nothing of the batch counts (or its answers are lost): tell everyone so."""
        # If it can't, SQLite has rolled back by itself or will when the file is opened again.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        for job in jobs:
            job.error = job.error or unavailable(error)

    def _run_bare(self, job: Job) -> bool:
        """Run a job without a savepoint, which would cost a third more. False: undo the batch.

        A guard comes first in its change, so what misses has mostly done nothing yet.
        """
        done, job.error = self._run_statements(job)
        return job.error is None or not done

    def _run_saved(self, job: Job) -> None:
        """Run a job so that it can be undone alone."""
        self._connection.execute("SAVEPOINT change")
        _, job.error = self._run_statements(job)
        if job.error is not None:
            self._connection.execute("ROLLBACK TO change")
        self._connection.execute("RELEASE change")

    def _run_statements(self, job: Job) -> tuple[bool, Exception | None]:
        """Whether anything was written, and what stopped it. Raises what stops the whole batch."""
        written = False
        for statement, sql, values in job.bound:
            try:
                touched = self._connection.execute(sql, values).rowcount
            except sqlite3.IntegrityError as error:
                taken = error.sqlite_errorcode in _TAKEN
                return written, Missed(statement) if taken else error
            except sqlite3.Error as error:
                if not is_callers_fault(error):
                    raise  # disk full, I/O, locked: the whole batch stands or falls
                return written, error
            except (ValueError, OverflowError, TypeError) as error:
                return written, error  # a value that SQLite can't hold
            written = written or touched > 0
            if statement.expect is not None and touched != statement.expect:
                return written, Missed(statement)
        return written, None
