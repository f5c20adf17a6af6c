"""A store that is away, in the log: told when it goes, once a minute, and when it is back.

While it is away each request and each loop meets it, hundreds in a second. A line for each would
bury the two that somebody looks for, and fill the disk that may be what is full.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from signoff.server.domain.store import StoreUnavailable

TOLD_EVERY_MS = 60_000
"""How often it is told that it is still away."""

QUIET_MS = 3_000
"""So long it must answer, and nobody meet a failure, before it counts as back: one that comes and
goes is one outage."""

_log = logging.getLogger("signoff.store")


@dataclass(slots=True)
class Outage:
    """Whether the store is away, since when, and how often that was met.

    Times are ms on the monotonic clock.
    """

    since: int | None = None
    """When it was met first; None: the store is there."""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it begins."""
    _failures: int = 0
    _told_at: int = 0
    _back_at: int | None = None

    def failed(self, error: StoreUnavailable, now: int) -> None:
        """Somebody could not use the store."""
        self._failures += 1
        self._back_at = None
        _log.debug("the store could not be used: %s", error)
        if self.since is None:
            self.since = self._told_at = now
            self.begun.set()
            _log.error("the store is unavailable: %s", error)
        elif now - self._told_at >= TOLD_EVERY_MS:
            self._told_at = now
            _log.error("the store is still unavailable: %s", error, extra=self._so_far(now))

    def answered(self, now: int) -> None:
        """The store was read and written."""
        if self._back_at is None:
            self._back_at = now
        elif now - self._back_at >= QUIET_MS:
            _log.warning("the store is available again", extra=self._so_far(self._back_at))
            self.since, self._failures, self._back_at = None, 0, None

    def _so_far(self, now: int) -> dict[str, int]:
        return {"for_ms": now - (self.since or 0), "failures": self._failures}
