"""The end of leases: instances that fell silent lose what they hold."""

from __future__ import annotations

from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations import leases, serial
from signoff.server.operations.context import Context, InstanceKey

AT_ONCE = 100
"""How many leases end between two looks at whatever else the server has to do."""


class Leases:
    """Takes their leases from instances that were not heard in time."""

    def __init__(self, context: Context, liveness: Liveness) -> None:
        self._context = context
        self._liveness = liveness

    async def run_due(self) -> None:
        """End the leases of every instance that is over."""
        await serial.every(map(self._take_from, self._liveness.over()))

    async def next_due(self) -> int | None:
        """When the next leases end unless somebody is heard: ms on the monotonic clock."""
        return self._liveness.next_end()

    async def _take_from(self, key: InstanceKey) -> None:
        rows = await self._context.store.all("list_lease_attempts", **key._asdict())
        held = [(row["execution_id"], row["attempt"]) for row in rows]
        for first in range(0, len(held), AT_ONCE):
            if self._liveness.is_live(key):
                break  # heard after all: it keeps the rest
            some = held[first : first + AT_ONCE]
            await serial.every(leases.end_lease(self._context, *lease) for lease in some)
        self._liveness.ended(key)
