"""Who offers a reasoner: an instance that does not have it may not be the only one of its node."""

from __future__ import annotations

import json
from collections.abc import Container
from enum import Enum, auto

from signoff.server.domain.store import Row
from signoff.server.operations import targets
from signoff.server.operations.context import Context, InstanceKey


class Place(Enum):
    """Where a reasoner is that an instance has not."""

    ELSEWHERE = auto()
    """Another instance that takes work may have it."""
    AWAY = auto()
    """The node has it, but those of its instances that are there registered without it."""
    NOWHERE = auto()
    """The node has it no more."""


async def place(
    context: Context, key: InstanceKey, reasoner: str, lacking: Container[str]
) -> Place:
    """Where the reasoner is that an instance has just said it has not.

    Args:
        context: the server's.
        key: who said it.
        reasoner: the reasoner or skill.
        lacking: the instances of the node that have said the same.
    """
    node = await context.store.one("get_node", node_id=key.node_id)
    rows = await context.store.all("list_instances", node_id=key.node_id)
    for row in rows:
        other = InstanceKey(key.node_id, row["instance_id"])
        if other == key or other.instance_id in lacking:
            continue
        if context.liveness.takes_work(other) and _offers(row, reasoner):
            return Place.ELSEWHERE
    said = [row for row in rows if row["instance_id"] == key.instance_id]
    if (
        node is not None
        and targets.has(node, reasoner)
        and not any(_offers(r, reasoner) for r in said)
    ):
        return Place.AWAY
    return Place.NOWHERE


def offered(names: list[str]) -> str:
    """How the row of an instance says what it offers."""
    return json.dumps(sorted(names))


def _offers(row: Row, reasoner: str) -> bool:
    """Whether an instance has registered with it; one that an older server registered may have."""
    return row["offers"] is None or reasoner in json.loads(row["offers"])
