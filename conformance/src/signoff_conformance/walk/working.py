"""Requests about nodes and executions, as a walk makes them: from clients and from the agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from signoff_conformance.control import render
from signoff_conformance.oracle.answers import NO_BODY, Request
from signoff_conformance.profiles import NODE
from signoff_conformance.walk.asking import READERS, question
from signoff_conformance.walk.moves import LIMITS, OWN_IDS, PLAYED, USER_JSON, Chance

AGENTS: Final = ("agent", "agent", "agent", "admin", "agent2")
DIGESTS: Final = ("0" * 64, "f" * 64)


REGISTRATION: Final = Request(
    "registerNode",
    body={
        "id": NODE,
        "base_url": PLAYED,
        "instance_id": "one",
        "reasoners": [{"id": "work"}],
        "features": {"signoff": 1},
    },
    key="agent",
)


def register(chance: Chance) -> Request:
    """Register the agent that the walk plays, again."""
    return replace(REGISTRATION, key=chance.pick(AGENTS))


def node(chance: Chance) -> Request:
    """Read a node."""
    path = {"node_id": chance.pick((NODE, NODE, "nobody"))}
    return Request("getNode", path, key=chance.pick(READERS[:4]))


def execute(chance: Chance) -> Request:
    """Start a reasoner."""
    body: dict[str, Any] = chance.some(
        input=({}, {"n": 12345678901234567890123}, {"a": None}, {}, [1]),
        timeout_seconds=(1, 60, 7200),
    )
    headers = chance.some(0.4, **{"Idempotency-Key": ("order-1", "order-2")})
    name = "work" if chance.maybe(0.95) else "nothing"
    key = chance.pick(("client", "client2", "admin"))
    return Request("executeAsync", {"target": f"{NODE}.{name}"}, {}, headers, body, key=key)


def get(chance: Chance) -> Request:
    """Read one."""
    return Request("getExecution", _path(chance), key=chance.pick(READERS))


def list_(chance: Chance) -> Request:
    """List them, by some filters."""
    words = ("running", "waiting", "succeeded", "failed", "cancelled", "timeout")
    query = chance.some(0.3, limit=LIMITS, status=words, node_id=(NODE, "other-agent"))
    return Request("listExecutions", query=query, key=chance.pick(READERS[:4]))


def report(chance: Chance) -> Request:
    """Report the end, or a sign of life."""
    body = chance.pick(
        (
            {"status": "running"},
            {"status": "succeeded"},
            {"status": "succeeded", "result": chance.pick(USER_JSON)},
            {"status": "failed", "error": "ValueError: no such account"},
            {"status": "failed", "error": "x", "error_details": {"type": "x"}, "more": 1},
        )
    )
    return Request("reportExecutionStatus", _path(chance), body=body, key=chance.pick(AGENTS))


def cancel(chance: Chance) -> Request:
    """Cancel one."""
    body = chance.pick((NO_BODY, {}, {"reason": "the order was withdrawn"}))
    key = chance.pick(("client", "admin"))
    return Request("cancelExecution", _path(chance), body=body, key=key)


def ask(chance: Chance) -> Request:
    """Ask from within one."""
    path = {"node_id": NODE, **_path(chance)}
    key = chance.pick(AGENTS)
    return Request("requestExecutionApproval", path, body=question(chance), key=key)


def state(chance: Chance) -> Request:
    """Read what became of a question."""
    path = {"node_id": NODE, **_path(chance)}
    query = chance.some(approval_request_id=OWN_IDS)
    return Request("getExecutionApprovalStatus", path, query, key=chance.pick(READERS))


def record(chance: Chance) -> Request:
    """Record a step."""
    path = {**_path(chance), "step_key": chance.pick(("step.a.1", "step.a.2", "ai.f.1"))}
    one = chance.oracle.running.all.get(path["execution_id"])
    # Which of two steps of one millisecond is listed first the contract leaves open.
    if one is not None and any(step["at"] == render(chance.now) for step in one.steps.values()):
        path["step_key"] = list(one.steps)[-1]
    ending = chance.pick(({}, {"result": chance.pick(USER_JSON)}, {"error": "ModelError"}))
    body = {"kind": "step", "name": "a", "input_sha256": chance.pick(DIGESTS), **ending}
    return Request("recordStep", path, body=body, key=chance.pick(AGENTS))


def steps(chance: Chance) -> Request:
    """Read the steps."""
    return _page(chance, "listSteps")


def append(chance: Chance) -> Request:
    """Append an event."""
    body = {"type": "agent.tool_call"}
    body |= chance.some(content=USER_JSON, key=("tool.1", "tool.2"))
    return Request("appendExecutionEvent", _path(chance), body=body, key=chance.pick(AGENTS))


def note(chance: Chance) -> Request:
    """Add a note."""
    headers = {"X-Execution-ID": _path(chance)["execution_id"]}
    body = {"message": "Risk score: 82/100"}
    body |= chance.some(tags=(["assessment"],), key=("note.1", "note.2"))
    return Request("addNote", headers=headers, body=body, key=chance.pick(AGENTS))


def events(chance: Chance) -> Request:
    """Read the chain."""
    return _page(chance, "listExecutionEvents")


def _page(chance: Chance, operation: str) -> Request:
    query = chance.some(0.4, limit=LIMITS)
    return Request(operation, _path(chance), query, key=chance.pick(READERS))


def _path(chance: Chance) -> dict[str, str]:
    known = chance.oracle.running.all
    going = [one.id for one in known.values() if not one.finished]
    if not known or chance.maybe(0.04):
        return {"execution_id": "exec_o-nowhere"}
    if going and chance.maybe(0.7):
        return {"execution_id": chance.pick(going[-3:])}
    return {"execution_id": chance.pick(list(known)[-8:])}


MAKERS: list[tuple[int, Callable[[Chance], Request]]] = [
    (3, register),
    (2, node),
    (12, execute),
    (6, get),
    (4, list_),
    (10, report),
    (4, cancel),
    (14, ask),
    (4, state),
    (7, record),
    (3, steps),
    (5, append),
    (5, note),
    (5, events),
]
