"""The operations on executions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from signoff_conformance.matching import equal
from signoff_conformance.oracle import approvals
from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Answer, Has, Refused
from signoff_conformance.oracle.approvals import Approval, Approvals
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.chains import Chain
from signoff_conformance.oracle.executions import TERMINAL, Execution
from signoff_conformance.oracle.keys import forbidden
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.times import digest, present, render

DAY: Final = 86_400_000
REPEAT: Final = "a repeat … answers with the first execution; another … body under that key is 409"
ASKED: Final = "Within one attempt, a repeat … while pending, is the same request"


@dataclass(frozen=True, slots=True)
class _Started:
    target: str
    body: Mapping[str, Any]
    execution: Execution


class Running:
    """The executions, and what may be done with them."""

    def __init__(self, nodes: Nodes, asked: Approvals, pages: Pages) -> None:
        self.all: dict[str, Execution] = {}
        self._nodes, self._asked, self._pages = nodes, asked, pages
        self._keys: dict[tuple[str, str], _Started] = {}
        self.handlers: Mapping[str, Handler] = {
            "executeAsync": self._execute,
            "getExecution": self._get,
            "listExecutions": self._list,
            "reportExecutionStatus": self._report,
            "cancelExecution": self._cancel,
            "requestExecutionApproval": self._ask,
            "getExecutionApprovalStatus": self._state,
            "recordStep": self._record,
            "listSteps": self._steps,
            "appendExecutionEvent": self._append,
            "addNote": self._note,
            "listExecutionEvents": self._events,
        }

    def follow(self, one: Approval, now: int) -> None:
        """Take the execution of a request that was closed back to work, if it was the last."""
        if one.execution_id is not None:
            self.all[one.execution_id].follow(now)

    def first_over(self, now: int) -> tuple[int, Execution] | None:
        """The execution whose running time is over first, and when; None: none by now."""
        over = [(one.runs_out_at(), one) for one in self.all.values()]
        due = [(at, one) for at, one in over if at is not None and at <= now]
        return min(due, key=lambda row: row[0], default=None)

    def _execute(self, call: Call) -> Answer:
        key = call.request.headers.get("Idempotency-Key")
        target, body = call.request.path["target"], call.request.body
        known = self._keys.get((call.caller.name, key)) if key is not None else None
        if known is not None and self._holds(known.execution, call.now):
            if known.target != target or not equal(known.body, body):
                raise Refused(409, "idempotency_conflict", REPEAT)
            return _stored(known.execution, known.execution.shown(call.now))
        self._nodes.check_target(target, body)
        label = call.label
        chain = Chain(f"exec_o-{label}")
        one = Execution(chain.of, f"run_o-{label}", target, body, call.now, chain)
        data = {"target": target, "input_sha256": ANYTHING}
        one.event("execution.created", call.now, call.caller.principal(), data)
        self.all[one.id] = one
        if key is not None:
            self._keys[call.caller.name, key] = _Started(target, body, one)
        told = one.just_stored(call.now)
        one.dispatch(call.now)
        return _stored(one, told)

    def _holds(self, one: Execution, now: int) -> bool:
        return not one.finished or now < one.created_at + DAY

    def _get(self, call: Call) -> Answer:
        return Answer(200, self._readable(call).shown(call.now), sentence="The execution.")

    def _list(self, call: Call) -> Answer:
        filters = call.request.query
        rows = [
            one
            for one in reversed(self.all.values())
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
        one, report = self._own(call), call.request.body
        if one.finished and not one.told(report):
            one.unfinished(call.now)
        if not one.finished and report["status"] in ("succeeded", "failed"):
            one.finish(report["status"], call.now, call.caller.principal(), report)
        return Answer(200, one.shown(call.now), sentence=TERMINAL)

    def _cancel(self, call: Call) -> Answer:
        one = self._found(call.request.path["execution_id"])
        if not one.finished:
            one.finish("cancelled", call.now, call.caller.principal(), {})
        elif one.status != "cancelled":
            one.unfinished(call.now)
        sentence = "Cancelling a cancelled execution is 200; one that ended otherwise is 409"
        return Answer(200, one.shown(call.now), sentence=sentence)

    def _ask(self, call: Call) -> Answer:
        one, body = self._own(call), call.request.body
        one.unfinished(call.now)
        for earlier in one.pending():
            if earlier.own_id == body["approval_request_id"]:
                if not earlier.same(body):
                    raise Refused(409, "request_conflict", ASKED, approval=earlier.shown())
                return Answer(200, earlier.shown(), sentence=ASKED)
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
            callback_url=PERHAPS,
        )
        self._asked.all[asked.id] = asked
        one.requests.append(asked)
        approvals.asked(asked, call.caller, call.now)
        one.follow(call.now)
        return Answer(200, asked.shown(), sentence="Stores the question and takes it to `waiting`")

    def _state(self, call: Call) -> Answer:
        _check_path(call)
        one = self._readable(call)
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

    def _record(self, call: Call) -> Answer:
        one, body, key = self._own(call), call.request.body, call.request.path["step_key"]
        sentence = "The first write wins; the same key with another `input_sha256` is 409"
        if key in one.steps:
            if one.steps[key]["input_sha256"] != body["input_sha256"]:
                raise Refused(409, "step_conflict", sentence)
            return Answer(200, one.steps[key], sentence=sentence)
        one.unfinished(call.now)
        step = {name: body[name] for name in ("kind", "name", "input_sha256")}
        step |= {"key": key, "attempt": 1, "at": render(call.now)}
        if "error" in body:
            step["error"] = body["error"]
        else:
            step["result"] = body.get("result")
        one.steps[key] = step
        one.event("step.recorded", call.now, call.caller.principal())
        return Answer(201, step, sentence=sentence)

    def _steps(self, call: Call) -> Answer:
        one = self._readable(call)
        rows = list(one.steps.values())
        name = f"steps {one.id}"
        return self._pages.answer(
            call.label, call.request, rows, name, lambda row: str(row["key"]), dict
        )

    def _append(self, call: Call) -> Answer:
        one, body = self._own(call), call.request.body
        if body.get("key") in one.keyed:
            return Answer(200, one.keyed[body["key"]], sentence="answered with the first event")
        one.unfinished(call.now)
        more = {} if "content" not in body else {"content": body["content"]}
        event = one.event(body["type"], call.now, call.caller.principal(), **more)
        event |= more  # null is content
        if "key" in body:
            one.keyed[body["key"]] = event
        return Answer(201, event, sentence="Append an `agent.*` event.")

    def _note(self, call: Call) -> Answer:
        one, body = self._own(call), call.request.body
        if body.get("key") in one.keyed:
            return Answer(200, one.keyed[body["key"]], sentence="answered with the first note")
        said = {name: body[name] for name in ("message", "tags") if name in body}
        data = {"content_sha256": ANYTHING, "attempt": 1}
        if "tags" in body:  # without, the contract leaves open what stands there
            data["content_sha256"] = digest(said)
        event = one.event("note", call.now, call.caller.principal(), data, content=Has(said))
        if "key" in body:
            one.keyed[body["key"]] = event
        return Answer(200, event, sentence="The note, as an event of type `note`.")

    def _events(self, call: Call) -> Answer:
        one = self._readable(call)
        name = f"events {one.id}"
        return self._pages.answer(
            call.label, call.request, one.chain.events, name, lambda row: str(row["seq"]), dict
        )

    def _found(self, id: str) -> Execution:  # noqa: A002 - the contract's word
        if id not in self.all:
            raise Refused(404, "not_found", "There is no such thing.")
        return self.all[id]

    def _readable(self, call: Call) -> Execution:
        one = self._found(call.request.path["execution_id"])
        if call.caller.role == "agent" and call.caller.node != one.node_id:
            raise forbidden()
        return one

    def _own(self, call: Call) -> Execution:
        """The execution that its agent speaks of."""
        _check_path(call)
        named = call.request.path.get("execution_id") or call.request.headers["X-Execution-ID"]
        one = self._found(named)
        if call.caller.role == "agent" and call.caller.node != one.node_id:
            raise forbidden()
        return one


def _check_path(call: Call) -> None:
    """A path that names another node than the agent's is refused, whatever the execution is."""
    node = call.request.path.get("node_id", call.caller.node)
    if call.caller.role == "agent" and call.caller.node != node:
        raise forbidden()


def _stored(one: Execution, told: Mapping[str, Any]) -> Answer:
    location = f"/api/v1/executions/{one.id}"
    return Answer(202, told, location=location, sentence="Stored. Also the answer to a repeat")
