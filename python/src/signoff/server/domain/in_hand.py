"""What an own agent has in hand, compared with what the server has leased to it.

Each heartbeat carries a count and a digest. When they don't fit the leases, the agent is asked for
the list, which comes in pages with the next heartbeats. Work is on its way in both directions all
the time, so one list proves nothing: only what two whole lists in a row lack is lost, and only what
both have too much is run in vain.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from signoff.server.domain.node import AttemptId, digest_in_hand


class Called(NamedTuple):
    """What a heartbeat tells of the leases."""

    resync: bool
    """Whether to ask for the list."""
    lost: list[str]
    """Attempt ids that are leased and not in hand."""
    stray: list[str]
    """Attempt ids that are in hand and not leased, and were not named here before."""


@dataclass(slots=True)
class Roll:
    """The lists of one instance, while they come in."""

    _pages: list[Sequence[str]] = field(default_factory=list)
    _absent: frozenset[str] = frozenset()
    _stray: frozenset[str] = frozenset()
    _named: frozenset[str] = frozenset()
    _settled: tuple[str, str] | None = None
    _excused: frozenset[str] = frozenset()
    """What the last list lacked because it was on its way. That explains a difference only as long
    as it is: a server that dies takes what it was sending with it."""

    def call(
        self,
        said: Mapping[str, Any],
        leased: Collection[AttemptId],
        in_flight: Collection[str],
    ) -> Called:
        """Compare what a heartbeat says with the leases.

        Args:
            said: the ``in_hand`` of the heartbeat.
            leased: the attempts that the instance holds.
            in_flight: attempt ids that are being sent to it and may not have arrived.

        Returns:
            What this list and the one before agree on.
        """
        digest = digest_in_hand(leased)
        if said["count"] == len(leased) and said["digest"] == digest:
            self._forget()
            return Called(False, [], [])
        listed = self._take(said)
        if listed is None:
            # A difference that whole lists have explained is not asked for again.
            explained = self._settled == (said["digest"], digest)
            return Called(not (explained and self._excused.issubset(in_flight)), [], [])
        held = frozenset(map(str, leased))
        lacking, stray = held - listed, listed - held
        absent = lacking.difference(in_flight)
        self._excused = lacking - absent
        lost = sorted(absent & self._absent)
        found = sorted((stray & self._stray) - self._named)
        self._absent, self._stray = absent, stray
        self._named = (self._named & stray).union(found)
        open_ = bool(absent or stray - self._named)
        self._settled = None if open_ else (said["digest"], digest)
        return Called(open_, lost, found)

    def _take(self, said: Mapping[str, Any]) -> frozenset[str] | None:
        """The whole list, once its last page is there; they come in order."""
        if "executions" not in said:
            return None
        page, pages = said.get("page", 1), said.get("pages", 1)
        if page != len(self._pages) + 1:
            self._pages.clear()
        if page == len(self._pages) + 1:
            self._pages.append(said["executions"])
        if not self._pages or len(self._pages) < pages:
            return None
        listed = frozenset(one for each in self._pages for one in each)
        self._pages.clear()
        return listed

    def _forget(self) -> None:
        self._pages.clear()
        self._absent = self._stray = self._named = self._excused = frozenset()
        self._settled = None
