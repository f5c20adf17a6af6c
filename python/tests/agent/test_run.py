"""Who a run is, as its code learns it: `app.ctx`."""

import dataclasses
from typing import Any, cast

import pytest

from signoff import Agent, NotInRunError, RunContext
from signoff.testing import ControlPlane


def telling() -> tuple[Agent, list[RunContext]]:
    """An agent whose run tells who it is: in the reasoner, in a step of it, in a thread."""
    app = Agent("teller")
    told: list[RunContext] = []

    @app.step
    def within() -> None:
        told.append(app.ctx)

    @app.reasoner()
    async def who() -> dict[str, Any]:
        told.append(app.ctx)
        await within()
        await app.pause("q-1")
        return dataclasses.asdict(app.ctx)

    @app.reasoner()
    def plain() -> dict[str, Any]:
        return dataclasses.asdict(app.ctx)

    return app, told


async def test_a_run_says_which_it_is_and_a_later_attempt_that_it_is_another(
    plane: ControlPlane,
) -> None:
    app, told = telling()
    async with plane.serving(app):
        begun = await plane.client.execute_async("teller.who")
        request = await plane.next_request()
    first = RunContext("teller", begun.execution_id, begun.execution_id, 1, begun.run_id)
    assert told == [first, first]
    await plane.client.decide(request.id, "approved")
    app, told = telling()
    async with plane.serving(app):
        done = await plane.client.wait_for_execution(begun.execution_id, timeout=20)
    assert done.result == {
        "node_id": "teller",
        "execution_id": begun.execution_id,
        "attempt_id": f"{begun.execution_id}~2",
        "attempt": 2,
        "run_id": begun.run_id,
    }
    assert [dataclasses.asdict(each) for each in told] == [done.result]


async def test_a_plain_function_learns_it_too(plane: ControlPlane) -> None:
    app, _ = telling()
    async with plane.serving(app):
        done = await plane.client.execute("teller.plain", wait_seconds=20)
    assert cast("dict[str, Any]", done.result)["execution_id"] == done.execution_id


async def test_outside_a_run_there_is_none() -> None:
    app, _ = telling()
    with pytest.raises(NotInRunError, match=r"app\.ctx works inside a reasoner"):
        _ = app.ctx
