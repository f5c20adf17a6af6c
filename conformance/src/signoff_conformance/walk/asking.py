"""Requests about approval requests, as a walk makes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from signoff_conformance.control import render
from signoff_conformance.oracle.answers import NO_BODY, Request
from signoff_conformance.walk.moves import (
    HOURS,
    LIMITS,
    OWN_IDS,
    PAYLOADS,
    USER_JSON,
    WORDS,
    Chance,
)

READERS = ("client", "client2", "reviewer", "admin", "agent")


def question(chance: Chance) -> dict[str, Any]:
    """What is asked; often the same as before."""
    if chance.maybe(0.5):
        return {"approval_request_id": chance.pick(OWN_IDS)}
    return {
        "approval_request_id": chance.pick(OWN_IDS),
        **chance.some(
            title=["Refund of $4,000", "", "ø"],
            description=["Blast radius 10%."],
            payload=PAYLOADS,
            approval_request_url=["https://review.example.com/1"],
            expires_in_hours=HOURS,
        ),
    }


def create(chance: Chance) -> Request:
    """Ask, without an execution."""
    key = chance.pick(("client", "client2", "admin"))
    known = [one for one in chance.oracle.approvals.all.values() if one.execution_id is None]
    if known and chance.maybe(0.25):
        again = chance.pick(known[-5:])
        return Request("createApprovalRequest", body=dict(again.content), key=again.owner)
    return Request("createApprovalRequest", body=question(chance), key=key)


def get(chance: Chance) -> Request:
    """Read one."""
    query, id_ = {}, chance.approval_id()
    if chance.maybe(0.6):
        one = chance.approval()
        query, id_ = chance.wait(), id_ if one is None else one.id
    return Request("getApprovalRequest", {"id": id_}, query, key=chance.pick(READERS))


def list_(chance: Chance) -> Request:
    """List them, by some filters."""
    times = [one.decided_at for one in chance.oracle.approvals.all.values() if one.decided_at]
    near = [render(at + chance.pick((-1, 0, 1))) for at in times[-5:]] or [render(chance.now)]
    ids = [*chance.oracle.executions, "exec_o-nowhere", "none"][-8:]
    query = chance.some(
        0.25,
        limit=LIMITS,
        approval_request_id=OWN_IDS,
        execution_id=ids,
        status=("pending", *WORDS, "expired", "cancelled"),
        node_id=("conf-agent", "other-agent"),
        reviewer=("key_o-reviewer", "key_o-admin", "42", "nobody"),
        decided_after=near,
        decided_before=near,
    )
    return Request("listApprovalRequests", query=query, key=chance.pick(READERS[:4]))


def events(chance: Chance) -> Request:
    """Read the chain of one."""
    query = chance.some(0.4, limit=LIMITS)
    path = {"id": chance.approval_id()}
    return Request("listApprovalRequestEvents", path, query, key=chance.pick(READERS[:4]))


def ruling(chance: Chance) -> dict[str, Any]:
    """A decision."""
    told = chance.some(feedback=("Verified.", ""), response=USER_JSON)
    return {"decision": chance.pick(WORDS), **told}


def decide(chance: Chance) -> Request:
    """Decide, by a key."""
    one = chance.approval()
    path = {"id": "apr_o-nowhere" if one is None else one.id}
    key = chance.pick(("reviewer", "admin"))
    return Request("decideApprovalRequest", path, body=ruling(chance), key=key)


def respond(chance: Chance) -> Request:
    """Decide, by a signed message."""
    one = chance.approval()
    named = "nobody asked" if one is None or chance.maybe(0.04) else one.own_id
    if one is not None and chance.maybe(0.5):
        named = one.id
    body = {"requestId": named, **ruling(chance)}
    body |= chance.some(0.4, reviewer=({"id": "42", "name": "duty officer"}, {"id": "7"}))
    if one is not None and one.execution_id is not None and chance.maybe(0.4):
        body["execution_id"] = one.execution_id
    if chance.maybe(0.2):
        body["more"] = 1
    signed = chance.pick(("body", "timestamped", "timestamped", "timestamped"))
    message = f"msg-{chance.random.randrange(10**6)}"
    if chance.messages and chance.maybe(0.2):
        earlier, message = chance.pick(chance.messages[-5:])
        body = earlier if chance.maybe(0.8) else body
        signed = "timestamped"
    chance.messages.append((body, message))
    return Request("receiveApprovalResponse", body=body, signed=signed, message_id=message)


def cancel(chance: Chance) -> Request:
    """Withdraw one."""
    body = chance.pick((NO_BODY, {}, {"reason": "the order was withdrawn"}))
    path = {"id": chance.approval_id()}
    key = chance.pick(("client", "client2", "admin", "agent", "agent2"))
    return Request("cancelApprovalRequest", path, body=body, key=key)


MAKERS: list[tuple[int, Callable[[Chance], Request]]] = [
    (20, create),
    (10, get),
    (10, list_),
    (6, events),
    (16, decide),
    (10, respond),
    (8, cancel),
]
