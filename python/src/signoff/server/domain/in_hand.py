"""What an own agent has in hand, compared with what the server has leased to it.

Each heartbeat carries a count and a digest. When they don't fit the leases, the agent is asked for
the list, which comes in pages with the next heartbeats. Work is on its way in both directions all
the time, so one list proves nothing: only what two whole lists in a row lack is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signoff.server.domain.node import AttemptId, digest_in_hand


@dataclass(slots=True)
class Roll:
    """The lists of one instance, while they come in."""

    _pages: dict[int, Sequence[str]] = field(default_factory=dict)
    _of: int = 0
    _absent: frozenset[str] = frozenset()
    _settled: tuple[str, str] | None = None

    def call(
        self,
        said: Mapping[str, Any],
        leased: Collection[AttemptId],
        in_flight: Collection[str],
    ) -> tuple[bool, list[str]]:
        """Compare what a heartbeat says with the leases.

        Args:
            said: the ``in_hand`` of the heartbeat.
            leased: the attempts that the instance holds.
            in_flight: attempt ids that are being sent to it and may not have arrived.

        Returns:
            Whether to ask for the list, and the attempt ids that are lost: leased, and absent
            from this list and the one before.
        """
        digest = digest_in_hand(leased)
        if said["count"] == len(leased) and said["digest"] == digest:
            self._forget()
            return False, []
        listed = self._take(said)
        if listed is None:
            # A difference that a whole list has explained is not asked for again.
            return self._settled != (said["digest"], digest), []
        absent = frozenset(map(str, leased)) - listed - frozenset(in_flight)
        lost = sorted(absent & self._absent)
        self._absent = absent
        self._settled = None if absent else (said["digest"], digest)
        return bool(absent), lost

    def _take(self, said: Mapping[str, Any]) -> frozenset[str] | None:
        """The whole list, once its last page is there."""
        if "executions" not in said:
            return None
        page, pages = said.get("page", 1), said.get("pages", 1)
        if pages != self._of:
            self._pages.clear()
            self._of = pages
        self._pages[page] = said["executions"]
        if len(self._pages) < pages:
            return None
        listed = frozenset(one for each in self._pages.values() for one in each)
        self._pages.clear()
        return listed

    def _forget(self) -> None:
        self._pages.clear()
        self._absent = frozenset()
        self._settled = None
