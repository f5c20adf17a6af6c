"""What other servers of the database have heard, and what they have not told."""

from __future__ import annotations

from signoff.server.maintenance.leases import hear
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations.context import Context

HEAR_MS = 1_000
"""How often a server reads whom the others have heard: an own agent counts as silent after 3 s."""

SWEEP_MS = 5_000
"""How often whoever waits here is looked after, should nobody have told what happened."""

AT_ONCE = 500
"""Rows that are looked at in one query."""


class Hearing:
    """Reads again and again which instances were heard, by whichever server."""

    def __init__(self, context: Context, liveness: Liveness) -> None:
        self._context = context
        self._liveness = liveness
        self._at: int | None = None

    async def run_due(self) -> None:
        """Read it; nothing to do where every heartbeat comes here."""
        if self._context.store.shared:
            self._at = self._context.clock.monotonic() + HEAR_MS
            await hear(self._context, self._liveness)

    async def next_due(self) -> int | None:
        """When to read it again: ms on the monotonic clock."""
        return self._at


class Waiters:
    """Looks after those who wait here for something that happens on another server.

    They are told of it at once; but a server that dies between its commit and the notification
    tells nobody. All that is waited for is looked at in a few queries, and whoever waits for what
    has changed since the last time looks for itself.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seen: dict[str, object] = {}
        self._at: int | None = None

    async def run_due(self) -> None:
        """Wake those for whom something has changed; who is new here looks once."""
        now = self._context.clock.monotonic()
        if not self._context.store.shared or (self._at is not None and now < self._at):
            return
        self._at = now + SWEEP_MS
        seen: dict[str, object] = {}
        for prefix, query, ids in (
            ("exec:", "list_event_heads", "execution_ids"),
            ("apr:", "list_approval_states", "ids"),
        ):
            topics = [each for each in self._context.store.watched() if each.startswith(prefix)]
            for first in range(0, len(topics), AT_ONCE):
                some = tuple(each.removeprefix(prefix) for each in topics[first : first + AT_ONCE])
                for row in await self._context.store.all(query, **{ids: some}):
                    key, *state = row.values()
                    seen[f"{prefix}{key}"] = state
        changed = [topic for topic, state in seen.items() if self._seen.get(topic) != state]
        self._seen = seen
        if changed:
            self._context.store.wake(*changed)

    async def next_due(self) -> int | None:
        """When to look again: ms on the monotonic clock."""
        return self._at
