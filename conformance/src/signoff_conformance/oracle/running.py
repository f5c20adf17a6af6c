"""Executions read, reported on, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from signoff_conformance.oracle.access import Access
from signoff_conformance.oracle.answers import NO_BODY, PERHAPS, Answer
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.closing import Closing
from signoff_conformance.oracle.executions import TERMINAL, Execution
from signoff_conformance.oracle.leasing import Leasing
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.pages import Pages

CANCEL: Final = "Cancelling a cancelled execution is 200; one that ended otherwise is 409"


class Running:
    """The operations on executions that are there."""

    def __init__(
        self,
        executions: Mapping[str, Execution],
        access: Access,
        closing: Closing,
        leasing: Leasing,
        nodes: Nodes,
        pages: Pages,
    ) -> None:
        self._all, self._access, self._pages = executions, access, pages
        self._closing, self._leasing, self._nodes = closing, leasing, nodes
        self.handlers: Mapping[str, Handler] = {
            "getExecution": self._get,
            "listExecutions": self._list,
            "reportExecutionStatus": self._report,
            "cancelExecution": self._cancel,
        }

    def first_over(self, now: int) -> tuple[int, Execution] | None:
        """The execution whose running time is over first, and when; None: none by now."""
        over = [(one.runs_out_at(), one) for one in self._all.values()]
        due = [(at, one) for at, one in over if at is not None and at <= now]
        return min(due, key=lambda row: row[0], default=None)

    def _get(self, call: Call) -> Answer:
        one = self._access.readable(call, call.request.path["execution_id"])
        return Answer(200, one.shown(call.now), sentence="The execution.")

    def _list(self, call: Call) -> Answer:
        filters = call.request.query
        rows = [
            one
            for one in reversed(list(self._all.values()))
            if filters.get("status", one.status) == one.status
            and filters.get("node_id", one.node_id) == one.node_id
            and filters.get("run_id", one.run_id) == one.run_id
        ]
        return self._pages.answer(
            call.label,
            call.request,
            rows,
            "executions",
            lambda one: str(one.id),
            lambda one: dict(one.shown(call.now)),
        )

    def _report(self, call: Call) -> Answer:
        one = self._access.own(call, call.request.path["execution_id"])
        report, actor, now = call.request.body, call.caller.principal(), call.now
        if one.finished:
            if not one.told(report):
                one.unfinished(now)
        elif report["status"] == "running":
            if one.lease is not None:
                self._nodes.hear(one.lease, now)
                one.lease.last_heartbeat_at = PERHAPS
        elif report["status"] == "waiting":
            self._leasing.suspend(one, now, actor, report.get("waits_for"))
        elif report["status"] == "cancelled":
            self._leasing.release(one, now, actor)
        else:
            reason = report.get("status_reason")
            self._closing.finish(one, report["status"], now, actor, report, reason)
        self._leasing.mark(one, now)
        return Answer(200, one.shown(now), sentence=TERMINAL)

    def _cancel(self, call: Call) -> Answer:
        one = self._access.readable(call, call.request.path["execution_id"])
        body = {} if call.request.body is NO_BODY else call.request.body
        if not one.finished:
            reason = body.get("reason", PERHAPS)
            self._closing.cancel(one, call.now, call.caller.principal(), reason)
        elif one.status != "cancelled":
            one.unfinished(call.now)
        return Answer(200, one.shown(call.now), sentence=CANCEL)
