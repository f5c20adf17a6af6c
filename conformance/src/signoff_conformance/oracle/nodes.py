"""Nodes: who registered, and what they offer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Answer, Refused
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.keys import forbidden
from signoff_conformance.oracle.times import render


class Nodes:
    """The nodes, oldest first: each with one instance."""

    def __init__(self) -> None:
        self._all: dict[str, dict[str, Any]] = {}
        self._reasoners: dict[str, set[str]] = {}
        self.handlers: Mapping[str, Handler] = {
            "registerNode": self._register,
            "getNode": self._get,
        }

    def check_target(self, target: str, body: Mapping[str, Any]) -> None:
        """Refuse what nobody offers.

        Raises:
            Refused: ``unknown_target``, ``invalid_input``.
        """
        node, _, reasoner = target.partition(".")
        if reasoner not in self._reasoners.get(node, ()):
            raise Refused(404, "unknown_target", "There is no such node or reasoner")
        if not isinstance(body.get("input", {}), Mapping):
            raise Refused(422, "invalid_input", "own agents take an object")

    def _register(self, call: Call) -> Answer:
        body, now = call.request.body, render(call.now)
        id = body["id"]  # noqa: A001 - the contract's word
        if call.caller.role == "agent" and call.caller.node != id:
            raise forbidden()
        known = self._all.get(id)
        instance = {
            "instance_id": body["instance_id"],
            "base_url": body["base_url"],
            "state": "live",
            "registered_at": ANYTHING if known else now,
            "last_heartbeat_at": PERHAPS,
        }
        self._all[id] = {
            "node_id": id,
            "version": PERHAPS,
            "reasoners": body["reasoners"],
            "skills": [],
            "instances": [instance],
            "created_at": known["created_at"] if known else now,
            "updated_at": ANYTHING,
        }
        self._reasoners[id] = {one["id"] for one in body["reasoners"]}
        told = dict.fromkeys(("webhook_secret", "heartbeat_seconds", "lease_seconds"), ANYTHING)
        told |= {"node_id": id, "instance_id": body["instance_id"]}
        return Answer(200 if known else 201, told, sentence="The node is new, or was known.")

    def _get(self, call: Call) -> Answer:
        named = call.request.path["node_id"]
        if named not in self._all:
            raise Refused(404, "not_found", "There is no such thing.")
        return Answer(200, self._all[named], sentence="The node.")
