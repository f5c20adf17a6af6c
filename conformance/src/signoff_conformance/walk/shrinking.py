"""The shortest path that still leads to a difference, as far as a budget goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from signoff_conformance.walk.moves import Move
from signoff_conformance.walk.walking import Difference

BUDGET: Final = 60
"""Walks that are tried."""

Again = Callable[[Sequence[Move]], Awaitable[Difference | None]]


async def shrink(found: Difference, again: Again, budget: int = BUDGET) -> Difference:
    """Leave out operations, in halves, quarters, …, one by one, while the same place differs.

    Args:
        found: the difference, with the path that leads to it.
        again: walks a path on an empty server.
        budget: how often.
    """
    best, number = found, found.number
    without_reads = [move for move in found.path[:-1] if not _reads(move)] + [found.path[-1]]
    if len(without_reads) < len(found.path) and budget > 0:
        budget -= 1
        other = await again(without_reads)
        if other is not None and _same(best, other):
            best, best.number = other, number
    size = len(best.path) // 2
    while size >= 1 and budget > 0:
        start, shorter = 0, False
        while start < len(best.path) - 1 and budget > 0:
            stop = min(start + size, len(best.path) - 1)
            path = [*best.path[:start], *best.path[stop:]]
            budget -= 1
            other = await again(path)
            if other is not None and _same(best, other):
                best, shorter = other, True
                best.number = number
            else:
                start = stop
        size = size if shorter and size == 1 else size // 2
    return best


def _reads(move: Move) -> bool:
    """Whether a move leaves all as it is; a list of deliveries is where their ids come from."""
    name = "" if move.request is None else move.request.operation
    return name.startswith(("get", "list", "stream")) and name != "listDeliveries"


def _same(one: Difference, other: Difference) -> bool:
    places = [line.partition(":")[0] for line in one.lines]
    return (
        one.move == other.move
        and [line.partition(":")[0] for line in other.lines] == places
        and one.exchange.status == other.exchange.status
    )
