"""Calls of children: when a call of a later attempt is one that was made before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from signoff.server.domain.store import Row


class Target(NamedTuple):
    """A reasoner of a node: ``{node_id}.{reasoner}``, parted at the first dot."""

    node_id: str
    reasoner: str

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that a text names; without a dot the reasoner is empty."""
        node_id, _, reasoner = text.partition(".")
        return cls(node_id, reasoner)


class Call(NamedTuple):
    """What becomes of a call: the child that it stands for, or the place of a new one."""

    child: Row | None
    occurrence: int


def match_call(calls: Sequence[Row], attempt: int) -> Call:
    """The child that a call in this attempt stands for.

    Args:
        calls: the children of the same parent with the same target and an equal input, over all
            attempts, in the order of their occurrence.
        attempt: the parent's attempt that calls now.

    Each attempt counts its equal calls: the k-th meets the child of the k-th call of the attempts
    before. A child is marked with the last attempt that called it, so the first one that is not
    marked with this attempt is the next.
    """
    for row in calls:
        if row["parent_attempt"] < attempt:
            return Call(row, row["call_occurrence"])
    return Call(None, max((row["call_occurrence"] for row in calls), default=0) + 1)
