"""Nodes and their instances: who is alive, when a lease ends, and how attempts are addressed.

A node is a name; an instance is one process that serves it. Liveness is judged on a monotonic
clock, in ms, by what the server itself has heard: never by times that agents send.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LEASE_MS = 30_000
"""A lease ends when its instance has been silent for so long."""

OWN_SILENT_MS = 3_000
"""Agents of this project beat every second: so long silent and replaced is gone."""

FOREIGN_SILENT_MS = 6_000
"""Others beat every two seconds."""

GRACE_MS = 60_000
"""After a start of the server every instance has so long to be heard."""

GRACE_EVERY_MS = 300_000
"""But not again when the server starts over and over: at most once in so long."""

DRAIN_EXTRA_MS = 10_000
"""A draining instance keeps its leases for the time-out that it named and so much more."""


class InstanceState(StrEnum):
    """Live ones get work, draining ones keep what they have, the others were not heard in time."""

    LIVE = "live"
    DRAINING = "draining"
    AWAY = "away"


@dataclass(slots=True)
class Pulse:
    """What the server has heard of one instance since its own start. Times are monotonic ms."""

    own: bool
    last_seen: int
    heard: bool = True
    """False for an instance known from before the start; ``last_seen`` is then the start."""
    replaced: bool = False
    """A newer instance has registered the same base URL."""
    draining_since: int | None = None
    drain_ms: int = 0

    def lease_ends_at(self, *, grace: bool) -> int:
        """When the leases of this instance end unless it is heard again.

        ``grace`` says whether this start of the server gives it. Being replaced shortens
        everything else: the silence counts from the last beat, or from the start.
        """
        if self.replaced:
            return self.last_seen + (OWN_SILENT_MS if self.own else FOREIGN_SILENT_MS)
        if self.draining_since is not None:
            return self.draining_since + self.drain_ms + DRAIN_EXTRA_MS
        if not self.heard and grace:
            return self.last_seen + GRACE_MS
        return self.last_seen + LEASE_MS

    def takes_work(self, now: int) -> bool:
        """Whether new work may be sent to it: heard lately, not draining and not replaced."""
        silent = now - self.last_seen >= (OWN_SILENT_MS if self.own else FOREIGN_SILENT_MS)
        return self.heard and not silent and not self.replaced and self.draining_since is None


def fewest_first(instances: Iterable[str], held: Mapping[str, int]) -> list[str]:
    """Instances in the order in which to give them work: those that hold the least first."""
    return sorted(instances, key=lambda instance: (held.get(instance, 0), instance))


class AttemptId(NamedTuple):
    """The address of one attempt of an execution."""

    execution_id: str
    attempt: int

    def __str__(self) -> str:
        """``exec_…`` for the first attempt, ``exec_…~n`` for attempt n."""
        return self.execution_id if self.attempt < 2 else f"{self.execution_id}~{self.attempt}"


_ATTEMPT = re.compile(r"([^~]+)(?:~([1-9][0-9]{0,8}))?")


def parse_attempt_id(text: str) -> AttemptId:
    """The execution and attempt that an agent names.

    Raises:
        ValueError: the suffix is no number of an attempt from 2.
    """
    match = _ATTEMPT.fullmatch(text)
    if match is None or match[2] == "1":
        raise ValueError(f"{text} is not the id of an attempt")
    return AttemptId(match[1], int(match[2] or 1))


def digest_in_hand(attempts: Iterable[AttemptId]) -> str:
    """SHA-256 of the sorted ids with a line feed after each: what own agents send in heartbeats."""
    text = "".join(f"{attempt}\n" for attempt in sorted(map(str, attempts)))
    return hashlib.sha256(text.encode()).hexdigest()
