"""What a target names: a reasoner or a skill of a registered node, and what it takes."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from signoff.server.domain.call import Target
from signoff.server.domain.errors import Fault, NotFound
from signoff.server.domain.store import Row
from signoff.server.operations import inputs
from signoff.server.operations.context import Context

Offers = dict[str, str | None]
"""Name to the text of its input schema; None when it has none."""


class Offer(NamedTuple):
    """A target that exists."""

    target: Target
    own: bool
    schema: str | None

    def check_input(self, value: object) -> None:
        """Let inputs pass that fit. Foreign agents check their own.

        Raises:
            Refusal: ``invalid_input``.
        """
        if not self.own:
            return
        if not isinstance(value, dict):
            raise inputs.refusal([Fault("/input", "must be an object")])
        if self.schema is not None:
            inputs.check(self.schema, value)


async def find(context: Context, text: str) -> Offer:
    """The target of this name.

    Raises:
        NotFound: ``unknown_target``.
    """
    target = Target.parse(text)
    node = await context.store.one("get_node", node_id=target.node_id)
    if node is None:
        raise NotFound(f"there is no node {target.node_id}", code="unknown_target")
    for offers in (_offers(node["reasoners"]), _offers(node["skills"])):
        if target.reasoner in offers:
            return Offer(target, bool(node["own"]), offers[target.reasoner])
    detail = f"{target.node_id} has no reasoner {target.reasoner}"
    raise NotFound(detail, code="unknown_target")


def has(node: Row, name: str) -> bool:
    """Whether the newest registration of the node offers a reasoner or skill of this name."""
    return name in _offers(node["reasoners"]) or name in _offers(node["skills"])


def path_of(node: Row, name: str) -> str:
    """Where an instance of the node serves it: skills have a path of their own."""
    skill = name in _offers(node["skills"]) and name not in _offers(node["reasoners"])
    return f"/skills/{name}" if skill else f"/reasoners/{name}"


@lru_cache(maxsize=256)
def _offers(text: str) -> Offers:
    offered: list[dict[str, Any]] = json.loads(text)
    return {
        one["id"]: json.dumps(one["input_schema"]) if "input_schema" in one else None
        for one in offered
    }
