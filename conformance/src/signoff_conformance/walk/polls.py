"""Polls that are under way while a walk goes on: each ends with what it waits for, not before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from signoff_conformance.oracle.answers import Answer
from signoff_conformance.oracle.polling import over_at
from signoff_conformance.oracle.world import Oracle
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk.moves import Move

SECONDS: Final = 10.0
"""How long an answer may take that is held no more."""


@dataclass(frozen=True, slots=True)
class Poll:
    """One of them."""

    move: Move
    began: int
    """The time of the server when it came."""
    task: asyncio.Task[Exchange]


@dataclass(frozen=True, slots=True)
class Ended:
    """What one has come to."""

    move: Move
    right: Answer | None
    """None: it must be held."""
    exchange: Exchange


class Polls:
    """All of them in one walk.

    Args:
        oracle: says what ends them.
    """

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self._open: list[Poll] = []

    def add(self, move: Move, began: int, task: asyncio.Task[Exchange]) -> None:
        """One more."""
        self._open.append(Poll(move, began, task))

    def waited_for(self) -> list[str]:
        """The ids of what they wait for."""
        requests = [one.move.request for one in self._open if one.move.request]
        return [name for request in requests for name in request.path.values()]

    def over_at(self) -> int | None:
        """When the first wait is over; None: there is none."""
        ends = (over_at(one.move.request, one.began) for one in self._open if one.move.request)
        return min(ends, default=None)

    async def ended(self, now: int) -> list[Ended]:
        """Those that must have an answer by now, and those that have one too early."""
        found = []
        for one in list(self._open):
            if one.move.request is None:
                continue
            right = self._oracle.polled(one.move.request, one.began, now)
            if right is None and not one.task.done():
                continue
            self._open.remove(one)
            found.append(Ended(one.move, right, await _exchange(one)))
        return found

    async def drop(self) -> None:
        """Wait for none of them any more."""
        for one in self._open:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in self._open), return_exceptions=True)
        self._open.clear()


async def _exchange(poll: Poll) -> Exchange:
    done, _ = await asyncio.wait([poll.task], timeout=SECONDS)
    if done:
        return poll.task.result()
    poll.task.cancel()
    return Exchange("GET", str(poll.move), {}, b"", note="it is held still")
