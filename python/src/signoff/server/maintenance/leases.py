"""The end of leases: instances that fell silent lose what they hold."""

from __future__ import annotations

import logging

from signoff.server.domain.store import Change, Missed
from signoff.server.maintenance.liveness import Liveness, present
from signoff.server.operations import claims, leases, nodes, serial
from signoff.server.operations.context import Context, InstanceKey

AT_ONCE = 100
"""How many leases end between two looks at whatever else the server has to do."""

DEAF_MS = 12_000
"""More than two of the looks that are taken anyway."""

AGAIN_MS = 1_000
"""How soon to look again at what another server was at."""

STRAYS_MS = 60_000
"""How often leases are looked for that an instance holds which nobody waits for any more."""


_log = logging.getLogger("signoff.maintenance")


class Leases:
    """Takes their leases from instances that were not heard in time.

    Args:
        context: the server's.
        liveness: who was heard.
        deaf_ms: when this much time has passed since the last look, this server could not hear
            anybody (it stood still, or its database was away), and nobody's silence counts; None
            for a clock that tests move.
    """

    def __init__(
        self, context: Context, liveness: Liveness, *, deaf_ms: int | None = DEAF_MS
    ) -> None:
        self._context = context
        self._deaf_ms = deaf_ms
        self._listened_at: int | None = None
        self._liveness = liveness
        self._not_before = 0
        self._strays_at: int | None = None

    async def run_due(self) -> None:
        """End the leases of every instance that is over.

        Raises:
            StoreUnavailable: the store can't be read or written.
        """
        await self._listen()
        await serial.every(map(self._take_from, self._liveness.over()))
        now = self._context.clock.monotonic()
        if self._strays_at is None or now >= self._strays_at:
            self._strays_at = now + STRAYS_MS
            rows = await self._context.store.all("list_stray_holders")
            held = [InstanceKey(row["node_id"], row["instance_id"]) for row in rows]
            await serial.every(self._empty(key) for key in held)

    async def next_due(self) -> int | None:
        """When the next leases end unless somebody is heard: ms on the monotonic clock."""
        at = self._liveness.next_end()
        return None if at is None else max(at, self._not_before)

    async def _listen(self) -> None:
        if self._context.store.shared:
            await self._context.store.one("ping")
        now, before = self._context.clock.monotonic(), self._listened_at
        self._listened_at = now
        if self._deaf_ms is not None and before is not None and now - before >= self._deaf_ms:
            _log.warning("nobody could be heard", extra={"for_ms": now - before})
            self._liveness.excuse(now - before)

    async def _take_from(self, key: InstanceKey) -> None:
        row = await self._context.store.one("get_instance", **key._asdict())
        if self._context.store.shared:
            await hear(self._context, self._liveness)  # another server may have heard it since
        if self._liveness.is_live(key) or not await self._empty(key):
            return
        if row is not None:
            await self._leave(key, row["last_heartbeat_at"])
        self._liveness.ended(key)

    async def _empty(self, key: InstanceKey) -> bool:
        """End what it holds; whether that was all."""
        while held := await claims.leases_of(self._context, key, limit=AT_ONCE):
            await serial.every(leases.end_lease(self._context, *lease) for lease in held)
            if self._liveness.is_live(key):
                return False  # heard after all: it keeps the rest
        if self._context.peers and await self._context.store.all("list_leases", **_first(key)):
            self._not_before = self._context.clock.monotonic() + AGAIN_MS
            return False  # another server is at the rest
        return True

    async def _leave(self, key: InstanceKey, heard_at: int) -> None:
        change = Change(topics={nodes.NODES})
        change.add(
            "leave_instance",
            state=nodes.AWAY,
            if_last_heartbeat_at=heard_at,
            **key._asdict(),
        )
        try:
            await self._context.store.apply(change)
        except Missed:
            return  # it was heard, or got something, in the last moment


def _first(key: InstanceKey) -> dict[str, str | int]:
    return {"limit": 1, **key._asdict()}


async def hear(context: Context, liveness: Liveness) -> None:
    """Take in what other servers have heard of the instances.

    Raises:
        StoreUnavailable: the store can't be read.
    """
    look = liveness.look()
    liveness.hear(await present(context.store), look)
