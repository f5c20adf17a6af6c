"""Which instance gets the next work: open doors, and doors that nobody answered lately.

An instance says no when it has enough to do, and each such answer costs a claim, a request and a
requeue. So after a refusal nothing is sent to it but as much as it has let go of since, which its
reports show; and one at a time, after a wait, to find out whether it takes more than that.
"""

from __future__ import annotations

from dataclasses import dataclass

from signoff.server.domain.clock import Clock
from signoff.server.maintenance.backoff import Backoff
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations.context import InstanceKey

PER_INSTANCE = 128
"""Dispatches without an answer to one instance at once, when it has taken many."""

FIRST = 32
"""The same at first. It grows while all is taken, and after a refusal begins with one."""

IN_ALL = 1_024
"""Dispatches without an answer at once."""

HASTENED = 5
"""After so many refusals in a row a heartbeat does not shorten the wait any more: the instance
lives, but not at the address that it gave."""

FULL = 3
"""One that takes work between its refusals is full, not away: they count as so many in a row."""


@dataclass(slots=True)
class _Door:
    window: float = FIRST
    """How many may be unanswered."""
    steep: float = PER_INSTANCE
    """Up to here the window doubles while all is taken, then it grows by one for each full one."""
    unanswered: int = 0
    refusals: int = 0
    together: int = 0
    """Of the unanswered, those that were on their way when the last refusal came."""
    shut_until: int = 0
    told_until: int = 0
    """It has said itself how long to wait, and nothing that is heard of it shortens that."""
    arrivals: int = 0
    beats: int = 0
    used: int = 0
    """How much it has let go of that was made up for since."""


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

    def still(self, free: dict[InstanceKey, int]) -> dict[InstanceKey, int]:
        """What is left of what :meth:`free` said: an instance may have refused since, or drained.

        What is on its way in all is not asked again: else the first of many nodes would get all.
        """
        left = {key: min(most, self._room(key)) for key, most in free.items()}
        return {k: most for k, most in left.items() if most > 0 and self._liveness.takes_work(k)}

    def enter(self, key: InstanceKey) -> None:
        """Something is sent to it."""
        door = self._door(key)
        if self._eased(key, door) > 0:
            door.used += 1
        door.unanswered += 1
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
        if (door := self._doors.get(key)) is None:
            return
        if not door.refusals or self._is_open(key, door):
            door.window += 1 if door.window < door.steep else 1 / door.window
        door.refusals = min(door.refusals, FULL)
        door.together = max(0, door.together - 1)
        if door.window >= PER_INSTANCE:
            door.refusals = door.together = 0

    def refused(self, key: InstanceKey, *, at_least_ms: int = 0) -> None:
        """It takes none now: wait, longer each time, and then try it with one at a time.

        What was on its way together is refused together: that is one refusal. ``at_least_ms`` is
        what it has asked for itself; 0: nothing.
        """
        door = self._door(key)
        if door.together > 0:
            door.together -= 1
        else:
            door.refusals += 1
            door.together = max(0, door.unanswered - 1)
            door.steep = max(1, door.window / 2)
        now = self._clock.now()
        door.told_until = max(self._told_until(key, door), now + at_least_ms)
        delay = self._backoff.delay_ms(door.refusals)
        door.window, door.shut_until = 1, max(now + delay, door.told_until)
        door.arrivals = self._liveness.arrivals(key)
        door.beats, door.used = self._liveness.beats(key), self._liveness.eases(key)
        self._forget_the_gone()

    def eased(self, key: InstanceKey) -> bool:
        """Whether one that has let go of something gets more because of that."""
        door = self._doors.get(key)
        return door is not None and door.refusals > 0 and self._free(key) > 0

    def next_open(self) -> int | None:
        """When the next door opens that is shut now."""
        now = self._clock.now()
        waits = (d.shut_until for d in self._doors.values() if d.refusals and d.shut_until > now)
        return min(waits, default=None)

    def clear(self) -> None:
        """Forget who refused."""
        for door in self._doors.values():
            door.refusals = door.together = door.told_until = 0

    def _door(self, key: InstanceKey) -> _Door:
        return self._doors.setdefault(key, _Door())

    def _free(self, key: InstanceKey) -> int:
        return min(self._room(key), IN_ALL - self._unanswered)

    def _room(self, key: InstanceKey) -> int:
        door = self._doors.get(key) or _Door()
        most = min(int(door.window), PER_INSTANCE)
        if self._clock.now() < self._told_until(key, door):
            return 0
        if door.refusals and not self._is_open(key, door):
            most = 0
        return max(most - door.unanswered, self._eased(key, door))

    def _is_open(self, key: InstanceKey, door: _Door) -> bool:
        heard = door.refusals <= HASTENED and self._liveness.beats(key) > door.beats
        return heard or self._clock.now() >= door.shut_until

    def _told_until(self, key: InstanceKey, door: _Door) -> int:
        """Until when it wants nothing; whoever registers anew has not said so yet."""
        return door.told_until if door.arrivals == self._liveness.arrivals(key) else 0

    def _eased(self, key: InstanceKey, door: _Door) -> int:
        """How much it has let go of since its last refusal that nothing was sent for yet.

        What was on its way when it refused may fill that as well.
        """
        if not door.refusals:
            return 0
        return min(PER_INSTANCE, self._liveness.eases(key) - door.used) - door.together

    def _forget_the_gone(self) -> None:
        doors = self._doors.items()
        for gone in [k for k, d in doors if not (d.unanswered or self._liveness.knows(k))]:
            del self._doors[gone]
