"""Requests about executions, as a walk makes them: from clients and from the agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from signoff_conformance.control import render
from signoff_conformance.oracle.answers import NO_BODY, Request
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.profiles import NODE, OTHER_NODE
from signoff_conformance.walk.asking import READERS, question
from signoff_conformance.walk.moves import LIMITS, OWN_IDS, USER_JSON, Chance
from signoff_conformance.walk.registering import PLACES, speaker
from signoff_conformance.walk.starting import attempt_id

DIGESTS: Final = ("0" * 64, "f" * 64)
STATUSES: Final = ("queued", "running", "waiting", "succeeded", "failed", "cancelled", "timeout")


def get(chance: Chance) -> Request:
    """Read one; now and then wait for its end."""
    one, query = chance.execution(), chance.wait() if chance.maybe(0.6) else {}
    return Request("getExecution", _path(chance, one), query, key=chance.pick(READERS))


def list_(chance: Chance) -> Request:
    """List them, by some filters."""
    query = chance.some(
        0.3,
        limit=LIMITS,
        status=STATUSES,
        node_id=(NODE, OTHER_NODE),
        run_id=[one.run_id for one in chance.oracle.executions.values()][-3:] or ["run_o-none"],
    )
    return Request("listExecutions", query=query, key=chance.pick(READERS[:4]))


def report(chance: Chance) -> Request:
    """Report the end, a sign of life, that it is let go of, or handed back."""
    one = chance.execution(going=0.6)
    body: dict[str, Any] = chance.pick(
        (
            {"status": "running"},
            {"status": "succeeded"},
            {"status": "succeeded", "result": chance.pick(USER_JSON), "status_reason": "done"},
            {"status": "failed", "error": "ValueError: no such account"},
            {"status": "failed", "error": "x", "error_details": {"type": "x"}, "more": 1},
            {"status": "failed", "error": "x", "result": chance.pick(USER_JSON)},
            {"status": "cancelled", "status_reason": "shutting down"},
            {"status": "cancelled"},
            {"status": "waiting"},
            {"status": "waiting"},
            {"status": "waiting", "waits_for": _waited(one)},
        )
    )
    return Request("reportExecutionStatus", _own(chance, one), body=body, key=_agent(chance, one))


def cancel(chance: Chance) -> Request:
    """Cancel one."""
    body = chance.pick((NO_BODY, {}, {"reason": "the order was withdrawn"}))
    key = chance.pick(("client", "admin"))
    return Request("cancelExecution", _path(chance, chance.execution()), body=body, key=key)


def ask(chance: Chance) -> Request:
    """Ask from within one: often what an earlier attempt has asked."""
    one = chance.execution(going=0.95)
    body = question(chance)
    if one is not None and one.requests and chance.maybe(0.5):
        body = dict(chance.pick(one.requests).content)
        if chance.maybe(0.2):
            body["approval_request_id"] = chance.pick(OWN_IDS)
        if chance.maybe(0.1):
            body["title"] = "Something else"
    body |= chance.some(0.4, step_key=("pause.1", "pause.2"))
    if one is not None and chance.maybe(0.1):
        urls = (f"{PLACES[one.node_id]}/webhooks/approval-2", "http://127.0.0.1:9/approval")
        body["callback_url"] = chance.pick(urls)
    if one is not None and chance.oracle.nodes.worker(one.node_id) is None:
        body.pop("callback_url", None)  # its instances may be forgotten, or not
    if one is not None and one.attempt == 0:
        one = None  # before it was sent it can't ask
    return Request(
        "requestExecutionApproval", _placed(chance, one, _own(chance, one)), body=body,
        key=_agent(chance, one),
    )  # fmt: skip


def state(chance: Chance) -> Request:
    """Read what became of a question."""
    one = chance.execution()
    query = chance.some(approval_request_id=OWN_IDS)
    path = _placed(chance, one, _path(chance, one))
    return Request("getExecutionApprovalStatus", path, query, key=chance.pick(READERS))


def record(chance: Chance) -> Request:
    """Record a step."""
    one = chance.execution()
    key = chance.pick(("step.a.1", "step.a.2", "ai.f.1", "step.b.1"))
    # Which of two steps of one millisecond is listed first the contract leaves open.
    if one is not None and any(step["at"] == render(chance.now) for step in one.steps.values()):
        key = list(one.steps)[-1]
    ending = chance.pick(({}, {"result": chance.pick(USER_JSON)}, {"error": "ModelError"}))
    body = {"kind": chance.pick(("step", "call", "ai")), "name": "a"}
    body |= {"input_sha256": chance.pick(DIGESTS), **ending}
    path = {**_own(chance, one), "step_key": key}
    return Request("recordStep", path, body=body, key=_agent(chance, one))


def steps(chance: Chance) -> Request:
    """Read the steps."""
    return _page(chance, "listSteps")


def append(chance: Chance) -> Request:
    """Append an event."""
    one = chance.execution()
    body = {"type": "agent.tool_call"}
    body |= chance.some(content=USER_JSON, key=("tool.1", "tool.2"))
    return Request("appendExecutionEvent", _own(chance, one), body=body, key=_agent(chance, one))


def note(chance: Chance) -> Request:
    """Add a note."""
    one = chance.execution(going=0.6)
    headers = {"X-Execution-ID": attempt_id(chance, one)}
    body = {"message": "Risk score: 82/100"}
    body |= chance.some(tags=(["assessment"],), key=("note.1", "note.2"))
    return Request("addNote", headers=headers, body=body, key=_agent(chance, one))


def events(chance: Chance) -> Request:
    """Read the chain."""
    return _page(chance, "listExecutionEvents")


def stream(chance: Chance) -> Request:
    """Follow the chain, from somewhere."""
    one = chance.execution(going=0.4)
    last = 0 if one is None else len(one.chain.events)
    headers = chance.some(0.7, **{"Last-Event-ID": (str(last), str(last // 2), "0")})
    key = chance.pick(READERS)
    return Request("streamExecutionEvents", _path(chance, one), headers=headers, key=key)


def deliveries(chance: Chance) -> Request:
    """List what was sent."""
    ids = list(chance.oracle.executions)[-3:] or ["exec_o-nowhere"]
    states = ("pending", "delivered", "dead", "dropped")
    query = chance.some(0.3, limit=LIMITS, state=states, execution_id=ids)
    return Request("listDeliveries", query=query, key="admin")


def retry(chance: Chance) -> Request:
    """Have something sent again."""
    all_ = [chance.oracle.deliveries.all[name] for name in sorted(chance.listed)]
    known = [one.id for one in all_]
    unheard = [one.id for one in all_ if one.state in ("dead", "pending")]
    name = "msg_o-nowhere" if not known or chance.maybe(0.2) else chance.pick(known)
    if unheard and chance.maybe(0.5):
        name = chance.pick(unheard)
    return Request("retryDelivery", {"id": name}, key="admin")


def _page(chance: Chance, operation: str) -> Request:
    query = chance.some(0.4, limit=LIMITS)
    path = _path(chance, chance.execution())
    return Request(operation, path, query, key=chance.pick(READERS))


def _waited(one: Execution | None) -> list[str]:
    if one is None:
        return []
    return [row.id for row in one.requests[-2:]] + [child.id for child in one.children[-2:]]


def _agent(chance: Chance, one: Execution | None) -> str:
    return speaker(chance, NODE if one is None else one.node_id)


def _own(chance: Chance, one: Execution | None) -> dict[str, str]:
    return {"execution_id": attempt_id(chance, one)}


def _path(chance: Chance, one: Execution | None) -> dict[str, str]:
    del chance
    return {"execution_id": "exec_o-nowhere" if one is None else one.id}


def _placed(chance: Chance, one: Execution | None, path: dict[str, str]) -> dict[str, str]:
    node_id = NODE if one is None or chance.maybe(0.03) else one.node_id
    return {"node_id": node_id, **path}


MAKERS: list[tuple[int, Callable[[Chance], Request]]] = [
    (6, get),
    (4, list_),
    (11, report),
    (3, cancel),
    (14, ask),
    (4, state),
    (7, record),
    (3, steps),
    (5, append),
    (5, note),
    (5, events),
    (4, stream),
    (4, deliveries),
    (2, retry),
]
