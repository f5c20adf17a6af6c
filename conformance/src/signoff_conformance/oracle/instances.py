"""Instances: which are heard, what they may get, when their leases end. On a clock of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.oracle.times import present, render

LEASE_MS: Final = 30_000
SILENT_MS: Final = 3_000
"""An own agent that is silent for so long gets no work; its leases end if it is replaced."""
DRAIN_EXTRA_MS: Final = 10_000
KEPT_MS: Final = 43_200_000
"""For so long a server surely remembers an instance that is away."""


@dataclass(slots=True, eq=False)
class Instance:
    """One process of a node. Its times are of the wall, but for those of its leases."""

    node_id: str
    id: str
    base_url: str
    registered_at: Any
    heard_at: int
    """On the clock of the leases, like all that ends by silence."""
    last_heartbeat_at: Any
    heard_wall: int
    replaced: bool = False
    draining_since: int | None = None
    drain_ms: int = 0
    away: bool = False
    lacking: frozenset[str] = field(default_factory=frozenset)
    """What its last list of what is in hand did not name."""

    def hear(self, leases_now: int, *, replaced: bool) -> None:
        """It gave a sign of life; after its leases have ended it is as if it were new."""
        if self.away:
            self.away, self.draining_since, self.replaced = False, None, replaced
        self.heard_at = leases_now

    def lost(self, now: int) -> bool:
        """Whether it has been away for so long that a server may have forgotten it."""
        return self.away and now - self.heard_wall >= KEPT_MS

    def drain(self, leases_now: int, ms: int) -> None:
        """It gets no new work; the first time that it says so counts."""
        if self.draining_since is None:
            self.draining_since, self.drain_ms = leases_now, ms

    def ends_at(self) -> int:
        """When its leases end unless it is heard, on the clock of the leases."""
        if self.replaced:
            return self.heard_at + SILENT_MS
        if self.draining_since is not None:
            return self.draining_since + self.drain_ms + DRAIN_EXTRA_MS
        return self.heard_at + LEASE_MS

    def takes_work(self, leases_now: int) -> bool:
        """Whether work is sent to it."""
        idle = self.away or self.replaced or self.draining_since is not None
        return not idle and leases_now - self.heard_at < SILENT_MS

    def shown(self) -> dict[str, Any]:
        """An ``Instance`` of the contract."""
        state = "away" if self.away else "live" if self.draining_since is None else "draining"
        at = self.registered_at
        return present(
            {
                "instance_id": self.id,
                "base_url": self.base_url,
                "state": state,
                "registered_at": render(at) if isinstance(at, int) else at,
                "last_heartbeat_at": self.last_heartbeat_at,
            }
        )
