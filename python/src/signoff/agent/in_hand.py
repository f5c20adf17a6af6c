"""The attempts in hand: from dispatch to the accepted report."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any, Final

from signoff.agent.reasoners import Reasoner
from signoff.agent.run import Run, attempt_number, enter
from signoff.agent.steps import said
from signoff.contract_gen import ReportedStatus
from signoff.errors import ApiError, BodyTooLargeError, RefusedError, SignoffError
from signoff.results import ApprovalResult

log: Final = logging.getLogger("signoff.agent")

RELEASES_AT_ONCE: Final = 64
"""So many runs that wait are given back at a time, when thousands are due together."""

HAND_BACK_SECONDS: Final = 2.0
"""So long, at least, reports of what is handed back may take when the process ends."""

REMEMBERED: Final = 10_000
"""Executions whose newest reported attempt is still known, so that a late dispatch runs nothing."""


class InHand:
    """Every attempt that this process runs, by attempt id.

    Each has two tasks: the work, which may be cancelled at any time, and the one that sees it
    through to the accepted report, which only the end of the process breaks off.
    """

    def __init__(self) -> None:
        self.changed: Callable[[Run], None] | None = None
        """Called when a run begins or stops to wait."""
        self._runs: dict[str, Run] = {}
        self._works: dict[str, asyncio.Task[Any]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._newest: dict[str, str] = {}
        self._stops: dict[str, dict[str, Any]] = {}
        self._reported: OrderedDict[str, int] = OrderedDict()
        self._parked: set[str] = set()
        self._over: set[str] = set()
        self._releases = asyncio.Semaphore(RELEASES_AT_ONCE)

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, run: Run) -> bool:
        return self._runs.get(run.attempt_id) is run

    @property
    def running(self) -> int:
        """How many do something: neither wait for a person nor for a child."""
        return len(self._runs) - len(self._parked)

    def has_had(self, attempt_id: str) -> bool:
        """Whether an attempt is in hand, or was, or a later one of its execution."""
        if attempt_id in self._runs:
            return True
        execution_id, attempt = attempt_number(attempt_id)
        newest = self._newest.get(execution_id)
        in_hand = 0 if newest is None else self._runs[newest].attempt
        return attempt <= max(in_hand, self._reported.get(execution_id, 0))

    def ids(self) -> list[str]:
        """The attempt ids, sorted."""
        return sorted(self._runs)

    def digest(self) -> str:
        """SHA-256 over the sorted attempt ids, each followed by a line feed."""
        return hashlib.sha256("".join(f"{name}\n" for name in self.ids()).encode()).hexdigest()

    def start(self, run: Run, reasoner: Reasoner, arguments: dict[str, Any]) -> None:
        """Run an attempt that was never had, and report how it ends.

        An earlier attempt of its execution has lost its lease.
        """
        earlier = self._newest.get(run.execution_id)
        if earlier is not None:
            self._leave(self._runs[earlier], "a later attempt has begun here")
        self._newest[run.execution_id] = run.attempt_id
        self._runs[run.attempt_id] = run
        work = asyncio.create_task(_work(run, reasoner, arguments), name=run.attempt_id)
        run.waits.track(work)
        run.waits.changed = lambda: self._changed(run)
        run.over = lambda why: self._end(run, why)
        self._works[run.attempt_id] = work
        self._tasks[run.attempt_id] = asyncio.create_task(self._see_through(run, work))

    def answer(self, attempt_id: str, result: ApprovalResult) -> bool:
        """Hand a decision to the run that it is for. Says whether somebody waits for it."""
        run = self._runs.get(attempt_id)
        return run is not None and not run.leaving and run.waiters.answer(result)

    def cancel(self, attempt_id: str) -> bool:
        """Stop an attempt. Says whether it was in hand."""
        if attempt_id not in self._runs:
            return False
        self._stop(attempt_id, ReportedStatus.CANCELLED, "cancelled by the control plane")
        return True

    async def hand_back(self, grace_seconds: float) -> None:
        """Before the process ends: what waits for a person is released, the rest may finish.

        Whatever is not finished after `grace_seconds` is handed back too, and goes on in another
        process by its steps. Reports that the server does not take in as long again, or in
        :data:`HAND_BACK_SECONDS` where that is longer, are lost: then leases run out first.
        """
        why = "the agent is shutting down"
        for run in list(self._runs.values()):
            if run.waits.only(timed=True):
                # `waiting` costs the run nothing.
                self.suspend(run, why)
        await self._finished(grace_seconds)
        for run in list(self._runs.values()):
            # A `cancelled` that nobody asked for hands it back.
            self._leave(run, why)
        # Little time, or none, for the work is no reason to tell nobody that it was left.
        await self._finished(max(grace_seconds, HAND_BACK_SECONDS))
        for task in list(self._tasks.values()):
            task.cancel()
        await self._finished(grace_seconds)

    def suspend(self, run: Run, why: str) -> None:
        """Let go of a run that only waits: it is unwound, given back, and goes on when it may.

        Whatever its code makes of being unwound is nobody's result.
        """
        waits_for = sorted({wait.id for wait in run.waits})
        self._leave(run, why, status=ReportedStatus.WAITING, waits_for=waits_for)

    def _leave(
        self, run: Run, why: str, status: ReportedStatus = ReportedStatus.CANCELLED, **said: Any
    ) -> None:
        """Stop an attempt of a run that goes on in a later one."""
        if run.attempt_id not in self._stops:
            run.leaving = True
            self._stop(run.attempt_id, status, why, **said)

    def _end(self, run: Run, why: RefusedError) -> None:
        """The server knows a later attempt, or the end: nobody wants to hear of this one."""
        log.info("%s is over: %s", run.attempt_id, why)
        self._over.add(run.attempt_id)
        self._leave(run, str(why))
        for task in run.waits.tasks - {self._works[run.attempt_id]}:
            task.cancel()

    def _changed(self, run: Run) -> None:
        if len(run.waits) > 0:
            self._parked.add(run.attempt_id)
        else:
            self._parked.discard(run.attempt_id)
        if self.changed is not None:
            self.changed(run)

    async def _finished(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)

    def _stop(self, attempt_id: str, status: ReportedStatus, why: str, **said: Any) -> None:
        """End the work of an attempt, if it has not ended; what is to be reported then."""
        work = self._works[attempt_id]
        if work.done():
            return
        self._runs[attempt_id].stopped = True
        self._stops.setdefault(attempt_id, {"status": status, "status_reason": why, **said})
        # First the work: who gathers the others must not take their end for an answer.
        work.cancel()
        if status == ReportedStatus.WAITING:
            run = self._runs[attempt_id]
            run.unwinding = run.waits.tasks - {work}
            for task in run.unwinding:
                task.cancel()

    async def _see_through(self, run: Run, work: asyncio.Task[Any]) -> None:
        try:
            await asyncio.wait([work])
            if run.attempt_id in self._over:
                return
            report = self._report(run.attempt_id, work)
            if report["status"] == ReportedStatus.WAITING:
                await self._release(run, report)
                return
            if report["status"] in _ENDS:
                await run.notes.flush()
            await run.client.report_execution_status(run.attempt_id, **report)
        except BodyTooLargeError:
            await self._say(run, status=ReportedStatus.FAILED, error="the result is over the limit")
        except RefusedError as refused:
            # The execution was cancelled, timed out, or runs in a later attempt elsewhere.
            log.info("the report of %s was refused: %s", run.attempt_id, refused)
        except SignoffError as unheard:
            # The server misses it in the heartbeats and dispatches the next attempt.
            log.error("the report of %s was not taken: %s", run.attempt_id, unheard)  # noqa: TRY400 - said, not a bug
        except Exception:  # the same
            log.exception("the report of %s could not be made", run.attempt_id)
        finally:
            work.cancel()
            self._forget(run)

    async def _release(self, run: Run, report: dict[str, Any]) -> None:
        """Give a run back of which nothing is left here."""
        if run.unwinding:
            await asyncio.wait(run.unwinding)
        await run.notes.flush()
        async with self._releases:
            await run.client.report_execution_status(run.attempt_id, **report)

    def _report(self, attempt_id: str, work: asyncio.Task[Any]) -> dict[str, Any]:
        """What to report of work that has ended."""
        stop = self._stops.get(attempt_id)
        if stop is not None and stop["status"] == ReportedStatus.WAITING:
            # Its code may have caught what unwound it, and returned or raised as if answered.
            if not work.cancelled() and (failed := work.exception()) is not None:
                log.info("%s broke as it was unwound: %s", attempt_id, said(failed))
            return stop
        if work.cancelled():
            error = "CancelledError: the reasoner was cancelled"
            return stop or {"status": ReportedStatus.FAILED, "error": error}
        failed = work.exception()
        if failed is None:
            return {"status": ReportedStatus.SUCCEEDED, "result": work.result()}
        log.warning("%s failed: %s", attempt_id, said(failed))
        # What breaks because it is stopped has not failed.
        return stop or {
            "status": ReportedStatus.FAILED,
            "error": said(failed),
            "error_details": {"type": type(failed).__name__},
        }

    async def _say(self, run: Run, **report: Any) -> None:
        try:
            await run.client.report_execution_status(run.attempt_id, **report)
        except ApiError as refused:
            log.info("the report of %s was refused: %s", run.attempt_id, refused)

    def _forget(self, run: Run) -> None:
        for known in (self._runs, self._works, self._tasks, self._stops):
            known.pop(run.attempt_id, None)
        self._parked.discard(run.attempt_id)
        self._over.discard(run.attempt_id)
        for wait in run.waits:  # nobody awaits it any more, and nobody will answer it
            wait.task.cancel()
        run.waits.end()
        if self._newest.get(run.execution_id) == run.attempt_id:
            del self._newest[run.execution_id]
        newest = max(run.attempt, self._reported.pop(run.execution_id, 0))
        self._reported[run.execution_id] = newest
        while len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)


_ENDS: Final = (ReportedStatus.SUCCEEDED, ReportedStatus.FAILED)


async def _work(run: Run, reasoner: Reasoner, arguments: dict[str, Any]) -> Any:
    enter(run)
    await run.load_recorded()
    return await reasoner.run(arguments)


def pages(ids: Iterable[str], size: int = 1000) -> list[list[str]]:
    """The list that the server asks for with `resync`, in pages; one empty page for nothing."""
    every = list(ids)
    return [every[at : at + size] for at in range(0, len(every), size)] or [[]]
