"""Walking: one operation after the other, each answer beside the oracle's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from signoff_conformance import profiles
from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Answer, Request, Ties
from signoff_conformance.oracle.keys import Caller
from signoff_conformance.oracle.polling import HELD
from signoff_conformance.oracle.world import Oracle
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk import asking, registering, starting, working
from signoff_conformance.walk.cells import Seen, documented
from signoff_conformance.walk.comparing import Comparison
from signoff_conformance.walk.moves import Chance, Move
from signoff_conformance.walk.polls import Polls
from signoff_conformance.walk.server import START, Server
from signoff_conformance.walk.spoiling import spoil

Change = Callable[[Request, Exchange], None]
"""Changes an answer before it is compared: so that tests see differences found."""

SPOILT: Final = 0.2
FAILING: Final = 0.03
BEFORE: Final = "before_commit"
AFTER: Final = "after_commit"
NAMELESS: Final = frozenset(
    (
        "decideApprovalRequest",
        "receiveApprovalResponse",
        "cancelApprovalRequest",
        "reportExecutionStatus",
        "cancelExecution",
        "recordStep",
        "appendExecutionEvent",
        "addNote",
    )
)
"""They make nothing whose id only the answer says: it may be lost."""
IN_PARTS: Final = frozenset(("registerNode", "heartbeatNode", "shutdownNode"))
"""They change one run after the other, and what is left of it the server does later by itself."""
FAILED: Final = Answer(503, None, "store_unavailable", sentence="The store cannot be reached.")
STEERED: Final = 0.05
"""How often an operation is taken of which something is missing, and something made wrong of it."""
STEERING: Final = 30
CLOCK: Final = 0.08
LEASES: Final = 0.03
SILENCES: Final = (500, 1000, 2500, 2999, 3000, 9999, 10_000, 29_999, 30_000, 30_001)
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
    number: int = 0
    """Of the operation in its walk, from 1: ``--until`` leads there again."""

    def shown(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "until": self.number,
            "operations": list(map(str, self.path)),
            "differences": list(self.lines),
            "right": {"status": self.right.status, "code": self.right.code},
            "right_body": repr(self.right.body),
            "sentence": self.right.sentence,
            "exchange": self.exchange.shown(),
        }


@dataclass(slots=True)
class Found:
    """What a walk came to."""

    seen: Seen
    difference: Difference | None = None
    last: tuple[Move, Answer | None, Exchange | None] | None = None
    """The last operation, what was right and what came."""


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
        self._polls = Polls(self.oracle)

    async def by_chance(self, seed: int, most: int, quiet: int | None = None) -> Found:
        """Walk at random until something differs.

        Args:
            seed: the same seed, the same walk.
            most: operations at most.
            quiet: end when all was seen, and for so many nothing new.
        """
        random = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        chance = Chance(random, self.oracle)
        found, path = Found(self._seen()), list[Move]()
        await self._server.begin()
        try:
            for number in range(most):
                move = self._next(str(number), chance, found.seen) if number else _FIRST
                path.append(move)
                found.seen.operations += 1
                found.difference = await self._step(move, path, found, chance)
                if found.difference or (quiet is not None and found.seen.is_over(quiet)):
                    break
        finally:
            await self._polls.drop()
        return found

    async def along(self, path: Sequence[Move]) -> Difference | None:
        """Walk a path again; the first difference."""
        found = Found(self._seen())
        await self._server.begin()
        try:
            for move in path:
                difference = await self._step(move, path, found, None)
                if difference is not None:
                    return difference
        finally:
            await self._polls.drop()
        return None

    async def _step(
        self, move: Move, path: Sequence[Move], found: Found, chance: Chance | None
    ) -> Difference | None:
        difference = await self._do(move, path, found, chance)
        if difference is not None:
            return difference
        for one in await self._polls.ended(self._now):
            difference = self._judge(one.move, one.right, one.exchange, path, found)
            if difference is not None:
                return difference
        return None

    async def _do(
        self, move: Move, path: Sequence[Move], found: Found, chance: Chance | None
    ) -> Difference | None:
        if move.request is None:
            await self._move(move)
            found.last = (move, None, None)
            return None
        if move.fails and self.oracle.commits(move.label, move.request, self._now):
            return await self._fail(move, move.request, path, found)
        right = self.oracle.answer(move.label, move.request, self._now)
        if right.status == 200 and self.oracle.holds(move.request, self._now):
            self._polls.add(move, self._now, await self._server.hold(move.request))
            found.last = (move, None, None)
            return None
        exchange = await self._server.ask(move.request, self._now, right)
        difference = self._judge(move, right, exchange, path, found)
        if difference is None and chance is not None:
            _remember(chance, move.request, right)
        return difference

    async def _fail(
        self, move: Move, request: Request, path: Sequence[Move], found: Found
    ) -> Difference | None:
        """A request whose commit fails, or is not heard of: what it would do is done, or not.

        What a server commits by itself in that moment may meet the fail point in its place.
        """
        exchange = await self._server.ask(request, self._now, FAILED, move.fails)
        failed = exchange.status == FAILED.status
        if failed and move.fails == BEFORE:
            return self._judge(move, FAILED, exchange, path, found)
        right = self.oracle.answer(move.label, request, self._now)
        return self._judge(move, FAILED if failed else right, exchange, path, found)

    def _judge(
        self,
        move: Move,
        right: Answer | None,
        exchange: Exchange,
        path: Sequence[Move],
        found: Found,
    ) -> Difference | None:
        """Compare an answer; None of the oracle: it came although it must be held."""
        if move.request is None:
            return None
        if self._change is not None:
            self._change(move.request, exchange)
        number = found.seen.operations
        if right is None:
            lines, right = ["the poll: held is right, was answered"], Answer(200, sentence=HELD)
            return Difference(move, lines, right, exchange, list(path), number)
        comparison = Comparison(self._contract, self._server.identities)
        operation = self._contract.operations[move.request.operation]
        lines = comparison.differences(operation, right, exchange)
        found.last = (move, right, exchange)
        if lines:
            return Difference(move, lines, right, exchange, list(path), number)
        found.seen.see(move.request, right)
        return None

    def _seen(self) -> Seen:
        return Seen(documented(self._contract))

    async def _move(self, move: Move) -> None:
        await self._server.move(move)
        if move.leases:
            self.oracle.pass_leases(move.label, move.leases, self._now)
        else:
            self._now = max(self._now, move.to)
            self.oracle.pass_time(move.label, self._now)

    def _next(self, label: str, chance: Chance, seen: Seen) -> Move:
        chance.now, chance.over_at = self._now, self._polls.over_at()
        chance.polled = self._polls.waited_for()
        if chance.maybe(CLOCK):
            return Move(label, to=chance.clock())
        if chance.maybe(LEASES):
            return Move(label, leases=int(chance.pick(SILENCES)))
        if chance.cursors and chance.maybe(NEXT_PAGE):
            return Move(label, chance.cursors.pop())
        request = self._request(chance)
        if seen.left and chance.maybe(STEERED):
            wanted = {operation for operation, _ in seen.left}
            tries = (self._request(chance) for _ in range(STEERING))
            request = next((one for one in tries if one.operation in wanted), request)
            return Move(label, spoil(self._contract, chance, request, seen.left))
        if chance.maybe(FAILING) and request.operation not in IN_PARTS:
            return Move(label, request, fails=chance.pick(_fail_points(request)))
        if chance.maybe(SPOILT):
            request = spoil(self._contract, chance, request, seen.left)
        return Move(label, request)

    def _request(self, chance: Chance) -> Request:
        (maker,) = chance.random.choices(
            [maker for _, maker in MAKERS], [weight for weight, _ in MAKERS]
        )
        return maker(chance)


_FIRST: Final = Move("0", registering.REGISTRATION)
MAKERS: Final = [*asking.MAKERS, *registering.MAKERS, *starting.MAKERS, *working.MAKERS]


def _fail_points(request: Request) -> tuple[str, ...]:
    return (BEFORE, AFTER) if request.operation in NAMELESS else (BEFORE,)


def callers() -> Mapping[str, Caller]:
    """The keys of the profile ``keys``."""
    return {name: Caller(name, key.role, key.node) for name, key in profiles.KEYS.items()}


def _remember(chance: Chance, request: Request, right: Answer) -> None:
    """Go on to the next page, sooner or later."""
    if right.status != 200 or not isinstance(right.body, dict):
        return
    cursor = right.body.get("next_cursor")
    if isinstance(cursor, str):
        query = {**request.query, "cursor": cursor}
        chance.cursors.append(replace(request, query=query))
    if request.operation == "listDeliveries":
        items = right.body["items"]
        rows = items.items if isinstance(items, Ties) else items
        chance.listed.update(one["id"] for one in rows if isinstance(one, dict))
