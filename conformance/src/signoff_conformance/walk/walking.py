"""Walking: one operation after the other, each answer beside the oracle's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from signoff_conformance import profiles
from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Answer, Request
from signoff_conformance.oracle.keys import Caller
from signoff_conformance.oracle.world import Oracle
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk import asking, working
from signoff_conformance.walk.comparing import Comparison
from signoff_conformance.walk.moves import Chance, Move
from signoff_conformance.walk.server import START, Server
from signoff_conformance.walk.spoiling import spoil

Change = Callable[[Request, Exchange], None]
"""Changes an answer before it is compared: so that tests see differences found."""

SPOILT: Final = 0.15
CLOCK: Final = 0.08
NEXT_PAGE: Final = 0.5


@dataclass(slots=True)
class Difference:
    """Where a server did not answer what it must."""

    move: Move
    lines: Sequence[str]
    right: Answer
    exchange: Exchange
    path: Sequence[Move]
    """The operations that lead to it, itself the last."""

    def shown(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "operations": [repr(move.request or f"clock to {move.to}") for move in self.path],
            "differences": list(self.lines),
            "right": {"status": self.right.status, "code": self.right.code},
            "right_body": repr(self.right.body),
            "sentence": self.right.sentence,
            "exchange": self.exchange.shown(),
        }


@dataclass(slots=True)
class Found:
    """What a walk came to."""

    operations: int = 0
    cells: dict[tuple[str, int, str], int] = field(default_factory=dict)
    """How often each operation gave each status and code."""
    quiet: int = 0
    """Operations since the last new one of these."""
    difference: Difference | None = None

    def see(self, request: Request, answer: Answer) -> None:
        """Count an answer that was right."""
        cell = (request.operation, answer.status, answer.code or "")
        self.quiet = self.quiet + 1 if cell in self.cells else 0
        self.cells[cell] = self.cells.get(cell, 0) + 1


class Walk:
    """One walk on a server.

    Args:
        contract: ``openapi.yaml``.
        server: whose answers are judged; emptied first.
        change: changes its answers, for tests.
    """

    def __init__(self, contract: Contract, server: Server, change: Change | None = None) -> None:
        self._contract = contract
        self._server = server
        self._change = change
        self._now = START
        self.oracle = Oracle(contract, callers())

    async def by_chance(self, seed: int, most: int, quiet: int | None = None) -> Found:
        """Walk at random until something differs.

        Args:
            seed: the same seed, the same walk.
            most: operations at most.
            quiet: end when nothing new was seen for so many.
        """
        random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        chance = Chance(random, self.oracle)
        found, path = Found(), list[Move]()
        await self._server.begin()
        for number in range(most):
            move = self._next(str(number), chance) if number else _FIRST
            path.append(move)
            found.operations += 1
            found.difference = await self._step(move, path, found, chance)
            if found.difference or (quiet is not None and found.quiet >= quiet):
                break
        return found

    async def along(self, path: Sequence[Move]) -> Difference | None:
        """Walk a path again; the first difference."""
        await self._server.begin()
        for move in path:
            difference = await self._step(move, path, Found(), None)
            if difference is not None:
                return difference
        return None

    async def _step(
        self, move: Move, path: Sequence[Move], found: Found, chance: Chance | None
    ) -> Difference | None:
        if move.request is None:
            self._now = max(self._now, move.to)
            await self._server.control.set(self._now)
            self.oracle.pass_time(self._now)
            return None
        right = self.oracle.answer(move.label, move.request, self._now)
        exchange = await self._server.ask(move.request, self._now)
        if self._change is not None:
            self._change(move.request, exchange)
        comparison = Comparison(self._contract, self._server.identities)
        operation = self._contract.operations[move.request.operation]
        lines = comparison.differences(operation, right, exchange)
        if lines:
            return Difference(move, lines, right, exchange, list(path))
        found.see(move.request, right)
        if chance is not None:
            _remember(chance, move.request, right)
        return None

    def _next(self, label: str, chance: Chance) -> Move:
        chance.now = self._now
        if chance.maybe(CLOCK):
            return Move(label, to=chance.clock())
        if chance.cursors and chance.maybe(NEXT_PAGE):
            return Move(label, chance.cursors.pop())
        makers = MAKERS
        (maker,) = chance.random.choices(
            [maker for _, maker in makers], [weight for weight, _ in makers]
        )
        request = maker(chance)
        if chance.maybe(SPOILT):
            request = spoil(self._contract, chance, request)
        return Move(label, request)


_FIRST: Final = Move("0", working.REGISTRATION)
MAKERS: Final = [*asking.MAKERS, *working.MAKERS]


def callers() -> Mapping[str, Caller]:
    """The keys of the profile ``keys``."""
    return {name: Caller(name, key.role, key.node) for name, key in profiles.KEYS.items()}


def _remember(chance: Chance, request: Request, right: Answer) -> None:
    """Go on to the next page, sooner or later."""
    if right.status == 200 and isinstance(right.body, dict) and "next_cursor" in right.body:
        query = {**request.query, "cursor": right.body["next_cursor"]}
        chance.cursors.append(replace(request, query=query))
