"""A parent that waits for a person and for a child, whose process dies: what brings it back."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.canonical import digest
from signoff.server.operations import leases
from signoff.server.operations.dispatching import Dispatch
from tests.server.operations.stage import TARGET, TICKET, Meanwhile, Stage
from tests.server.operations.world import AGENT, together


async def _parent(stage: Stage, *, own: bool = True, **body: Any) -> tuple[Dispatch, Dispatch]:
    """It has a child at work and then asks."""
    await stage.register(own=own)
    parent = await stage.claim_next((await stage.start(**body))["execution_id"])
    child = await _call(stage, parent)
    await _ask(stage, parent)
    return parent, child


async def _call(stage: Stage, parent: Dispatch) -> Dispatch:
    stage.clock.advance(10)
    return await stage.claim_next((await stage.child(parent))["execution_id"])


async def _ask(stage: Stage, parent: Dispatch, own_id: str = "gate") -> Any:
    stage.clock.advance(10)
    return await stage.ask(parent.attempt_id, own_id, principal=AGENT)


async def _end(stage: Stage, child: Dispatch) -> None:
    stage.clock.advance(10)
    await stage.report(child.attempt_id, result=1)


async def _die(stage: Stage, parent: Dispatch) -> bool:
    """The lease ends; whether the next attempt is due."""
    stage.clock.advance(10)
    assert await leases.end_lease(stage.context, parent.execution_id, parent.attempt)
    row = await stage.execution(parent.execution_id)
    assert row["status"] == "waiting"
    return row["dispatch_at"] is not None


async def _record(stage: Stage, parent: Dispatch, number: int = 1) -> None:
    sha256 = digest(TICKET)
    key = f"call.{TARGET}.{sha256[:16]}.{number}"
    await stage.step(parent.attempt_id, key, sha256, kind="call", name=TARGET, result=1)


@pytest.mark.parametrize("own", [True, False])
async def test_a_child_that_ended_before_the_lease_brings_it_back(stage: Stage, own: bool) -> None:
    parent, child = await _parent(stage, own=own)
    await _end(stage, child)
    assert await _die(stage, parent)


@pytest.mark.parametrize("own", [True, False])
async def test_so_does_one_that_ends_after_it(stage: Stage, own: bool) -> None:
    parent, child = await _parent(stage, own=own)
    assert not await _die(stage, parent)
    await _end(stage, child)
    assert (await stage.execution(parent.execution_id))["dispatch_at"] == stage.clock.now()


@pytest.mark.parametrize("own", [True, False])
async def test_so_does_one_that_overtakes_the_end_of_the_lease(stage: Stage, own: bool) -> None:
    parent, child = await _parent(stage, own=own)
    elsewhere = Stage(stage.store)
    elsewhere.clock.set(stage.clock.now() + 20)
    meanwhile = Meanwhile(stage, lambda: elsewhere.report(child.attempt_id, result=1))
    assert await _die(stage, parent)
    assert meanwhile.misses == 1


@pytest.mark.parametrize("own", [True, False])
async def test_so_does_one_that_the_end_of_the_lease_overtakes(stage: Stage, own: bool) -> None:
    parent, child = await _parent(stage, own=own)
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(
        stage,
        lambda: leases.end_lease(elsewhere.context, parent.execution_id, parent.attempt),
    )
    await _end(stage, child)
    row = await stage.execution(parent.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())
    assert meanwhile.misses == 1


@pytest.mark.parametrize("own", [True, False])
async def test_so_does_one_that_ends_at_the_same_time(stage: Stage, own: bool) -> None:
    for _ in range(10):
        parent, child = await _parent(stage, own=own)
        stage.clock.advance(10)
        elsewhere = Stage(stage.store)
        elsewhere.clock.set(stage.clock.now())
        ends = await together(
            leases.end_lease(stage.context, parent.execution_id, parent.attempt),
            elsewhere.report(child.attempt_id, result=1),
        )
        assert not [end for end in ends if isinstance(end, BaseException)]
        row = await stage.execution(parent.execution_id)
        assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())


async def test_one_that_is_called_and_ends_meanwhile_does_too(stage: Stage) -> None:
    parent, first = await _parent(stage)
    await _end(stage, first)
    await _record(stage, parent)
    elsewhere = Stage(stage.store)
    elsewhere.clock.set(stage.clock.now() + 20)

    async def call_and_end() -> None:
        await elsewhere.register()
        child = await _call(elsewhere, parent)
        await _end(elsewhere, child)

    meanwhile = Meanwhile(stage, call_and_end)
    assert await _die(stage, parent)
    assert meanwhile.misses == 1


async def test_a_recorded_result_does_not(stage: Stage) -> None:
    parent, child = await _parent(stage)
    await _end(stage, child)
    await _record(stage, parent)
    assert not await _die(stage, parent)


async def test_equal_calls_are_told_apart_by_their_number(stage: Stage) -> None:
    parent, first = await _parent(stage)
    second = await _call(stage, parent)
    await _end(stage, first)
    await _end(stage, second)
    await _record(stage, parent)
    assert await _die(stage, parent)
    parent = await stage.claim_next(parent.execution_id)
    await _record(stage, parent, 2)
    assert not await _die(stage, parent)


async def test_an_attempt_that_died_before_it_called_again_is_followed_by_another(
    stage: Stage,
) -> None:
    for own in (True, False):
        parent, child = await _parent(stage, own=own)
        await _end(stage, child)
        for _ in range(3):
            assert await _die(stage, parent)
            parent = await stage.claim_next(parent.execution_id)


async def test_a_foreign_agent_that_went_on_has_heard_it(stage: Stage) -> None:
    await stage.register(own=False)
    parent = await stage.claim_next((await stage.start())["execution_id"])
    await _end(stage, await _call(stage, parent))
    await _ask(stage, parent)
    assert not await _die(stage, parent)


async def test_so_has_one_that_made_the_call_again(stage: Stage) -> None:
    parent, child = await _parent(stage, own=False)
    await _end(stage, child)
    assert await _die(stage, parent)
    stage.clock.advance(10)
    parent = await stage.claim_next(parent.execution_id)
    assert (await stage.child(parent))["execution_id"] == child.execution_id
    assert not await _die(stage, parent)


async def test_attempts_that_never_take_it_leave_the_run_to_its_decision(stage: Stage) -> None:
    parent, child = await _parent(stage, max_attempts=3)
    await _end(stage, child)
    attempts = 1
    while await _die(stage, parent):
        parent = await stage.claim_next(parent.execution_id)
        attempts += 1
    assert attempts == 3
    row = await stage.execution(parent.execution_id)
    assert row["status"] == "waiting"


async def test_who_called_nobody_costs_no_more_than_before(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await _ask(stage, dispatch)
    applied: list[str] = []

    class Watched(Meanwhile):
        async def apply(self, change: Any) -> None:
            applied.extend(statement.query for statement in change.statements)
            await super().apply(change)

    async def nothing() -> None: ...

    Watched(stage, nothing)
    assert not await _die(stage, dispatch)
    assert "check_ends_of_children" not in applied
