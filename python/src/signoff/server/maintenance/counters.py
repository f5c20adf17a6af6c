"""What maintenance has counted, by whoever counts: see ``metrics.py``."""

from __future__ import annotations

from typing import Protocol


class Counters(Protocol):
    """Told of what went out."""

    def delivered(self, kind: str, outcome: str) -> None:
        """A message was tried: ``delivered``, ``failed``, ``dead`` or ``dropped``."""

    def decision_delivered(self, seconds: float) -> None:
        """An agent has answered the callback of a decision, so long after it was made."""

    def dispatched(self, outcome: str) -> None:
        """An execution was sent: ``accepted``, ``finished``, ``failed``, ``refused``, ``lost``."""


class NoCounters:
    """Counts nothing."""

    def delivered(self, kind: str, outcome: str) -> None:
        """Do nothing."""

    def decision_delivered(self, seconds: float) -> None:
        """Do nothing."""

    def dispatched(self, outcome: str) -> None:
        """Do nothing."""
