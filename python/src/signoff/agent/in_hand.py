"""The attempts in hand: from dispatch to the accepted report."""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from signoff.agent.reasoners import Reasoner
from signoff.agent.run import Run, enter
from signoff.agent.steps import said
from signoff.contract_gen import ReportedStatus
from signoff.errors import ApiError, BodyTooLargeError, RefusedError, SignoffError
from signoff.results import ApprovalResult

log: Final = logging.getLogger("signoff.agent")

REMEMBERED: Final = 10_000
"""Reported attempts that are still recognised, so that a late repeat of a dispatch runs nothing."""


class InHand:
    """Every attempt that this process runs, by attempt id."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._reported: OrderedDict[str, None] = OrderedDict()
        self._cancelled: set[str] = set()
        self._parked: set[str] = set()
        self._handing_back = False

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, attempt_id: str) -> bool:
        return attempt_id in self._runs or attempt_id in self._reported

    def ids(self) -> list[str]:
        """The attempt ids, sorted."""
        return sorted(self._runs)

    def digest(self) -> str:
        """SHA-256 over the sorted attempt ids, each followed by a line feed."""
        return hashlib.sha256("".join(f"{name}\n" for name in self.ids()).encode()).hexdigest()

    def start(self, run: Run, reasoner: Reasoner, arguments: dict[str, Any]) -> None:
        """Run an attempt in a task of its own, and report how it ends."""
        self._runs[run.attempt_id] = run
        self._tasks[run.attempt_id] = asyncio.create_task(
            self._live(run, reasoner, arguments), name=run.attempt_id
        )

    def answer(self, attempt_id: str, result: ApprovalResult) -> bool:
        """Hand a decision to the run that it is for. Says whether somebody waits for it."""
        run = self._runs.get(attempt_id)
        return run is not None and run.waiters.answer(result)

    def cancel(self, attempt_id: str) -> bool:
        """Stop an attempt. Says whether it was in hand."""
        task = self._tasks.get(attempt_id)
        if task is None:
            return False
        self._cancelled.add(attempt_id)
        task.cancel()
        return True

    async def hand_back(self, grace_seconds: float) -> None:
        """Before the process ends: what waits for a person is released, the rest may finish.

        Whatever is not finished after `grace_seconds` is handed back too, and goes on in another
        process by its steps.
        """
        self._handing_back = True
        for attempt_id, run in list(self._runs.items()):
            if run.parked:
                self._parked.add(attempt_id)
                self._tasks[attempt_id].cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=grace_seconds)
        for task in list(self._tasks.values()):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=grace_seconds)

    async def _live(self, run: Run, reasoner: Reasoner, arguments: dict[str, Any]) -> None:
        enter(run)
        try:
            report = await self._attempt(run, reasoner, arguments)
            await run.client.report_execution_status(run.attempt_id, **report)
        except BodyTooLargeError:
            await self._say(run, status=ReportedStatus.FAILED, error="the result is over the limit")
        except RefusedError as refused:
            # The execution was cancelled, timed out, or runs in a later attempt elsewhere.
            log.info("the report of %s was refused: %s", run.attempt_id, refused)
        except SignoffError as unheard:
            # The server misses it in the heartbeats and dispatches the next attempt.
            log.error("the report of %s was not taken: %s", run.attempt_id, unheard)  # noqa: TRY400 - said, not a bug
        finally:
            self._forget(run.attempt_id)

    async def _attempt(
        self, run: Run, reasoner: Reasoner, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """Run the function; what to report of it."""
        try:
            await run.load_recorded()
            result = await reasoner.run(arguments)
            report = {"status": ReportedStatus.SUCCEEDED, "result": result}
        except asyncio.CancelledError:
            return self._stopped(run)
        except Exception as failed:  # noqa: BLE001 - whatever the user's code raises is how the run ends
            log.warning("%s failed: %s", run.attempt_id, said(failed))
            report = {
                "status": ReportedStatus.FAILED,
                "error": said(failed),
                "error_details": {"type": type(failed).__name__},
            }
        await run.notes.flush()
        return report

    def _stopped(self, run: Run) -> dict[str, Any]:
        """What to report of an attempt that was cancelled, by whomever."""
        if run.attempt_id in self._cancelled:
            return {"status": ReportedStatus.CANCELLED, "error": "cancelled by the control plane"}
        if self._handing_back:
            # `waiting` costs the run nothing; a `cancelled` that nobody asked for hands it back.
            parked = run.attempt_id in self._parked
            status = ReportedStatus.WAITING if parked else ReportedStatus.CANCELLED
            return {"status": status, "status_reason": "the agent is shutting down"}
        return {
            "status": ReportedStatus.FAILED,
            "error": "CancelledError: the reasoner was cancelled",
        }

    async def _say(self, run: Run, **report: Any) -> None:
        try:
            await run.client.report_execution_status(run.attempt_id, **report)
        except ApiError as refused:
            log.info("the report of %s was refused: %s", run.attempt_id, refused)

    def _forget(self, attempt_id: str) -> None:
        self._runs.pop(attempt_id, None)
        self._tasks.pop(attempt_id, None)
        self._cancelled.discard(attempt_id)
        self._reported[attempt_id] = None
        while len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)


def pages(ids: Iterable[str], size: int = 1000) -> list[list[str]]:
    """The list that the server asks for with `resync`, in pages; one empty page for nothing."""
    every = list(ids)
    return [every[at : at + size] for at in range(0, len(every), size)] or [[]]
