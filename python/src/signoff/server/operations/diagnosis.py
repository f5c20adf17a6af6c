"""A look at the state of a database: whether work is stuck, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from signoff.server.domain.store import Store
from signoff.server.domain.timestamp import render

STUCK_MS = 60_000
"""Work that has been due for so long is not merely about to be done."""

AHEAD_MS = 5_000
"""So far may the newest row be in the future."""

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, what was found, and what to do; nothing when it is well."""

    level: Level
    name: str
    what: str
    to_do: str = ""


async def examine(store: Store, now: int) -> list[Finding]:
    """Look at the clock, the keys, the agents and the deliveries.

    Args:
        store: opened; nothing in it is changed.
        now: this machine's time, in ms since the epoch.
    """
    return [
        Finding("ok", "database", "it answers, and its schema is up to date"),
        await _clock(store, now),
        await _keys(store),
        *await _agents(store, now),
        *await _deliveries(store, now),
    ]


async def _clock(store: Store, now: int) -> Finding:
    newest = await store.one("newest_execution")
    ahead = 0 if newest is None else newest["created_at"] - now
    if ahead <= AHEAD_MS:
        return Finding("ok", "clock", f"it is {render(now)}, after everything that was stored")
    text = f"it is {render(now)}, but an execution was stored {ahead // 1000} s after that"
    return Finding("fail", "clock", text, "set this machine's clock: timedatectl, chronyc tracking")


async def _keys(store: Store) -> Finding:
    valid = [key for key in await store.all("list_keys") if key["revoked_at"] is None]
    if not valid:
        return Finding(
            "warn",
            "keys",
            "no key is in force",
            "signoff keys create --role admin --name you: without keys only this machine may ask",
        )
    if not any(key["role"] == "admin" for key in valid):
        return Finding("warn", "keys", "no key is an admin's", "signoff keys create --role admin")
    return Finding("ok", "keys", f"{len(valid)} in force")


async def _agents(store: Store, now: int) -> list[Finding]:
    rows = await store.all("count_overdue_dispatches", before=now - STUCK_MS)
    if not rows:
        return [Finding("ok", "agents", "no work waits for one")]
    return [
        Finding(
            "warn",
            "agents",
            f"{row['held']} runs of {row['node_id']} have waited since {render(row['since'])}",
            f"start {row['node_id']}; signoff serve logs why it does not take them",
        )
        for row in rows
    ]


async def _deliveries(store: Store, now: int) -> list[Finding]:
    found = []
    stuck = await store.one("count_old_messages", before=now - STUCK_MS)
    if stuck is not None and stuck["held"]:
        text = f"{stuck['held']} have been tried since {render(stuck['since'])}"
        found.append(
            Finding("warn", "deliveries", text, "GET /api/v1/deliveries?state=pending says why")
        )
    dead = await store.one("count_dead_messages")
    if dead is not None and dead["held"]:
        text = f"{dead['held']} were given up"
        to_do = "GET /api/v1/deliveries?state=dead; POST /api/v1/deliveries/ID/retry"
        found.append(Finding("warn", "deliveries", text, to_do))
    return found or [Finding("ok", "deliveries", "none is stuck")]
