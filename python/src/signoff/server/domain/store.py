"""The store as the operations see it: named queries, and changes that are data.

A change is a list of guarded statements, each with the row count that it expects. It is built
after a read and applied in one transaction; when a guard does not hold, nothing of it happened
and :class:`Missed` is raised. The operation then reads again and decides again: that is the whole
concurrency model, on every engine.

A typical operation, whole::

    async def withdraw(store: Store, clock: Clock, request_id: str, actor: Actor) -> Row:
        while True:
            row = await store.one("get_approval_request", id=request_id)     # load
            if row is None:
                raise NotFound(f"there is no approval request {request_id}")
            if not is_pending(row):                                          # decide
                return row
            now = clock.now()
            request = Request(row, None)                                     # a working copy
            request.close(WITHDRAWN, at=now, actor=actor, reason="withdrawn")
            change = Change()                                                # build
            change.add_chains(request.chain)                                 # all chains, once
            change.statements += request.statements()
            change.add("insert_message", id=ids.message(), kind="approval.cancelled", ...)
            change.wake(f"apr:{request_id}", "due")
            with suppress(Missed):                                           # else: once more
                await store.apply(change)                                    # now it is durable
                return request.row
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self, TypeAlias

Scalar: TypeAlias = str | int | None
"""What a column holds: text, a 64-bit integer, or null. Times are ms since the epoch, flags 0/1."""

Value: TypeAlias = Scalar | tuple[str, ...] | tuple[int, ...]
"""What a parameter may be. A tuple stands for the list in ``IN (:name)`` and may not be empty."""

Row: TypeAlias = Mapping[str, Any]
"""A row as read: column name to :data:`Scalar`."""


class Statement(NamedTuple):
    """One named query of a change, and the number of rows that it must touch.

    ``expect`` of None means that any number will do.
    """

    query: str
    params: Mapping[str, Value]
    expect: int | None = 1


class StatementSource(Protocol):
    """What adds guarded statements to a change: an event chain with the row it belongs to."""

    @property
    def chain_id(self) -> str:
        """The id of the row that holds the chain's head."""

    def statements(self) -> list[Statement]:
        """The statement that moves the head, then those that insert the events."""


@dataclass(slots=True)
class Change:
    """Statements that are applied together or not at all, and the topics woken after the commit."""

    statements: list[Statement] = field(default_factory=list)
    topics: set[str] = field(default_factory=set)

    def add(self, query: str, /, *, expect: int | None = 1, **params: Value) -> None:
        """Append a statement that must touch ``expect`` rows; None: any number, none too."""
        self.statements.append(Statement(query, params, expect))

    def add_chains(self, *chains: StatementSource) -> None:
        """Put the statements of all chains of this change before everything else.

        Call it once, with all of them: the heads are locked first and in the order of their ids,
        the same in every change, so that chains never fork and two changes never wait for each
        other.
        """
        ordered = sorted(chains, key=lambda chain: chain.chain_id)
        heads: list[Statement] = []
        events: list[Statement] = []
        for chain in ordered:
            head, *rest = chain.statements()
            heads.append(head)
            events.extend(rest)
        self.statements[:0] = heads + events

    def wake(self, *topics: str) -> None:
        """Name topics whose watchers are woken once the change is durable."""
        self.topics.update(topics)


class Missed(Exception):
    """A guard did not hold (or a unique key was taken): nothing of the change was applied."""

    def __init__(self, statement: Statement) -> None:
        super().__init__(f"{statement.query} did not touch {statement.expect} row(s)")
        self.statement = statement


class StoreUnavailable(Exception):
    """The store can't read or commit now (disk full, I/O error, locked, closed).

    Whether a change in flight was committed is unknown to the caller, exactly as when a reply is
    lost; what it would have acknowledged must not be acknowledged.
    """


class SchemaError(Exception):
    """The database can't be used: its schema is newer than this server, or not ours."""


class Watch:
    """A subscription to topics: ``event`` is set after each commit that names one of them.

    Use it as a context manager and check the state *after* entering, so that nothing falls between
    the check and the subscription; ``event.clear()`` before each new look::

        with store.watch(f"apr:{request_id}") as watch:
            while (row := await load()) is pending and clock.now() < deadline:
                await clock.wait_until(deadline, watch.event)
                watch.event.clear()
    """

    __slots__ = ("_board", "event", "topics")

    def __init__(self, board: Board, topics: Iterable[str]) -> None:
        self._board = board
        self.topics = frozenset(topics)
        self.event = asyncio.Event()

    def __enter__(self) -> Self:
        self._board.join(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.leave(self)


class Board:
    """Who watches which topic, in one process. Engines wake it on the event loop's thread."""

    def __init__(self) -> None:
        self._watches: dict[str, set[Watch]] = {}

    def join(self, watch: Watch) -> None:
        """Begin to wake ``watch``."""
        for topic in watch.topics:
            self._watches.setdefault(topic, set()).add(watch)

    def leave(self, watch: Watch) -> None:
        """Stop waking ``watch``."""
        for topic in watch.topics:
            watches = self._watches.get(topic, set())
            watches.discard(watch)
            if not watches:
                self._watches.pop(topic, None)

    def wake(self, topics: Iterable[str]) -> None:
        """Set the event of everyone who watches one of ``topics``."""
        for topic in topics:
            for watch in self._watches.get(topic, ()):
                watch.event.set()

    def topics(self) -> list[str]:
        """What is watched."""
        return list(self._watches)

    def wake_all(self) -> None:
        """Set every event: when the server stops, long polls answer the present state."""
        self.wake(list(self._watches))


class Store(Protocol):
    """A durable store of rows, read by named queries and changed by :class:`Change`."""

    @property
    def shared(self) -> bool:
        """Whether other servers may work on the same database."""

    async def one(self, query: str, **params: Value) -> Row | None:
        """The first row of a named query, or None.

        Raises:
            StoreUnavailable: the database can't be read now.
        """

    async def all(self, query: str, **params: Value) -> list[Row]:
        """All rows of a named query.

        Optional parts of a query (lines that begin with ``--? name:``) take part when their
        parameter is given; :func:`given` drops what the caller left out.

        Raises:
            StoreUnavailable: the database can't be read now.
        """

    async def take(self, query: str, **params: Value) -> list[Row]:
        """Rows that a named query marks as taken, passing over what other servers have taken.

        Only where the store is :attr:`shared`: elsewhere there is nobody to keep off.

        Raises:
            StoreUnavailable: the database can't be written now; what was taken comes back later.
        """

    async def apply(self, change: Change) -> None:
        """Apply a change in one transaction. Returns only after its commit is durable.

        Raises:
            Missed: a guard did not hold; nothing of the change was applied.
            StoreUnavailable: it was not committed, or nobody knows.
        """

    def watch(self, *topics: str) -> Watch:
        """Subscribe to commits that name one of ``topics``."""

    def wake(self, *topics: str) -> None:
        """Wake the watchers of ``topics`` without a change; with none given, all watchers."""

    def watched(self) -> list[str]:
        """The topics that somebody watches here."""

    async def close(self) -> None:
        """Finish what is queued, then close. What comes later raises StoreUnavailable."""


def given(**params: Value) -> dict[str, Value]:
    """The parameters that are not None: filters of a listing that the caller asked for."""
    return {name: value for name, value in params.items() if value is not None}
