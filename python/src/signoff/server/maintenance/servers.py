"""The servers of one database: each says that it is there, and goes on with what others left.

There is no leader. A server that is not heard of loses nothing that others could not find in the
database; they only have to know that it is gone. Where one server is all there can be, whoever
was there before it is gone when it starts, and it need not say again that it is there.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from signoff.server.domain.store import Change, Missed, Row
from signoff.server.maintenance.dispatch import Dispatcher
from signoff.server.operations import recovery, serial
from signoff.server.operations.context import Context

BEAT_MS = 5_000
"""How often a server says that it is there."""

GONE_MS = 20_000
"""One that was not heard of for so long is gone."""

DEAF_MS = 12_000
"""A server that could not look for so long, as its database was away, says of nobody that it is
gone: the others could not say that they are there either."""

LOOK_MS = 5_000
"""How often to look for attempts that nobody sends, should nobody have said so."""

SERVERS = "servers"
"""The topic of who has come, and of who has gone."""

AT_ONCE = 100
"""Attempts that are gone on with between two looks at whatever else there is to do."""

_log = logging.getLogger("signoff.maintenance")


@dataclass(slots=True)
class _Peer:
    seen_at: int
    heard: int
    """When it was last heard of, on this server's own monotonic clock: no step of a clock that
    they share makes one of them seem gone."""


class Servers:
    """Keeps this server's own row, and watches those of the others.

    Args:
        context: the server's; its ``peers`` are kept.
        dispatcher: goes on with attempts that were on their way.
        gone: called when a server was lost that may not have told what it did last.
    """

    def __init__(self, context: Context, dispatcher: Dispatcher, gone: Callable[[], None]) -> None:
        self._context = context
        self._dispatcher = dispatcher
        self._gone = gone
        self._others: dict[str, _Peer] = {}
        self._beat_at: int | None = None
        self._left_behind = True
        self._watched_at: int | None = None
        self._looked_at: int | None = None

    async def join(self) -> bool:
        """Begin to be there; whether another server was there until now.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        store, now = self._context.store, self._context.clock.now()
        served = False
        if store.shared:
            rows = await store.all("list_servers")
            served = any(abs(now - row["seen_at"]) < GONE_MS for row in rows)
        await self._beat(alone=not store.shared, new=True)
        if store.shared:
            await self._watch()
        return served

    async def leave(self) -> None:
        """Stop being there: what is still on its way is left to whoever comes."""
        change = Change(topics={SERVERS})
        change.add("delete_server", expect=None, server_id=self._context.server_id)
        await self._context.store.apply(change)

    async def run_due(self) -> None:
        """Say so when it is time, find out who is gone, and go on with what they left."""
        now = self._context.clock.monotonic()
        shared = self._context.store.shared
        if self._beat_at is None or (shared and now - self._beat_at >= BEAT_MS):
            await self._beat()
        if shared:
            await self._watch()
        if self._left_behind or self._looked_at is None or now - self._looked_at >= LOOK_MS:
            self._left_behind = await self._recover()
            self._looked_at = now

    async def next_due(self) -> int | None:
        """When to say so again: ms on the monotonic clock; None where nobody listens."""
        if self._beat_at is None or self._left_behind:
            return self._context.clock.monotonic()
        return self._beat_at + BEAT_MS if self._context.store.shared else None

    async def _beat(self, *, alone: bool = False, new: bool = False) -> None:
        change = Change(topics={SERVERS} if new else set())
        if alone:
            change.add("clear_servers", expect=None)
        now = self._context.clock.now()
        change.add("put_server", server_id=self._context.server_id, now=now)
        await self._context.store.apply(change)
        self._beat_at = self._context.clock.monotonic()

    async def _watch(self) -> None:
        rows = await self._context.store.all("list_servers")
        there = {row["server_id"]: row for row in rows}
        there.pop(self._context.server_id, None)
        self._listen()
        left = [each for each in self._others if each not in there]
        silent = [row for row in there.values() if self._silent(row)]
        left += [row["server_id"] for row in silent if await self._strike(row)]
        for server_id in left:
            _log.warning("another server is gone", extra={"server_id": server_id})
            self._others.pop(server_id, None)
        self._context.peers.clear()
        self._context.peers.update(self._others)
        if left:
            self._left_behind = True
            self._gone()

    def _listen(self) -> None:
        now, before = self._context.clock.monotonic(), self._watched_at
        self._watched_at = now
        if before is not None and now - before >= DEAF_MS:
            for peer in self._others.values():
                peer.heard = now

    def _silent(self, row: Row) -> bool:
        """Whether it is gone; remembers when it was heard of."""
        now = self._context.clock.monotonic()
        peer = self._others.get(row["server_id"])
        if peer is None or peer.seen_at != row["seen_at"]:
            self._others[row["server_id"]] = _Peer(row["seen_at"], now)
            return False
        return now - peer.heard >= GONE_MS

    async def _strike(self, row: Row) -> bool:
        change = Change()
        change.add("delete_server", server_id=row["server_id"], if_seen_at=row["seen_at"])
        try:
            await self._context.store.apply(change)
        except Missed:  # it is there after all, or somebody else was first
            return False
        return True

    async def _recover(self) -> bool:
        """Go on with some of what nobody sends any more; whether there may be more."""
        left = await recovery.list_left(self._context, limit=AT_ONCE)
        unknown = await recovery.list_unknown(self._context)
        await serial.every(
            self._dispatcher.adopt(each) for each in dict.fromkeys((*left, *unknown))
        )
        return len(left) == AT_ONCE
