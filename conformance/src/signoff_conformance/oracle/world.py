"""The oracle: a request and a time go in, the answer that a server must give comes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance.contract import Contract
from signoff_conformance.oracle import approvals, messages
from signoff_conformance.oracle.answers import NO_BODY, Answer, Refused, Request
from signoff_conformance.oracle.approvals import Approval, Approvals
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.chains import SYSTEM
from signoff_conformance.oracle.keys import Caller, Keys, forbidden
from signoff_conformance.oracle.messages import Messages
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.running import Running
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
        nodes = Nodes()
        self.running = Running(nodes, self.approvals, self._pages)
        self._handlers: Mapping[str, Handler] = {
            **nodes.handlers,
            **self.running.handlers,
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
        operation = self._contract.operations[request.operation]
        try:
            caller = self._keys.caller(operation, request)
            if request.operation == "receiveApprovalResponse":
                messages.check_signature(request)
            self._validation.check(operation, request)
            handler = self._handlers[request.operation]
            return handler(Call(label, request, caller or _NOBODY, now))
        except Refused as refused:
            return refused.answer

    def pass_time(self, now: int) -> None:
        """Do what falls due by a time, in order."""
        while True:
            expiring = next(self.approvals.due(now), None)
            ending = self.running.first_over(now)
            if expiring is not None and (ending is None or expiring.expires_at <= ending[0]):
                approvals.expire(expiring, expiring.expires_at)
                self.running.follow(expiring, expiring.expires_at)
            elif ending is not None:
                ending[1].finish("timeout", ending[0], SYSTEM, {})
            else:
                return

    # Approvals.

    def _create(self, call: Call) -> Answer:
        return self.approvals.ask(call.label, call.request.body, call.caller, call.now)

    def _get(self, call: Call) -> Answer:
        one = self._readable(call)
        return Answer(200, one.shown(), sentence="The request.")

    def _list(self, call: Call) -> Answer:
        rows = self.approvals.newest(call.request.query)
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
        return self._settle(one, call.request.body, call.caller.principal(), call.now)

    def _respond(self, call: Call) -> Answer:
        earlier = self._messages.earlier(call.request)
        if earlier is not None:
            return earlier
        one = messages.meant(self.approvals, call.request)
        try:
            answer = self._settle(
                one, call.request.body, messages.reviewer(call.request.body), call.now
            )
        except Refused as refused:
            answer = refused.answer
        self._messages.keep(call.request, answer)
        return answer

    def _cancel(self, call: Call) -> Answer:
        one = self.approvals.found(call.request.path["id"])
        body = {} if call.request.body is NO_BODY else call.request.body
        if approvals.withdrawn(one, body, call.caller, call.now):
            self.running.follow(one, call.now)
        return Answer(200, one.shown(), sentence=approvals.WITHDRAW)

    def _settle(self, one: Approval, ruling: Mapping[str, Any], reviewer: Any, now: int) -> Answer:
        status = approvals.decide(one, ruling, reviewer, now)
        if status == "processed":
            self.running.follow(one, now)
        body = {"status": status, "approval": one.shown()}
        return Answer(200, body, sentence=approvals.FIRST)

    def _readable(self, call: Call) -> Approval:
        one = self.approvals.found(call.request.path["id"])
        if call.caller.role == "agent" and one.node_id != call.caller.node:
            raise forbidden()
        return one


_NOBODY = Caller("", "")
