"""Long polls: until when an answer is held, and what it says then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from signoff_conformance.oracle.answers import ANYTHING, Answer, Has, Request
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.times import render

HELD: Final = "Hold the answer up to this many seconds."
POLLS: Final = ("getApprovalRequest", "getExecution")


class Polling:
    """The operations that hold their answers.

    Args:
        approvals: all of them, by id.
        executions: all of them, by id.
    """

    def __init__(
        self, approvals: Mapping[str, Approval], executions: Mapping[str, Execution]
    ) -> None:
        self._approvals, self._executions = approvals, executions

    def answer(self, request: Request, began: int, now: int) -> Answer | None:
        """What a poll is answered by now; None: it is held.

        Args:
            request: of one of `POLLS`, that is not refused.
            began: when it came.
            now: ms since the epoch.
        """
        until = over_at(request, began)
        if request.operation == "getApprovalRequest":
            approval = self._approvals[request.path["id"]]
            if approval.pending and now < until:
                return None
            return _answer(approval.shown(), "decided_at", "id", until)
        execution = self._executions[request.path["execution_id"].partition("~")[0]]
        if not execution.finished and now < until:
            return None
        return _answer(execution.shown(now), "completed_at", "execution_id", until)


def over_at(request: Request, began: int) -> int:
    """When the wait of a poll is over that came at a time; that time where it waits for nothing."""
    if request.operation not in POLLS:
        return began
    return began + round(float(request.query.get("wait_seconds", 0)) * 1000)


def _answer(told: Mapping[str, object], ended_at: str, named: str, until: int) -> Answer:
    """What is told when the wait has come to its end, or is over."""
    told = {**told, "event_head": ANYTHING}  # there may be more events by now
    ended = told.get(ended_at)
    if not isinstance(ended, str) or ended >= render(until):
        # It has waited for nothing. What happens in that millisecond may be told, or not.
        return Answer(200, Has({named: told[named]}), sentence=HELD)
    return Answer(200, told, sentence=HELD)
