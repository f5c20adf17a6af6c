"""Asking a person from within an execution: new, repeated, or met by a later attempt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from signoff_conformance.oracle import approvals
from signoff_conformance.oracle.access import Access, check_node, check_place
from signoff_conformance.oracle.answers import ANYTHING, Answer, Refused
from signoff_conformance.oracle.approvals import Approval, Approvals
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.closing import Closing
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.times import present

REPEATED: Final = (
    "Within one attempt, a repeat with the same `step_key`, or while pending, is the same"
)
MET: Final = "In a later attempt the k-th request under an id meets the stored k-th"
AT_THE_PLACE: Final = ("title", "description", "payload")


class Asking:
    """``requestExecutionApproval`` and ``getExecutionApprovalStatus``."""

    def __init__(self, asked: Approvals, access: Access, closing: Closing, nodes: Nodes) -> None:
        self._asked, self._access, self._closing, self._nodes = asked, access, closing, nodes
        self.handlers: Mapping[str, Handler] = {
            "requestExecutionApproval": self._ask,
            "getExecutionApprovalStatus": self._state,
        }

    def _ask(self, call: Call) -> Answer:
        one = self._access.own(call, call.request.path["execution_id"])
        check_place(call, one)
        body = call.request.body
        self._check_callback(one, body.get("callback_url"))
        one.unfinished(call.now)
        known = _repeated(one, body)
        if known is not None:
            return Answer(200, known.shown(), sentence=REPEATED)
        known = _met(one, body)
        if known is not None:
            self._replay(one, known, call)
            return Answer(200, known.shown(), sentence=MET)
        asked = self._create(one, call)
        return Answer(200, asked.shown(), sentence="Stores the question and takes it to `waiting`")

    def _check_callback(self, one: Execution, url: str | None) -> None:
        origins = {_origin(row.base_url) for row in self._nodes.instances(one.node_id)}
        if url is not None and _origin(url) not in origins:
            places = frozenset({("body", "/callback_url")})
            sentence = "`callback_url` is not at the origin of an instance of the node."
            raise Refused(422, "invalid_callback_url", sentence, places)

    def _replay(self, one: Execution, known: Approval, call: Call) -> None:
        body = call.request.body
        known.seen = one.attempt
        known.callback_url = body.get("callback_url", known.callback_url)
        known.step_key = body.get("step_key", known.step_key)
        if not known.pending:
            known.heard = True
            data = {"attempt": one.attempt}
            approvals.event(known, "approval.replayed", call.now, call.caller.principal(), data)

    def _create(self, one: Execution, call: Call) -> Approval:
        body = call.request.body
        asked = Approval(
            id=f"apr_o-{call.label}",
            content=body,
            owner=call.caller.name,
            created_at=call.now,
            expires_at=approvals.expiry(body, call.now),
            chain=one.chain,
            execution_id=one.id,
            node_id=one.node_id,
            run_id=one.run_id,
            callback_url=body.get("callback_url"),
            seen=one.attempt,
            step_key=body.get("step_key"),
        )
        self._asked.all[asked.id] = asked
        one.requests.append(asked)
        approvals.asked(asked, call.caller, call.now)
        self._closing.asked(asked, call.now)
        return asked

    def _state(self, call: Call) -> Answer:
        check_node(call, call.request.path["node_id"])
        one = self._access.readable(call, call.request.path["execution_id"])
        check_place(call, one)
        named = call.request.query.get("approval_request_id")
        found = [row for row in one.requests if named in (None, row.own_id)]
        if not found:
            raise Refused(404, "not_found", "There is no such thing.")
        shown = found[-1].shown()
        told = present(
            {
                "status": shown["status"],
                "request_url": shown.get("approval_request_url"),
                "requested_at": shown["created_at"],
                "responded_at": shown.get("decided_at"),
                "expires_at": shown["expires_at"],
                "approval": shown,
            }
        )
        if "response" in shown:
            told["response"] = ANYTHING
        return Answer(200, told, sentence="The state of a request in the words of foreign agents")


def _repeated(one: Execution, body: Mapping[str, Any]) -> Approval | None:
    """What this attempt has asked before."""
    here = [row for row in one.requests if row.seen == one.attempt]
    at_the_place = _at_the_place(here, body)
    if at_the_place is not None:
        approvals.require_same(at_the_place, at_the_place.differing(body, AT_THE_PLACE), REPEATED)
        return at_the_place
    for row in here:
        if row.own_id == body["approval_request_id"] and row.pending:
            approvals.require_same(row, row.differing(body), REPEATED)
            return row
    return None


def _met(one: Execution, body: Mapping[str, Any]) -> Approval | None:
    """What an earlier attempt has asked in this place."""
    earlier = [row for row in one.requests if row.seen < one.attempt]
    for row in earlier:  # oldest first: the first that this attempt has not met is its k-th
        if row.own_id == body["approval_request_id"]:
            approvals.require_same(row, row.differing(body), MET)
            return row
    at_the_place = _at_the_place(earlier, body)
    if at_the_place is not None:
        approvals.require_same(at_the_place, at_the_place.differing(body, AT_THE_PLACE), MET)
    return at_the_place


def _at_the_place(rows: Sequence[Approval], body: Mapping[str, Any]) -> Approval | None:
    key = body.get("step_key")
    return next((row for row in rows if key is not None and row.step_key == key), None)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
