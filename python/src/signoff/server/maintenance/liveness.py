"""Which instances are heard: kept in memory, on the monotonic clock.

A server with a file of its own hears all of them itself. After its start every instance is
unheard, and its leases get a grace in which to be heard again.

Of several servers that share a database each hears some, and reads from the rows who was heard by
the others: a row whose last heartbeat has changed was heard since the last look, whatever time it
shows. So no lease ever depends on a clock that can be stepped.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from signoff.server.domain.clock import Clock
from signoff.server.domain.node import (
    GRACE_EVERY_MS,
    GRACE_MS,
    LEASE_MS,
    InstanceState,
    Pulse,
)
from signoff.server.domain.store import Change, Row, Store
from signoff.server.operations.context import InstanceKey

LISTEN_MS = 10_000
"""So long a server that has just started listens before anybody's silence counts."""

GRACE_FACT = "leases.grace_at"
"""The wall time at which a start last gave grace."""


@dataclass(slots=True)
class _Instance:
    pulse: Pulse
    base_url: str
    beats: int = 0
    eases: int = 0
    """How many runs it has let go of, as far as this server was told."""
    arrivals: int = 0
    """How often it has registered here."""
    ended: bool = False
    row_at: int | None = None
    """The last heartbeat that its row has shown."""
    told: int = 0
    """The number of the last news of it; rows that were read before know nothing of that.

    While the news is being stored it is more than any.
    """


class Look(NamedTuple):
    """When rows began to be read that tell what all servers have heard. See :meth:`Liveness.look`.

    Attributes:
        since: ms on the monotonic clock.
        now: ms on the wall clock.
        news: how often an instance had registered or drained here.
        number: of all looks.
    """

    since: int
    now: int
    news: int
    number: int


