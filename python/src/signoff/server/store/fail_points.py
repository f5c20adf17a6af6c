"""What every engine lets others do to it: watch its commits, and make them fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Observe = Callable[[float, int], None]
"""Told of each transaction: the seconds that it took, and how many changes it held."""


def unobserved(seconds: float, changes: int) -> None:
    """Tell nobody."""


def _pass() -> None:
    """Do nothing: what an unarmed fail point does."""


@dataclass(slots=True)
class FailPoints:
    """Where tests make the store fail: called once a transaction, on the thread that commits.

    What ``before_commit`` raises undoes the transaction; what ``after_commit`` raises loses its
    answers, as a crash between the commit and the reply would. ``before_read`` is called before
    each query, where it is made.
    """

    before_commit: Callable[[], None] = _pass
    after_commit: Callable[[], None] = _pass
    before_read: Callable[[], None] = _pass

    @property
    def armed(self) -> bool:
        """Whether the moments around a commit have to be kept apart."""
        return self.before_commit is not _pass or self.after_commit is not _pass
