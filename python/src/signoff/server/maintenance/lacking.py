"""Which instances have said that they have no such reasoner, so that others are asked first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from signoff.server.domain.clock import Clock
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations.context import InstanceKey

LACKS_MS = 60_000
"""For so long an instance is taken at its word, unless it registers anew: it may have been another
process at its address."""


@dataclass(frozen=True, slots=True)
class _Mark:
    until: int
    arrivals: int
    """How often it had registered when it said so."""
    waits: bool
    """Whether work waits until an instance comes that has the reasoner."""


class Lacking:
    """What instances lack. Kept in memory: each server finds it out for itself."""

    def __init__(self, clock: Clock, liveness: Liveness) -> None:
        self._clock = clock
        self._liveness = liveness
        self._marks: dict[tuple[str, str], dict[str, _Mark]] = {}

    def note(self, key: InstanceKey, reasoner: str, *, waits: bool) -> None:
        """It has no such reasoner; ``waits`` says that none of those who are there has."""
        mark = _Mark(self._clock.now() + LACKS_MS, self._liveness.arrivals(key), waits)
        self._marks.setdefault((key.node_id, reasoner), {})[key.instance_id] = mark

    def where(self, node_id: str, reasoner: str) -> frozenset[str]:
        """The instances of a node that lack it."""
        return frozenset(self._fresh(node_id, reasoner))

    def avoided(self, node_id: str, reasoner: str, workers: Collection[str]) -> frozenset[str]:
        """The instances that are not to be asked for it.

        None is avoided when all that take work (``workers``) lack it and there is nobody to wait
        for: whoever is asked next gives the final answer.
        """
        marks = self._fresh(node_id, reasoner)
        if marks.keys() >= set(workers) and not any(mark.waits for mark in marks.values()):
            return frozenset()
        return frozenset(marks)

    def passed_over(
        self, node_id: str, free: Collection[str], workers: Collection[str]
    ) -> tuple[str, ...]:
        """The reasoners of a node that none of those that may get something is to be asked for."""
        named = [reasoner for node, reasoner in self._marks if node == node_id]
        return tuple(one for one in named if self.avoided(node_id, one, workers).issuperset(free))

    def clear(self) -> None:
        """Ask everybody again."""
        self._marks.clear()

    def next_end(self) -> int | None:
        """When the next one is asked again."""
        now = self._clock.now()
        ends = [mark.until for marks in self._marks.values() for mark in marks.values()]
        return min((end for end in ends if end > now), default=None)

    def _fresh(self, node_id: str, reasoner: str) -> dict[str, _Mark]:
        now, marks = self._clock.now(), self._marks.get((node_id, reasoner), {})
        for instance_id, mark in list(marks.items()):
            arrivals = self._liveness.arrivals(InstanceKey(node_id, instance_id))
            if mark.until <= now or mark.arrivals != arrivals:
                del marks[instance_id]
        if not marks:
            self._marks.pop((node_id, reasoner), None)
        return marks
