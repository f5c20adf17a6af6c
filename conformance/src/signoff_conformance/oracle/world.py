"""The oracle: a request and a time go in, the answer that a server must give comes out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from signoff_conformance.contract import Contract
from signoff_conformance.oracle import approvals, messages, system
from signoff_conformance.oracle.access import Access, check_node
from signoff_conformance.oracle.answers import (
    ANYTHING,
    NO_BODY,
    PERHAPS,
    Answer,
    Refused,
    Request,
)
from signoff_conformance.oracle.approvals import Approval, Approvals
from signoff_conformance.oracle.asking import Asking
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.chains import SYSTEM
from signoff_conformance.oracle.closing import Closing
from signoff_conformance.oracle.deliveries import Deliveries
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.keys import Caller, Keys, forbidden
from signoff_conformance.oracle.leasing import Leasing
from signoff_conformance.oracle.messages import Messages
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.polling import Polling, over_at
from signoff_conformance.oracle.recording import Recording
from signoff_conformance.oracle.running import Running
from signoff_conformance.oracle.starting import Starting
from signoff_conformance.oracle.validation import Validation


class Oracle:
    """All that a server knows, in memory.

    Args:
        contract: ``openapi.yaml``.
        callers: the keys of the server, by name.
    """

    def __init__(self, contract: Contract, callers: Mapping[str, Caller]) -> None:
        self._contract = contract
        self._validation = Validation(contract)
        self._keys = Keys(callers)
        self._pages = Pages()
        self._messages = Messages()
        self.approvals = Approvals()
        self.executions: dict[str, Execution] = {}
        self.nodes = Nodes(self._pages)
        self.deliveries = Deliveries(self._pages)
        self._polling = Polling(self.approvals.all, self.executions)
        access = self.access = Access(self.executions)
        closing = self._closing = Closing(self.executions, self.deliveries)
        leasing = self.leasing = Leasing(self.executions, self.nodes, closing)
        self._running = Running(self.executions, access, closing, leasing, self.nodes, self._pages)
        self._handlers: Mapping[str, Handler] = {
            **system.HANDLERS,
            **self.nodes.handlers,
            **self.deliveries.handlers,
            **Starting(self.executions, self.nodes, leasing, access).handlers,
            **self._running.handlers,
            **Asking(self.approvals, access, closing, self.nodes).handlers,
            **Recording(access, self._pages).handlers,
            "createApprovalRequest": self._create,
            "getApprovalRequest": self._get,
            "listApprovalRequests": self._list,
            "listApprovalRequestEvents": self._events,
            "decideApprovalRequest": self._decide,
            "receiveApprovalResponse": self._respond,
            "cancelApprovalRequest": self._cancel,
        }

    def answer(self, label: str, request: Request, now: int) -> Answer:
        """What a server must answer; ids made by it are named by the label.

        Args:
            label: of the operation in the walk, new for each.
            request: in the oracle's ids.
            now: ms since the epoch, never less than before.
        """
        self.deliveries.begin(label)
        try:
            return self._answer(label, request, now)
        except Refused as refused:
            return refused.answer
        finally:
            self._settle(now)

    def _answer(self, label: str, request: Request, now: int) -> Answer:
        operation = self._contract.operations[request.operation]
        caller = self._keys.caller(operation, request)
        if request.operation == "receiveApprovalResponse" and not request.too_long:
            messages.check_signature(request)
        self._validation.check(operation, request)
        handler = self._handlers[request.operation]
        return handler(Call(label, request, caller or _NOBODY, now))

    def commits(self, label: str, request: Request, now: int) -> bool:
        """Whether a request would change something that stands in a chain of events."""
        if self._contract.operations[request.operation].method == "GET":
            return False
        shared = (self._contract, self._validation, NO_BODY, ANYTHING, PERHAPS)
        other = copy.deepcopy(self, {id(one): one for one in shared})
        answer = other.answer(label, request, now)
        return answer.status < 300 and other.length() != self.length()

    def length(self) -> int:
        """How many events there are."""
        chains = [one.chain for one in self.executions.values()]
        chains += [one.chain for one in self.approvals.all.values() if one.execution_id is None]
        return sum(len(chain.events) for chain in chains)

    def holds(self, request: Request, now: int) -> bool:
        """Whether the answer to a request that comes now, and is not refused, is held."""
        if over_at(request, now) == now:
            return False
        return self.polled(request, now, now) is None

    def polled(self, request: Request, began: int, now: int) -> Answer | None:
        """What a poll that came earlier is answered by now; None: it is held."""
        return self._polling.answer(request, began, now)

    def pass_time(self, label: str, now: int) -> None:
        """Do what falls due by a time, in order."""
        self.deliveries.begin(label)
        while True:
            expiring = next(self.approvals.due(now), None)
            ending = self._running.first_over(now)
            sending = self.leasing.first_due(now)
            expires = None if expiring is None else expiring.expires_at
            times = (expires, None if ending is None else ending[0], sending)
            at = min((time for time in times if time is not None), default=now)
            if expiring is not None and expires == at:
                self._closing.expire(expiring, at)
            elif ending is not None and ending[0] == at:
                self._closing.time_out(ending[1], at, SYSTEM)
            self._settle(at)
            if all(time is None for time in times):
                return

    def pass_leases(self, label: str, ms: int, now: int) -> None:
        """Move the clock of the leases: who is silent for too long loses what it holds."""
        self.deliveries.begin(label)
        self.leasing.advance(ms, now)
        self._settle(now)

    def _settle(self, now: int) -> None:
        self.leasing.advance(0, now)  # who is replaced after a silence loses its leases at once
        self.leasing.settle(now)
        self.deliveries.settle(now)

    # Approvals.

    def _create(self, call: Call) -> Answer:
        answer = self.approvals.ask(call.label, call.request.body, call.caller, call.now)
        if answer.status == 201:
            self._closing.asked(self.approvals.all[f"apr_o-{call.label}"], call.now)
        return answer

    def _get(self, call: Call) -> Answer:
        one = self._readable(call)
        return Answer(200, one.shown(), sentence="The request.")

    def _list(self, call: Call) -> Answer:
        filters = dict(call.request.query)
        if "execution_id" in filters:
            filters["execution_id"] = self.access.plain(filters["execution_id"])
        rows = self.approvals.newest(filters)
        return self._pages.answer(
            call.label, call.request, rows, "approvals", lambda one: str(one.id), Approval.shown
        )

    def _events(self, call: Call) -> Answer:
        one = self._readable(call)
        rows = [event for event in one.chain.events if event.get("approval_id") == one.id]
        return self._pages.answer(
            call.label, call.request, rows, f"events {one.id}", lambda row: str(row["seq"]), dict
        )

    def _decide(self, call: Call) -> Answer:
        one = self.approvals.found(call.request.path["id"])
        return self._ruled(one, call.request.body, call.caller.principal(), call.now)

    def _respond(self, call: Call) -> Answer:
        earlier = self._messages.earlier(call.request, call.now)
        if earlier is not None:
            return earlier
        one = messages.meant(self.approvals, call.request)
        try:
            answer = self._ruled(
                one, call.request.body, messages.reviewer(call.request.body), call.now
            )
        except Refused as refused:
            answer = refused.answer
        self._messages.keep(call.request, answer, call.now)
        return answer

    def _cancel(self, call: Call) -> Answer:
        one = self.approvals.found(call.request.path["id"])
        body = {} if call.request.body is NO_BODY else call.request.body
        if approvals.withdrawn(one, body, call.caller, call.now):
            self._closing.closed(one, call.now)
        return Answer(200, one.shown(), sentence=approvals.WITHDRAW)

    def _ruled(self, one: Approval, ruling: Mapping[str, Any], reviewer: Any, now: int) -> Answer:
        status = approvals.decide(one, ruling, reviewer, now)
        if status == "processed":
            self._closing.closed(one, now)
        body = {"status": status, "approval": one.shown()}
        return Answer(200, body, sentence=approvals.FIRST)

    def _readable(self, call: Call) -> Approval:
        one = self.approvals.found(call.request.path["id"])
        check_node(call, one.node_id)
        if call.caller.role == "agent" and one.node_id is None:
            raise forbidden()
        return one


_NOBODY = Caller("", "")
