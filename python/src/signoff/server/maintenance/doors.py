"""Which instance gets the next work: open doors, and doors that nobody answered lately."""

from __future__ import annotations

from dataclasses import dataclass

from signoff.server.domain.clock import Clock
from signoff.server.maintenance.backoff import Backoff
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations.context import InstanceKey

PER_INSTANCE = 128
"""Dispatches without an answer to one instance at once; a single one after a refusal."""

IN_ALL = 1_024
"""Dispatches without an answer at once."""

HASTENED = 5
"""After so many refusals in a row a heartbeat does not shorten the wait any more: the instance
lives, but not at the address that it gave."""


@dataclass(slots=True)
class _Door:
    unanswered: int = 0
    refusals: int = 0
    together: int = 0
    """Of the unanswered, those that were on their way when the last refusal came."""
    shut_until: int = 0
    beats: int = 0


class Doors:
    """How each instance has taken work lately. Kept in memory; a start of the server forgets it."""

    def __init__(self, clock: Clock, liveness: Liveness, backoff: Backoff) -> None:
        self._clock = clock
        self._liveness = liveness
        self._backoff = backoff
        self._doors: dict[InstanceKey, _Door] = {}
        self._unanswered = 0

    def free(self) -> dict[str, dict[InstanceKey, int]]:
        """By node, the instances that take work now, with how much each may get."""
        found: dict[str, dict[InstanceKey, int]] = {}
        for key in self._liveness.workers():
            if (free := self._free(key)) > 0:
                found.setdefault(key.node_id, {})[key] = free
        return found

    def enter(self, key: InstanceKey) -> None:
        """Something is sent to it."""
        self._door(key).unanswered += 1
        self._unanswered += 1

    def leave(self, key: InstanceKey) -> bool:
        """It was answered, or is waited for no more; whether something may have waited for that."""
        full = self._unanswered >= IN_ALL or self._free(key) <= 0
        door = self._door(key)
        door.unanswered -= 1
        door.together = min(door.together, door.unanswered)
        self._unanswered -= 1
        if not (door.unanswered or door.refusals):
            del self._doors[key]  # processes come and go for ever
        return full

    def took(self, key: InstanceKey) -> None:
        """It has taken work."""
        if key in self._doors:
            self._doors[key].refusals = self._doors[key].together = 0

    def refused(self, key: InstanceKey, *, at_least_ms: int = 0) -> None:
        """It takes none now: wait, longer each time, and then try it with one at a time.

        What was on its way together is refused together: that is one refusal.
        """
        door = self._door(key)
        if door.together > 0:
            door.together -= 1
        else:
            door.refusals += 1
            door.together = max(0, door.unanswered - 1)
        delay = max(self._backoff.delay_ms(door.refusals), at_least_ms)
        door.shut_until = self._clock.now() + delay
        door.beats = self._liveness.beats(key)

    def next_open(self) -> int | None:
        """When the next door opens that is shut now."""
        now = self._clock.now()
        waits = (d.shut_until for d in self._doors.values() if d.refusals and d.shut_until > now)
        return min(waits, default=None)

    def clear(self) -> None:
        """Forget who refused."""
        for door in self._doors.values():
            door.refusals = door.together = 0

    def _door(self, key: InstanceKey) -> _Door:
        return self._doors.setdefault(key, _Door())

    def _free(self, key: InstanceKey) -> int:
        door = self._doors.get(key, _Door())
        most = min(PER_INSTANCE, door.unanswered + IN_ALL - self._unanswered)
        if door.refusals:
            heard = door.refusals <= HASTENED and self._liveness.beats(key) > door.beats
            most = 1 if heard or self._clock.now() >= door.shut_until else 0
        return most - door.unanswered
