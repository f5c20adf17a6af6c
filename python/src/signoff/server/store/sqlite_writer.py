"""The writer's thread of the SQLite engine: takes what is queued, commits it together."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from signoff.server.domain.store import Missed, Statement, StoreUnavailable
from signoff.server.store.fail_points import FailPoints, Observe, unobserved

MOST_AT_ONCE = 256
"""Changes in one transaction: enough to share a commit, few enough that the first waits briefly."""

# Another change took the key first: the same as a guard that does not hold.
_TAKEN = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})

_FAULTS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH})


@dataclass(slots=True, eq=False)
class Job:
    """One change on its way: what to run, whom to answer, and how it ended."""

    bound: list[tuple[Statement, str, tuple[str | int | None, ...]]]
    topics: set[str]
    done: asyncio.Future[None]
    settle: Callable[[list[Job]], None]
    error: Exception | None = None


def unavailable(error: Exception) -> StoreUnavailable:
    """The store's error for one of the engine's."""
    return StoreUnavailable(f"the database does not answer: {error}")


def is_callers_fault(error: sqlite3.Error) -> bool:
    """Whether the statement or its values are wrong, not the database or its disk."""
    # Without a code it comes from Python's side: a type that SQLite does not know.
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) in _FAULTS


class Writer:
    """Owns the connection that writes, and the one thread that uses it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.fail_points = FailPoints()
        self.observe: Observe = unobserved
        self._connection = connection
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue a job. It is settled after its commit, from the writer's thread."""
        self._queue.put(job)

    def close(self) -> None:
        """Finish what is queued, end the thread, close the connection."""
        self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while True:
            jobs, more = self._take()
            if jobs:
                started = time.perf_counter()
                self._write(jobs)
                jobs[0].settle(jobs)
                self.observe(time.perf_counter() - started, len(jobs))
            if not more:
                return

    def _take(self) -> tuple[list[Job], bool]:
        jobs: list[Job] = []
        job = self._queue.get()
        while job is not None:
            jobs.append(job)
            if len(jobs) == MOST_AT_ONCE:
                return jobs, True
            try:
                job = self._queue.get_nowait()
            except queue.Empty:
                return jobs, True
        return jobs, False

    def _write(self, jobs: list[Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if not all(map(self._run_bare, jobs)):
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
                for job in jobs:
                    self._run_saved(job)
            self.fail_points.before_commit()
            self._connection.execute("COMMIT")
            self.fail_points.after_commit()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every caller's answer
            self._give_up(jobs, error)

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
