"""Retention: runs that ended long ago are written to a folder, then deleted."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from signoff.server.domain.timestamp import render
from signoff.server.operations import retention
from signoff.server.operations.context import Context
from signoff.server.operations.retention import Chain

AT_ONCE = 50
"""Runs between two pauses."""

PAUSE_MS = 1_000
"""Between two portions: others write, too."""

EVERY_MS = 3_600_000
"""How often to look when nothing was left."""

RETRY_MS = 60_000
"""When to look again after the folder could not be written."""

_log = logging.getLogger("signoff.maintenance")


class Retention:
    """Exports the events of runs that are over and old, and deletes the runs.

    The events are in the folder, durably, before anything is deleted. After a crash in between
    they are written once more, into the same file. Several servers may share the folder: each run
    is deleted by one of them, and what is written stays whole whoever comes second.

    Args:
        context: the server's.
        keep_ms: how long a run is kept after its last execution has ended.
        folder: where the events go: ``YYYY-MM-DD/exec_….jsonl``, by the day of the end.
    """

    def __init__(self, context: Context, keep_ms: int, folder: Path) -> None:
        self._context = context
        self._keep_ms = keep_ms
        self._folder = folder
        self._next_at = 0

    async def run_due(self) -> None:
        """Do one portion, if it is time."""
        now = self._context.clock.now()
        # A clock that was set back must not make it wait for long.
        if 0 < self._next_at - now <= EVERY_MS:
            return
        try:
            more = await self._portion(now - self._keep_ms)
        except OSError as error:
            _log.error("old runs are kept: %s", error)
            self._next_at = now + RETRY_MS
        else:
            self._next_at = now + (PAUSE_MS if more else EVERY_MS)

    async def next_due(self) -> int | None:
        """When to look again: ms since the epoch."""
        return self._next_at

    async def _portion(self, before: int) -> bool:
        found = await retention.list_over(self._context, before, limit=AT_ONCE)
        forgotten = 0
        for run_id in found:
            run = await retention.read(self._context, run_id)
            if run is None:
                continue
            writer = self._context.server_id
            await asyncio.to_thread(_export, self._folder, run.chains, writer)
            forgotten += await retention.forget(self._context, run)
        if forgotten:
            _log.info(
                "old runs are deleted", extra={"runs": forgotten, "folder": str(self._folder)}
            )
        # What something was added to meanwhile is for the next time, and when all of it was
        # another server's, that one goes on.
        if len(found) == AT_ONCE and forgotten > 0:
            return True
        # After all runs: these are looked for among all old messages that there are.
        return await retention.forget_messages(self._context, before)


def _export(folder: Path, chains: Iterable[Chain], writer: str) -> None:
    """Write the chains durably, each into its own file; a file appears when it is whole.

    ``writer`` is nobody else's: two that write the same must not write into each other's file.
    """
    days: set[Path] = set()
    for chain in chains:
        day = folder / render(chain.ended_at)[:10]
        day.mkdir(mode=0o700, parents=True, exist_ok=True)
        days.add(day)
        whole, text = day / f"{chain.execution_id}.jsonl", "".join(chain.lines).encode()
        if whole.exists() and whole.stat().st_size > len(text):
            continue  # another server has written what was added since: chains only grow
        part = day / f"{chain.execution_id}.{writer}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
    for changed in {*days, folder, folder.parent}:
        _sync(changed)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
