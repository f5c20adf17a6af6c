"""Nodes: who registered, what they offer, who is heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Answer, Maybe, Refused
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.instances import LEASE_MS, Instance
from signoff_conformance.oracle.keys import forbidden
from signoff_conformance.oracle.pages import Pages
from signoff_conformance.oracle.times import present, render

HEARD: Final = "Renews the leases of the instance. `status: offline` drains it."
DRAINS: Final = "The instance gets no new work and keeps its leases for `timeout_seconds` + 10 s"

InHand = Callable[[Instance, Mapping[str, Any], int], bool]
"""Compares what an instance says to have in hand; whether it is asked for the list."""


@dataclass(slots=True)
class Node:
    """A named agent."""

    id: str
    created_at: int
    version: Any = None
    reasoners: list[Any] = field(default_factory=list)
    skills: list[Any] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    """Oldest first."""

    def shown(self, now: int) -> dict[str, Any]:
        """A ``Node`` of the contract."""
        return present(
            {
                "node_id": self.id,
                "version": self.version,
                "reasoners": self.reasoners,
                "skills": self.skills,
                "instances": [_shown(one, now) for one in reversed(self.instances)],
                "created_at": render(self.created_at),
                "updated_at": ANYTHING,
            }
        )


class Nodes:
    """The nodes, oldest first."""

    def __init__(self, pages: Pages) -> None:
        self.all: dict[str, Node] = {}
        self.leases_now = 0
        """The clock of the leases, in ms since the walk began."""
        self.in_hand: InHand
        """Set by whoever hands out the work."""
        self._pages = pages
        self.handlers: Mapping[str, Handler] = {
            "registerNode": self._register,
            "heartbeatNode": self._heartbeat,
            "shutdownNode": self._shutdown,
            "getNode": self._get,
            "listNodes": self._list,
        }

    def worker(self, node_id: str) -> Instance | None:
        """The instance of a node that gets work now."""
        for one in self.instances(node_id):
            if one.takes_work(self.leases_now):
                return one
        return None

    def instances(self, node_id: str | None = None) -> Iterator[Instance]:
        """Those of a node, or all; the newest first."""
        for node in self.all.values():
            if node_id in (None, node.id):
                yield from reversed(node.instances)

    def next_end(self) -> Instance | None:
        """The instance whose leases end first if it stays silent."""
        there = (one for one in self.instances() if not one.away)
        return min(there, key=lambda one: (one.ends_at(), one.node_id, one.id), default=None)

    def hear(self, instance: Instance, now: int) -> None:
        """A sign of life."""
        instance.heard_wall = now
        others = self.instances(instance.node_id)
        instance.hear(self.leases_now, replaced=any(_same_place(instance, one) for one in others))

    def check_target(self, target: str, body: Mapping[str, Any]) -> None:
        """Refuse what nobody offers, and an input that does not fit.

        Raises:
            Refused: ``unknown_target``, ``invalid_input``.
        """
        name, _, wanted = target.partition(".")
        node = self.all.get(name)
        offers = [] if node is None else [*node.reasoners, *node.skills]
        offer = next((one for one in offers if one["id"] == wanted), None)
        if offer is None:
            raise Refused(404, "unknown_target", "There is no such node or reasoner")
        given = body.get("input", {})
        if not isinstance(given, Mapping):
            raise _unfit("own agents take an object", "/input")
        for member in offer.get("input_schema", {}).get("required", ()):
            if member not in given:
                raise _unfit("The input does not fit the reasoner", f"/input/{member}")

    def _register(self, call: Call) -> Answer:
        body = call.request.body
        _speaks(call, body["id"])
        if body["base_url"].startswith("http://169.254."):
            sentence = "never link-local or a metadata address"
            places = frozenset({("body", "/base_url")})
            raise Refused(422, "invalid_base_url", sentence, places)
        known = body["id"] in self.all
        node = self.all.setdefault(body["id"], Node(body["id"], call.now))
        node.version = body.get("version")
        node.reasoners, node.skills = body.get("reasoners", []), body.get("skills", [])
        self._admit(node, body, call.now)
        told = {"node_id": node.id, "instance_id": body["instance_id"], "webhook_secret": ANYTHING}
        told |= {"heartbeat_seconds": 1, "lease_seconds": LEASE_MS / 1000}
        sentence = "A new `instance_id` is a new process"
        return Answer(200 if known else 201, told, sentence=sentence)

    def _admit(self, node: Node, body: Mapping[str, Any], now: int) -> None:
        again = [one for one in node.instances if one.id == body["instance_id"]]
        instance = Instance(
            node.id,
            body["instance_id"],
            body["base_url"],
            registered_at=ANYTHING if again else now,
            heard_at=self.leases_now,
            last_heartbeat_at=PERHAPS,
            heard_wall=now,
        )
        for other in node.instances:
            other.replaced = other.replaced or _same_place(instance, other)
        if again:
            # The same object: executions know who holds them.
            for name in Instance.__slots__:
                setattr(again[0], name, getattr(instance, name))
        else:
            node.instances.append(instance)

    def _heartbeat(self, call: Call) -> Answer:
        instance, body = self._named(call), call.request.body
        self.hear(instance, call.now)
        instance.last_heartbeat_at = render(call.now)
        if body.get("status") == "offline":
            instance.drain(self.leases_now, 0)
        resync = "in_hand" in body and self.in_hand(instance, body["in_hand"], call.now)
        left = (instance.ends_at() - self.leases_now) / 1000
        told = {"node_id": instance.node_id, "lease_seconds": left, "resync": resync}
        return Answer(200, told, sentence=HEARD)

    def _shutdown(self, call: Call) -> Answer:
        instance, body = self._named(call), call.request.body
        self.hear(instance, call.now)
        instance.last_heartbeat_at = PERHAPS
        instance.drain(self.leases_now, round(body.get("timeout_seconds", 0) * 1000))
        return Answer(200, self.all[instance.node_id].shown(call.now), sentence=DRAINS)

    def _named(self, call: Call) -> Instance:
        named = call.request.path["node_id"]
        _speaks(call, named)
        wanted = call.request.body.get("instance_id")
        for one in self.instances(named):
            if not wanted or one.id == wanted:
                return one
        raise Refused(404, "not_found", "404: register again.")

    def _get(self, call: Call) -> Answer:
        named = call.request.path["node_id"]
        if named not in self.all:
            raise Refused(404, "not_found", "There is no such thing.")
        return Answer(200, self.all[named].shown(call.now), sentence="The node.")

    def _list(self, call: Call) -> Answer:
        rows = list(reversed(self.all.values()))
        return self._pages.answer(
            call.label,
            call.request,
            rows,
            "nodes",
            lambda one: one.id,
            lambda one: one.shown(call.now),
        )


def _shown(one: Instance, now: int) -> Any:
    # How long instances are kept that are away the contract leaves open.
    return Maybe(one.shown(), "instance_id") if one.lost(now) else one.shown()


def _unfit(sentence: str, pointer: str) -> Refused:
    return Refused(422, "invalid_input", sentence, frozenset({("body", pointer)}))


def _speaks(call: Call, node_id: str) -> None:
    if call.caller.role == "agent" and call.caller.node != node_id:
        raise forbidden()


def _same_place(one: Instance, other: Instance) -> bool:
    return one.id != other.id and one.base_url == other.base_url and not other.away
