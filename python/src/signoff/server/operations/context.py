"""What every operation is given: the store, the clock, the ids, and what the server was told."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from signoff.server.domain.clock import Clock
from signoff.server.domain.ids import Ids
from signoff.server.domain.in_hand import Roll
from signoff.server.domain.store import Row, Store, StoreUnavailable
from signoff.server.operations.outage import Outage
from signoff.server.operations.serial import Locks


class InstanceKey(NamedTuple):
    """One process of a node."""

    node_id: str
    instance_id: str


class Liveness(Protocol):
    """Which instances the server hears, and until when their leases hold.

    Kept in memory, on the monotonic clock; ``maintenance/liveness.py`` implements it.
    """

    def registered(self, key: InstanceKey, *, base_url: str, own: bool) -> None:
        """An instance has registered: it is heard. Others at the same address are replaced."""

    def seen(self, key: InstanceKey, row: Row | None = None) -> None:
        """A sign of life of a registered instance, whose row it may be: its leases are renewed."""

    def draining(
        self, key: InstanceKey, drain_ms: int, row: Row | None = None
    ) -> AbstractContextManager[None]:
        """It gets no new work, and keeps its leases for ``drain_ms`` and the contract's 10 s.

        The caller stores it in the block. ``row`` as for :meth:`seen`.
        """

    def eased(self, key: InstanceKey) -> None:
        """It has let go of a run, or has one that only waits from now on: it has room for more."""

    def takes_work(self, key: InstanceKey) -> bool:
        """Whether new work may be sent to it now."""

    def is_live(self, key: InstanceKey) -> bool:
        """Whether its leases hold now; draining ones count while they hold."""

    def lease_left_ms(self, key: InstanceKey) -> int:
        """Ms until its leases end without another sign of life; 0 when they have ended."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the operations must know of the settings."""

    notify_url: str | None = None
    """Where ``approval.*`` notifications go; None: nowhere."""
    allowed_hosts: frozenset[str] = frozenset()
    """Hosts that a ``webhook.url`` may name although they are not public."""
    webhook_secrets: tuple[str, ...] = ()
    """Secrets for signed decisions, the newest first; empty: they are not accepted."""
    replay_decisions: bool = True
    """Whether a later attempt of a foreign agent gets the decision of an earlier one."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every operation is given. One per server."""

    store: Store
    clock: Clock
    ids: Ids
    liveness: Liveness
    options: Options = field(default_factory=Options)
    locks: Locks = field(default_factory=Locks)
    server_id: str = field(default_factory=lambda: f"srv_{secrets.token_hex(12)}")
    """Which of the servers of this database this is; a new one with each start."""
    peers: set[str] = field(default_factory=set)
    """The other servers of this database that were heard of lately."""
    in_flight: set[str] = field(default_factory=set)
    """Attempt ids whose dispatch is being sent: their agent may not have them in hand yet."""
    rolls: dict[InstanceKey, Roll] = field(default_factory=dict)
    """What own agents have said of what they have in hand, by instance."""
    outage: Outage = field(default_factory=Outage)
    """Whether the store is away."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def failed(self, error: StoreUnavailable) -> None:
        """The store could not be used: the log gets what is new in that."""
        self.outage.failed(error, self.clock.monotonic())

    def stop(self) -> None:
        """End every wait: long polls answer the present state, streams of events end."""
        self.stopping.set()
        self.store.wake()
