"""What the server says about itself."""

from __future__ import annotations

from typing import NamedTuple

from signoff._version import __version__
from signoff.contract_gen import ReadinessStatus
from signoff.server.domain.clock import SystemClock
from signoff.server.domain.execution import UNFINISHED
from signoff.server.domain.store import Change
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape

DRIFT_MS = 5_000
"""The system's clock may be so far from the server's before somebody should look at it."""


STEP_TOLD_MS = 3_600_000
"""For so long a step that was followed is told."""


class Counts(NamedTuple):
    """How much there is to do."""

    pending: int
    """Approval requests that wait for a person."""
    executions: dict[str, int]
    """Unfinished executions by status. How many are finished would take a look at all of them."""


def get_health() -> Shape:
    """A ``Health``: the process answers."""
    return {"status": "ok", "version": __version__}


async def get_readiness(context: Context) -> Shape:
    """A ``Readiness``: the store can be read and written.

    Raises:
        StoreUnavailable: it can't be.
    """
    await try_store(context)
    checks: list[Shape] = [{"name": "store", "ok": True}]
    if isinstance(context.clock, SystemClock):
        shared = context.store.shared
        checks.append(_followed(context.clock) if shared else _clock_check(context.clock.drift()))
    well = all(check["ok"] for check in checks)
    status = ReadinessStatus.READY if well else ReadinessStatus.DEGRADED
    return {"status": status.value, "checks": checks}


async def try_store(context: Context) -> None:
    """Read and write the store.

    Raises:
        StoreUnavailable: it can't be.
    """
    await context.store.one("ping")
    # A disk may be full, or a database read-only: only a commit tells.
    change = Change()
    change.add("put_server", server_id=context.server_id, now=context.clock.now())
    await context.store.apply(change)


async def counts(context: Context) -> Counts:
    """What is there now.

    Raises:
        StoreUnavailable: the store can't be read.
    """
    pending = await context.store.one("count_pending")
    found = await context.store.all("count_executions_in", states=tuple(map(str, UNFINISHED)))
    executions = dict.fromkeys(map(str, UNFINISHED), 0)
    executions.update({row["status"]: row["held"] for row in found})
    return Counts(pending["held"] if pending else 0, executions)


def _followed(clock: SystemClock) -> Shape:
    """Of the clock of the database, which all its servers go by."""
    step = clock.stepped
    if step is not None and clock.monotonic() - step.noticed < STEP_TOLD_MS:
        detail = f"the clock of the database was stepped by {step.ms / 1000:.0f} s, and is followed"
        return {"name": "clock", "ok": False, "detail": detail}
    drift_ms = clock.drift()
    if abs(drift_ms) <= DRIFT_MS:
        return {"name": "clock", "ok": True}
    detail = (
        f"this machine's clock is {drift_ms / 1000:.0f} s ahead of the database's, which counts"
    )
    return {"name": "clock", "ok": True, "detail": detail}


def _clock_check(drift_ms: int) -> Shape:
    if abs(drift_ms) <= DRIFT_MS:
        return {"name": "clock", "ok": True}
    detail = f"the system's clock was stepped by {drift_ms / 1000:.0f} s; restart to follow it"
    return {"name": "clock", "ok": False, "detail": detail}
