"""How requests are closed and executions come to their end, with all that goes with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance.oracle import approvals
from signoff_conformance.oracle.answers import ANYTHING, PERHAPS
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.deliveries import Deliveries
from signoff_conformance.oracle.executions import Execution

WORDS = {"expired": "approval.expired", "cancelled": "approval.cancelled"}


class Closing:
    """Closes requests and ends executions.

    Args:
        executions: all of them, by id.
        deliveries: told of what is to be sent.
    """

    def __init__(self, executions: Mapping[str, Execution], deliveries: Deliveries) -> None:
        self._executions = executions
        self._deliveries = deliveries

    def asked(self, one: Approval, now: int) -> None:
        """A request was stored: its execution waits."""
        self._deliveries.notify("approval.requested", one, now)
        if one.execution_id is not None:
            self._ripple(self._executions[one.execution_id], now)

    def closed(self, one: Approval, now: int) -> None:
        """A request left pending: its execution hears of it and goes on."""
        execution = self._executions.get(one.execution_id or "")
        if execution is not None:
            execution.idle = 0
            if execution.lease is not None:
                self._deliveries.callback(one, execution.lease, now)
                one.heard = True
        self._notify(one, now)
        if execution is not None:
            self._ripple(execution, now)
            execution.wake(now)

    def expire(self, one: Approval, now: int) -> None:
        """Its time is over."""
        approvals.expire(one, now)
        self.closed(one, now)

    def finish(
        self,
        one: Execution,
        status: str,
        now: int,
        actor: Any,
        report: Mapping[str, Any] | None = None,
        reason: Any = PERHAPS,
    ) -> None:
        """End an execution; what it asks is cancelled, those above it go on."""
        for request in one.pending():
            approvals.withdraw(request, PERHAPS, ANYTHING, now)
            self._notify(request, now)
        one.close(status, now, actor, report or {})
        one.reason = reason
        self._deliveries.finished(one, now)
        self._ripple(one, now)
        if one.parent is not None and one.parent.status == "waiting":
            one.parent.wake(now)

    def time_out(self, one: Execution, now: int, actor: Any) -> None:
        """End an execution that ran for too long; its agent is told."""
        self._deliveries.cancel(one, now)
        self.finish(one, "timeout", now, actor)

    def cancel(self, one: Execution, now: int, actor: Any, reason: Any) -> None:
        """Cancel an execution and all below it; their agents are told."""
        all_ = [one, *(child for child in one.below() if not child.finished)]
        for member in all_:
            self._deliveries.cancel(member, now)
        for member in all_:
            self.finish(
                member, "cancelled", now, actor, reason=reason if member is one else PERHAPS
            )

    def _notify(self, one: Approval, now: int) -> None:
        self._deliveries.notify(WORDS.get(one.status, "approval.decided"), one, now)

    def _ripple(self, one: Execution, now: int) -> None:
        one.follow(now)
        for ancestor in one.above():
            if ancestor.follow(now):  # somebody below it was answered: that is progress
                ancestor.idle = 0
                ancestor.wake(now)
