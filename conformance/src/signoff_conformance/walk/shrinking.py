"""The shortest path that still leads to a difference, as far as a budget goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from signoff_conformance.walk.moves import Move
from signoff_conformance.walk.walking import Difference

BUDGET: Final = 60
"""Walks that are tried."""
ENDS: Final = (100, 300, 1_000, 3_000, 10_000)
"""How many of the last operations of a long walk are tried first: most faults need no more."""

Again = Callable[[Sequence[Move]], Awaitable[Difference | None]]


async def shrink(found: Difference, again: Again, budget: int = BUDGET) -> Difference:
    """Leave out operations while the same place differs: all but the last, halves, …, single ones.

    Args:
        found: the difference, with the path that leads to it.
        again: walks a path on an empty server.
        budget: how often.
    """
    shortest = _Shortest(found, again, budget)
    for count in ENDS:
        if count >= len(found.path) or await shortest.try_(found.path[-count:]):
            break
    path = shortest.path
    without_reads = [move for move in path[:-1] if not _reads(move)] + [path[-1]]
    if len(without_reads) < len(path):
        await shortest.try_(without_reads)
    size = len(shortest.path) // 2
    while size >= 1 and shortest.budget > 0:
        start, shorter = 0, False
        while start < len(shortest.path) - 1 and shortest.budget > 0:
            stop = min(start + size, len(shortest.path) - 1)
            if await shortest.try_([*shortest.path[:start], *shortest.path[stop:]]):
                shorter = True
            else:
                start = stop
        size = size if shorter and size == 1 else size // 2
    return shortest.best


class _Shortest:
    """The shortest path so far, and how often another one may be tried."""

    def __init__(self, found: Difference, again: Again, budget: int) -> None:
        self.best = found
        self.budget = budget
        self._again = again
        self._number = found.number

    @property
    def path(self) -> Sequence[Move]:
        return self.best.path

    async def try_(self, path: Sequence[Move]) -> bool:
        """Take a path, if it leads to the same difference; False without budget, too."""
        if self.budget <= 0:
            return False
        self.budget -= 1
        other = await self._again(path)
        if other is None or not _same(self.best, other):
            return False
        self.best, other.number = other, self._number
        return True


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
