"""A request that fits, and who makes it when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from signoff_conformance.oracle.answers import Answer, Request
from signoff_conformance.oracle.keys import Caller


@dataclass(frozen=True, slots=True)
class Call:
    """A request that fits, who makes it, and when (ms since the epoch)."""

    label: str
    request: Request
    caller: Caller
    now: int


Handler = Callable[[Call], Answer]
