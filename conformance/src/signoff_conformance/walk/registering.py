"""Requests of agents about themselves, and of whoever looks at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from signoff_conformance.oracle.answers import Request
from signoff_conformance.oracle.instances import Instance
from signoff_conformance.oracle.leasing import INLINE, REFUSING, digest
from signoff_conformance.profiles import NODE, OTHER_NODE
from signoff_conformance.walk.moves import LIMITS, PLAYED, Chance

AGENTS: Final = {NODE: "agent", OTHER_NODE: "agent2"}
PLACES: Final = {NODE: f"{PLAYED}agent", OTHER_NODE: f"{PLAYED}other"}
TYPED: Final = "typed"
"""The reasoner whose input has a schema."""

REGISTRATION: Final = Request(
    "registerNode",
    body={
        "id": NODE,
        "base_url": PLACES[NODE],
        "instance_id": "one",
        "reasoners": [
            {"id": "work"},
            {"id": INLINE, "tags": ["entry"], "description": "answers at once"},
            {"id": TYPED, "input_schema": {"type": "object", "required": ["ticket"]}},
        ],
        "skills": [{"id": REFUSING}],
        "version": "1.0.0",
        "features": {"signoff": 1},
    },
    key="agent",
)


def speaker(chance: Chance, node_id: str) -> str:
    """A key that may speak for a node; now and then another."""
    if chance.maybe(0.06):
        return str(chance.pick(AGENTS.values()))
    return AGENTS[node_id] if chance.maybe(0.8) else "admin"


def register(chance: Chance) -> Request:
    """Register an instance: again, or a new process in its place."""
    node_id = NODE if chance.maybe(0.6) else OTHER_NODE
    node = chance.oracle.nodes.all.get(node_id)
    body: dict[str, Any] = {**REGISTRATION.body, "id": node_id, "base_url": PLACES[node_id]}
    body["instance_id"] = "one"
    known = [] if node is None else node.instances
    if known:
        # Which of two that came in one millisecond is the newer the contract leaves open.
        fresh = all(one.registered_at != chance.now for one in known)
        is_new = fresh and isinstance(known[-1].registered_at, int) and chance.maybe(0.5)
        is_new = is_new or known[-1].lost(chance.now)
        body["instance_id"] = f"process-{len(known)}" if is_new else known[-1].id
    elif any(one.created_at == chance.now for one in chance.oracle.nodes.all.values()):
        return replace(REGISTRATION, key="admin")
    if chance.maybe(0.05):
        body["base_url"] = "http://169.254.169.254/latest"
    return replace(REGISTRATION, body=body, key=speaker(chance, node_id))


def heartbeat(chance: Chance) -> Request:
    """A sign of life, often with what is in hand."""
    instance = _instance(chance)
    if instance is None:
        return Request("heartbeatNode", {"node_id": "nobody"}, body={}, key="admin")
    body: dict[str, Any] = {"instance_id": instance.id}
    if chance.maybe(0.5) and not chance.newest(instance.node_id).lost(chance.now):
        body = chance.some(instance_id=(instance.id, "", "nobody"))
    if chance.maybe(0.06):
        body["status"] = "offline"
    held, in_hand = chance.oracle.leasing.held(_meant(chance, instance, body)), None
    if chance.maybe(0.5):
        in_hand = tuple(held[1:] if chance.maybe(0.3) else held)
        body["in_hand"] = {"count": len(in_hand), "digest": digest(in_hand)}
        if chance.maybe(0.6):
            body["in_hand"]["executions"] = sorted(in_hand)
    path = {"node_id": instance.node_id}
    key = speaker(chance, instance.node_id)
    return Request("heartbeatNode", path, body=body, key=key, in_hand=in_hand)


def shutdown(chance: Chance) -> Request:
    """Go away, at once or when all is done."""
    instance = _instance(chance)
    node_id = "nobody" if instance is None else instance.node_id
    body = chance.some(timeout_seconds=(0, 20.0, 600), reason=("deploy",))
    if instance is not None:
        body["instance_id"] = instance.id
        if chance.maybe(0.5) and not chance.newest(instance.node_id).lost(chance.now):
            body["instance_id"] = chance.pick(("", "nobody"))
    key = "admin" if instance is None else speaker(chance, node_id)
    return Request("shutdownNode", {"node_id": node_id}, body=body, key=key)


def node(chance: Chance) -> Request:
    """Read a node."""
    path = {"node_id": chance.pick((NODE, OTHER_NODE, "nobody"))}
    return Request("getNode", path, key=chance.pick(("client", "reviewer", "admin")))


def list_(chance: Chance) -> Request:
    """List them."""
    query = chance.some(0.4, limit=LIMITS)
    return Request("listNodes", query=query, key=chance.pick(("client", "reviewer", "admin")))


def system(chance: Chance) -> Request:
    """Look at the server."""
    operation = chance.pick(("getHealth", "getReadiness", "getOpenapi", "getMetrics"))
    return Request(operation, key=chance.pick(("client", "admin")))


def _instance(chance: Chance) -> Instance | None:
    there = [one for one in chance.oracle.nodes.instances() if not one.lost(chance.now)]
    if not there or chance.maybe(0.03):
        return None
    awake = [one for one in there if not one.away]
    return chance.pick(awake if awake and chance.maybe(0.85) else there)  # type: ignore[no-any-return]


def _meant(chance: Chance, instance: Instance, body: dict[str, Any]) -> Instance:
    """The instance that a heartbeat is of."""
    if body.get("instance_id") == instance.id:
        return instance
    return chance.newest(instance.node_id)


MAKERS: list[tuple[int, Callable[[Chance], Request]]] = [
    (4, register),
    (9, heartbeat),
    (2, shutdown),
    (2, node),
    (2, list_),
    (4, system),
]
