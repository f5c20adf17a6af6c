"""Reads that go together: what is asked while the same is being asked for others goes in one.

A read that comes while none of its kind is on its way is sent at once, as it is. Those that come
meanwhile are sent when it is back, all of them in one statement, ``= ANY`` of their keys: the more
there is to do, the fewer round trips does each of them take.

Nobody gets an answer to a question that was sent before theirs: who finds a statement on its way
does not join it but goes with the next. So a read shows all that was committed, here or by another
server, before it was asked, as if it had been sent alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from signoff.server.domain.store import Row, Scalar, StoreUnavailable

Values: TypeAlias = tuple[Scalar, ...]
Send: TypeAlias = Callable[[str, tuple[Any, ...]], Awaitable[list[Row]]]
"""Sends SQL with its parameters and gives the rows that come back."""

KEYS: Final[dict[str, str | None]] = {
    "any_key": None,
    "get_approval_request": "id",
    "get_execution": "execution_id",
    "get_instance": None,
    "get_key_by_hash": "hash",
    "get_message": "id",
    "get_node": None,
    "list_execution_requests": "execution_id",
}
"""The queries that are asked again and again, and the column that tells whose rows are whose.
None: only equal ones go together; few of them differ."""

PATIENCE_SECONDS = 0.25
"""So long a statement on its way keeps others back: its connection may have died in silence."""

Answers: TypeAlias = dict[Values, list[asyncio.Future[list[Row]]]]
"""Those who wait, by what they ask for."""


@dataclass(slots=True)
class _Kind:
    """One query. What those who wait ask for has not been sent yet."""

    sql: str
    column: str | None
    on_its_way: bool = False
    waiting: Answers = field(default_factory=dict)
    patience: asyncio.TimerHandle | None = None

    def take(self) -> Answers:
        """Those who go next, without who has gone away."""
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None
        asked, self.waiting = self.waiting, {}
        return {values: left for values in asked if (left := _left(asked[values]))}


class Reads:
    """Sends reads, as a rule one of each kind at a time."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._kinds: dict[str, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(self, query: str, sql: str, values: Values) -> list[Row]:
        """The rows of a named query, as they are when this is called or later.

        The list may be another caller's, too.

        Raises:
            Exception: whatever sending it raises.
        """
        if query not in KEYS:
            return await self._send(sql, values)
        kind = self._kinds.get(sql)
        if kind is None:
            kind = self._kinds[sql] = _Kind(sql, KEYS[query])
        if kind.on_its_way:
            return await self._wait(kind, values)
        kind.on_its_way = True
        try:
            return await self._send(sql, values)
        finally:
            self._go_on(kind)

    async def _wait(self, kind: _Kind, values: Values) -> list[Row]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Row]] = loop.create_future()
        if kind.patience is None:
            kind.patience = loop.call_later(PATIENCE_SECONDS, self._go_on, kind)
        kind.waiting.setdefault(values, []).append(answer)
        return await answer

    def _go_on(self, kind: _Kind) -> None:
        asked = kind.take()
        kind.on_its_way = bool(asked)
        if asked:
            # A task of its own: who came first may go away, and the others still wait.
            task = asyncio.create_task(self._ask(kind, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, kind: _Kind, asked: Answers) -> None:
        try:
            together = kind.column is not None and len(asked) > 1
            if not together or not await self._ask_together(kind, asked):
                await asyncio.gather(*(self._ask_alone(kind, asked, each) for each in asked))
        finally:
            self._go_on(kind)

    async def _ask_together(self, kind: _Kind, asked: Answers) -> bool:
        """Whether that went: no key was one that the database, or its client, won't even read."""
        column = kind.column
        assert column is not None  # noqa: S101 - see where it is called
        found: dict[Values, list[Row]] = {values: [] for values in asked}
        try:
            rows = await self._send(of_any(kind.sql, column), ([key for (key,) in asked],))
        except StoreUnavailable as error:
            for answers in asked.values():
                _fail(answers, error)
            return True
        except Exception:  # noqa: BLE001 - whose it is comes out when each goes alone
            return False
        for row in rows:
            found[row[column],].append(row)
        for values, answers in asked.items():
            _answer(answers, found[values])
        return True

    async def _ask_alone(self, kind: _Kind, asked: Answers, values: Values) -> None:
        try:
            rows = await self._send(kind.sql, values)
        except Exception as error:  # noqa: BLE001 - it is theirs
            _fail(asked[values], error)
        else:
            _answer(asked[values], rows)


def of_any(sql: str, column: str) -> str:
    """The query with a list of keys in the place of one."""
    return sql.replace(f"{column} = $1", f"{column} = ANY($1::text[])")


def _left(answers: list[asyncio.Future[list[Row]]]) -> list[asyncio.Future[list[Row]]]:
    return [answer for answer in answers if not answer.done()]


def _answer(answers: list[asyncio.Future[list[Row]]], rows: list[Row]) -> None:
    for answer in _left(answers):
        answer.set_result(rows)


def _fail(answers: list[asyncio.Future[list[Row]]], error: Exception) -> None:
    for answer in _left(answers):
        answer.set_exception(error)
