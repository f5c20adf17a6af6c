"""Steps that move time, let the server settle, make it fail, end it and start it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff_conformance import control
from signoff_conformance.control import ControlError
from signoff_conformance.runner import NotSupported
from signoff_conformance.stage import Stage

Step = Mapping[str, Any]


async def clock(stage: Stage, step: Step) -> None:
    """Move the server's clock by so many ms, or to a time and some ms from it."""
    told = step["clock"]
    try:
        if "to" in told:
            at = control.parse(told["to"]) + told.get("plus_ms", 0)
            await stage.control.set(-(-at // 1000) * 1000 if told.get("whole_second") else at)
        else:
            await stage.control.advance(told["advance_ms"])
    except ControlError:
        # The store fails as the case wants it: what fell due is not done yet.
        if not step.get("may_fail"):
            raise
    if "keep" in step:
        stage.values.keep(step["keep"], control.render(stage.control.now))


async def leases(stage: Stage, step: Step) -> None:
    """Move the clock of the leases only."""
    await stage.control.advance_leases(step["leases"]["advance_ms"])


async def settle(stage: Stage, step: Step) -> None:
    """Let the server do what is to be done now."""
    del step
    await stage.settle()


async def fail_point(stage: Stage, step: Step) -> None:
    """Make the server's next commits fail."""
    await stage.control.fail(step["fail_point"], step.get("commits", 1))


async def restart(stage: Stage, step: Step) -> None:
    """End the server, by ``stop`` or ``kill``, and start it again; its clock goes on."""
    if not stage.target.is_process:
        raise NotSupported("the server is not a process of this run: it can't be ended")
    now = stage.control.now  # it may be dead already
    await stage.target.stop(kill=step["restart"] == "kill")
    await stage.wire.close()
    await stage.target.start()
    if step.get("keep_time", True):
        await stage.control.set(max(now, await stage.control.advance(0)))
