"""How long to wait before the next try. Pure; chance is an argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling delays: ``first_ms``, twice that, …, at most ``most_ms``.

    ``jitter`` is the part of each delay that chance may take away (0: none; 0.5: up to half), so
    that what failed together does not come back together. Delays are never longer than asked.
    """

    first_ms: int
    most_ms: int
    jitter: float = 0.0
    chance: Callable[[], float] = SystemRandom().random

    def delay_ms(self, failures: int) -> int:
        """Ms to wait after so many failures in a row, the first of which is 1."""
        # Far beyond any real limit already; without a bound the number itself would grow.
        doublings = min(failures - 1, 40)
        whole = min(self.most_ms, self.first_ms << doublings)
        return round(whole * (1 - self.jitter * self.chance()))


DELIVERY = Backoff(first_ms=500, most_ms=300_000, jitter=0.5)
"""Between two tries of one message."""

DISPATCH = Backoff(first_ms=200, most_ms=30_000)
"""Between two tries to hand work to an instance that takes none."""