class Liveness:
    """The pulse of every instance. See :class:`signoff.server.operations.context.Liveness`.

    ``changed`` is set when leases may end sooner than they seemed to, and cleared by who waits
    for their end; ``on_ready`` is called when an instance takes work that took none before, and
    ``on_eased`` when one has let go of some.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._instances: dict[InstanceKey, _Instance] = {}
        self._grace = False
        self._news = 0
        self._looks = 0
        self._last = Look(0, 0, 0, 0)
        """The last look whose rows were taken in."""
        self.changed = asyncio.Event()
        self.on_ready: Callable[[], None] = _pass
        self.on_eased: Callable[[InstanceKey], None] = _pass

    def remember(self, rows: Iterable[Row], *, grace: bool) -> None:
        """Take up instances from the store after a start, those that registered last first.

        Who was heard already stays as it is. ``grace`` says whether this start gives them 60 s to
        be heard instead of 30.
        """
        self._grace = grace
        now = self._clock.monotonic()
        taken: set[tuple[str, str]] = set()
        for row in rows:
            address = (row["node_id"], _address(row["base_url"]))
            pulse = Pulse(bool(row["own"]), now, heard=False, replaced=address in taken)
            if row["state"] == InstanceState.DRAINING:
                pulse.draining_since, pulse.drain_ms = now, row["drain_ms"] or 0
            taken.add(address)
            key = InstanceKey(row["node_id"], row["instance_id"])
            known = _Instance(pulse, address[1], row_at=row["last_heartbeat_at"])
            self._instances.setdefault(key, known)
        self.changed.set()

    def resume(self, rows: Iterable[Row], look: Look, *, graced_ms: int | None = None) -> None:
        """Take up instances after a start while other servers went on: nothing moves.

        Their leases run from the heartbeat that the row shows at the wall time of the look. But it
        may be that nobody could be heard until now, as the database was away: so nobody's silence
        ends a lease for :data:`LISTEN_MS`, here; the other servers judge by what they know.

        Args:
            rows: those that registered last first.
            look: when they began to be read.
            graced_ms: so long ago another server's start gave grace that is not over.
        """
        since = self._clock.monotonic()
        self.hear(rows, look)
        for instance in self._instances.values():
            pulse = instance.pulse
            if graced_ms is not None and pulse.last_seen < since - graced_ms:
                pulse.last_seen, pulse.heard, self._grace = since - graced_ms, False, True
            pulse.last_seen = max(pulse.last_seen, since + LISTEN_MS - LEASE_MS)

    def look(self) -> Look:
        """Begin to read rows for :meth:`hear`: what is said here from now on is newer than they."""
        self._looks += 1
        return Look(self._clock.monotonic(), self._clock.now(), self._news, self._looks)

    def hear(self, rows: Iterable[Row], look: Look) -> None:
        """Take in what all servers have heard: the rows of all instances that are not away.

        Nothing is taken in that is older than what was: looks may overtake each other.

        Args:
            rows: those that registered last first.
            look: when they began to be read.
        """
        if look.number <= self._last.number:
            return
        before = {key for key, one in self._instances.items() if self._works(one)}
        taken: set[tuple[str, str]] = set()
        known: set[InstanceKey] = set()
        for row in rows:
            key = InstanceKey(row["node_id"], row["instance_id"])
            known.add(key)
            instance = self._heard(key, row, look)
            if instance.told <= look.news:
                self._is_as(instance, row, look)
                instance.pulse.replaced = (key.node_id, instance.base_url) in taken
            taken.add((key.node_id, instance.base_url))
        for key in [key for key in self._instances if key not in known]:
            one = self._instances[key]
            if one.pulse.last_seen < look.since and one.told <= look.news:  # else it is news
                del self._instances[key]
        self._last = look
        self.changed.set()
        if {key for key, one in self._instances.items() if self._works(one)} - before:
            self.on_ready()

    def _heard(self, key: InstanceKey, row: Row, look: Look) -> _Instance:
        pulse = Pulse(bool(row["own"]), -(10**15))
        instance = self._instances.setdefault(key, _Instance(pulse, "", row_at=None))
        pulse, first = instance.pulse, instance.pulse.last_seen < 0
        if instance.row_at is None and not first:
            instance.row_at = row["last_heartbeat_at"]  # what was heard here
        elif instance.row_at != row["last_heartbeat_at"]:
            age = max(0, look.now - row["last_heartbeat_at"])
            if not first:  # it came since the last look, whatever a clock may have done
                age = min(age, max(0, look.since - self._last.since))
            instance.beats += instance.row_at is not None
            instance.row_at, instance.ended = row["last_heartbeat_at"], False
            pulse.last_seen, pulse.heard = max(pulse.last_seen, look.since - age), True
        return instance

    def _is_as(self, instance: _Instance, row: Row, look: Look) -> None:
        pulse = instance.pulse
        instance.base_url, pulse.own = _address(row["base_url"]), bool(row["own"])
        if row["state"] != InstanceState.DRAINING:
            pulse.draining_since = None
        elif pulse.draining_since is None:
            ago = max(0, look.now - (row["draining_since"] or look.now))
            pulse.draining_since, pulse.drain_ms = look.since - ago, row["drain_ms"] or 0

    def registered(self, key: InstanceKey, *, base_url: str, own: bool) -> None:
        """An instance has registered: it is heard. Others of the node at its address are replaced.

        Being replaced ends no lease by itself, it only shortens the silence that does.
        """
        address = _address(base_url)
        self._news += 1
        for other, instance in self._instances.items():
            if other.node_id == key.node_id and other != key and instance.base_url == address:
                instance.pulse.replaced, instance.told = True, self._news
        known = self._instances.get(key)
        beats, eases = (known.beats + 1, known.eases) if known else (0, 0)
        arrivals = known.arrivals + 1 if known else 1
        pulse = Pulse(own, self._clock.monotonic())
        told = self._news
        self._instances[key] = _Instance(pulse, address, beats, eases, arrivals, told=told)
        self.changed.set()
        self.on_ready()

    def seen(self, key: InstanceKey, row: Row | None = None) -> None:
        """A sign of life of a registered instance: its leases are renewed.

        One that was not remembered is what its ``row`` says; without one it counts as foreign,
        which is never too hasty.
        """
        now = self._clock.monotonic()
        instance = self._instances.get(key)
        if instance is None:
            instance = self._instances[key] = self._stranger(key, row)
        worked = self.takes_work(key)
        if instance.ended:
            self.changed.set()
        instance.pulse.last_seen, instance.pulse.heard, instance.ended = now, True, False
        instance.beats += 1
        if not worked and self.takes_work(key):
            self.on_ready()

    def _stranger(self, key: InstanceKey, row: Row | None) -> _Instance:
        now = self._clock.monotonic()
        if row is None:
            return _Instance(Pulse(False, now), "", ended=True)
        address = _address(row["base_url"])
        replaced = any(
            other.node_id == key.node_id and instance.base_url == address
            for other, instance in self._instances.items()
        )
        pulse = Pulse(bool(row["own"]), now, replaced=replaced)
        if row["state"] == InstanceState.DRAINING:
            pulse.draining_since, pulse.drain_ms = now, row["drain_ms"] or 0
        return _Instance(pulse, address, ended=True)

    @contextmanager
    def draining(self, key: InstanceKey, drain_ms: int, row: Row | None = None) -> Iterator[None]:
        """It gets no new work, and keeps its leases for ``drain_ms`` and 10 s more.

        Counted from the first time that it said so. The caller stores it in the block: rows whose
        reading begins before its end say nothing of it. Where that fails nobody knows whether it
        is stored, and it counts here. ``row`` as for :meth:`seen`.
        """
        self.seen(key, row)
        instance = self._instances[key]
        pulse, instance.told = instance.pulse, sys.maxsize
        if pulse.draining_since is None:
            pulse.draining_since, pulse.drain_ms = self._clock.monotonic(), drain_ms
        self.changed.set()
        try:
            yield
        finally:
            self._news += 1
            instance.told = self._news

    def takes_work(self, key: InstanceKey) -> bool:
        """Whether new work may be sent to it: heard lately, not draining, not replaced."""
        instance = self._instances.get(key)
        return instance is not None and self._works(instance)

    def is_live(self, key: InstanceKey) -> bool:
        """Whether its leases hold now."""
        return self.lease_left_ms(key) > 0

    def lease_left_ms(self, key: InstanceKey) -> int:
        """Ms until its leases end without another sign of life; 0 when they have ended."""
        instance = self._instances.get(key)
        if instance is None or instance.ended:
            return 0
        return max(0, self._ends_at(instance) - self._clock.monotonic())

    def beats(self, key: InstanceKey) -> int:
        """A number that grows with each sign of life; 0 for one that was never heard."""
        instance = self._instances.get(key)
        return 0 if instance is None else instance.beats

    def eased(self, key: InstanceKey) -> None:
        """It has let go of a run, or has one that only waits from now on."""
        if (instance := self._instances.get(key)) is not None:
            instance.eases += 1
            self.on_eased(key)

    def eases(self, key: InstanceKey) -> int:
        """A number that grows with each such time."""
        instance = self._instances.get(key)
        return 0 if instance is None else instance.eases

    def arrivals(self, key: InstanceKey) -> int:
        """A number that grows with each registration."""
        instance = self._instances.get(key)
        return 0 if instance is None else instance.arrivals

    def knows(self, key: InstanceKey) -> bool:
        """Whether it is there, or was until lately."""
        return key in self._instances

    def is_own(self, key: InstanceKey) -> bool:
        """Whether it is an agent of this project."""
        instance = self._instances.get(key)
        return instance is not None and instance.pulse.own

    def workers(self) -> list[InstanceKey]:
        """The instances that take work now."""
        return [key for key in self._instances if self.takes_work(key)]

    def over(self) -> list[InstanceKey]:
        """Instances whose leases have ended and are still to be taken from them, in that order."""
        now = self._clock.monotonic()
        ends = sorted(
            (self._ends_at(instance), key)
            for key, instance in self._instances.items()
            if not instance.ended
        )
        return [key for at, key in ends if at <= now]

    def ended(self, key: InstanceKey) -> None:
        """The leases were taken from it. When it was heard meanwhile it is live all the same.

        It is forgotten: processes come and go for ever, and its row knows it when it comes back.
        """
        instance = self._instances.get(key)
        if instance is not None and self._ends_at(instance) <= self._clock.monotonic():
            del self._instances[key]

    def next_end(self) -> int | None:
        """When the next leases end unless somebody is heard: ms on the monotonic clock."""
        ends = [self._ends_at(one) for one in self._instances.values() if not one.ended]
        return min(ends, default=None)

    def excuse(self, ms: int) -> None:
        """For so long nobody could be heard: it counts as no silence."""
        for instance in self._instances.values():
            pulse = instance.pulse
            pulse.last_seen += ms
            if pulse.draining_since is not None:
                pulse.draining_since += ms
        self.changed.set()

    def forget(self) -> None:
        """Know of no instance any more: the database was emptied, and what was read before lies."""
        self._instances.clear()
        self._last = self.look()

    def _works(self, instance: _Instance) -> bool:
        return not instance.ended and instance.pulse.takes_work(self._clock.monotonic())

    def _ends_at(self, instance: _Instance) -> int:
        return instance.pulse.lease_ends_at(grace=self._grace)


async def present(store: Store) -> list[Row]:
    """The rows of all instances that are not away, those that registered last first."""
    states = (InstanceState.LIVE.value, InstanceState.DRAINING.value)
    return await store.all("list_instances", states=states)


async def recall(liveness: Liveness, store: Store, clock: Clock, *, served: bool = False) -> None:
    """After a start: remember the instances of the store, with grace if it is time for it again.

    ``served`` says that another server was there until now: then nobody had to stay unheard.
    """
    look, rows = liveness.look(), await present(store)
    last, now = await store.one("get_fact", name=GRACE_FACT), clock.now()
    ago = -1 if last is None else now - int(last["value"])
    if served:
        liveness.resume(rows, look, graced_ms=ago if 0 <= ago < GRACE_MS else None)
        return
    grace = not 0 <= ago < GRACE_EVERY_MS
    if grace and rows:  # a start that nobody needs it at does not use it up
        change = Change()
        change.add("put_fact", name=GRACE_FACT, value=str(now))
        await store.apply(change)
    liveness.remember(rows, grace=grace)


def _pass(*_: object) -> None:
    """Do nothing."""


def _address(base_url: str) -> str:
    return base_url.rstrip("/")
