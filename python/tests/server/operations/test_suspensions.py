"""Runs that an agent lets go of while they wait: what brings them back, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.operations import leases
from signoff.server.operations.dispatching import Dispatch
from tests.server.operations.stage import Meanwhile, Stage
from tests.server.operations.world import AGENT


async def _suspended(stage: Stage, dispatch: Dispatch, *waits_for: str) -> int | None:
    """Report ``waiting``; when the next attempt is due."""
    await stage.report(dispatch.attempt_id, "waiting", waits_for=list(waits_for))
    row = await stage.execution(dispatch.execution_id)
    assert row["lease_instance"] is None
    due: int | None = row["dispatch_at"]
    return due


async def _parent_of(
    stage: Stage, children: int = 1
) -> tuple[Dispatch, list[tuple[Dispatch, dict[str, Any]]]]:
    """An execution in hand that called others, each of which asks."""
    parent = await stage.at_work()
    called = []
    for number in range(children):
        child = await stage.child(parent, input={"ticket": str(number)})
        work = await stage.claim_next(child["execution_id"])
        called.append((work, await stage.ask(work.attempt_id, f"of-{number}", principal=AGENT)))
    assert await stage.statuses(parent.execution_id) == ["waiting"]
    return parent, called


async def test_a_run_that_waits_for_a_person_is_left_alone_until_the_decision(stage: Stage) -> None:
    dispatch = await stage.at_work()
    request = await stage.ask(dispatch.attempt_id, principal=AGENT)
    assert await _suspended(stage, dispatch, request["id"]) is None
    stage.clock.advance(1000)
    await stage.decide(request["id"])
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", stage.clock.now())


async def test_a_decision_before_the_release_brings_it_back_at_once(stage: Stage) -> None:
    dispatch = await stage.at_work()
    one = await stage.ask(dispatch.attempt_id, "one", principal=AGENT)
    two = await stage.ask(dispatch.attempt_id, "two", principal=AGENT)
    await stage.decide(one["id"])
    # The agent took the callback with one hand and let go with the other.
    (callback,) = await stage.messages("approvalCallback")
    await stage.heard(callback["id"])
    assert await _suspended(stage, dispatch, one["id"], two["id"]) == stage.clock.now()


async def test_a_decision_that_the_attempt_has_gone_on_with_does_not(stage: Stage) -> None:
    dispatch = await stage.at_work()
    one = await stage.ask(dispatch.attempt_id, "one", principal=AGENT)
    two = await stage.ask(dispatch.attempt_id, "two", principal=AGENT)
    await stage.decide(one["id"])
    assert await _suspended(stage, dispatch, two["id"]) is None


async def test_a_decision_between_the_look_and_the_release_brings_it_back(stage: Stage) -> None:
    dispatch = await stage.at_work()
    one = await stage.ask(dispatch.attempt_id, "one", principal=AGENT)
    two = await stage.ask(dispatch.attempt_id, "two", principal=AGENT)
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.decide(one["id"]))
    assert await _suspended(stage, dispatch, one["id"], two["id"]) is not None
    assert meanwhile.misses == 1


async def test_the_end_of_a_child_brings_a_suspended_parent_back(stage: Stage) -> None:
    parent, [(one, _), (two, _)] = await _parent_of(stage, 2)
    assert await _suspended(stage, parent, one.execution_id, two.execution_id) is None
    stage.clock.advance(1000)
    await stage.report(one.attempt_id, result=1)
    row = await stage.execution(parent.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())


async def test_so_does_the_end_of_a_child_before_the_release(stage: Stage) -> None:
    parent, [(one, _), (two, _)] = await _parent_of(stage, 2)
    await stage.report(one.attempt_id, result=1)
    due = await _suspended(stage, parent, one.execution_id, two.execution_id)
    assert due == stage.clock.now()


async def test_so_does_the_end_of_a_child_that_overtakes_the_release(stage: Stage) -> None:
    parent, [(one, _), (two, _)] = await _parent_of(stage, 2)
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.report(one.attempt_id, result=1))
    assert await _suspended(stage, parent, one.execution_id, two.execution_id) is not None
    assert meanwhile.misses == 1


@pytest.mark.parametrize("waits", [True, False])
async def test_so_does_the_end_of_a_child_that_a_release_overtakes(
    stage: Stage, waits: bool
) -> None:
    parent, [(one, request), (two, _)] = await _parent_of(stage, 2)
    if not waits:
        await stage.decide(request["id"])
    elsewhere = Stage(stage.store)
    ids = [one.execution_id, two.execution_id]
    meanwhile = Meanwhile(
        stage, lambda: elsewhere.report(parent.attempt_id, "waiting", waits_for=ids)
    )
    await stage.report(one.attempt_id, result=1)
    row = await stage.execution(parent.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())
    assert meanwhile.misses == 1


async def test_steps_of_a_parent_do_not_hold_up_the_end_of_its_child(stage: Stage) -> None:
    parent, [(one, request), _] = await _parent_of(stage, 2)
    await stage.decide(request["id"])
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.step(parent.attempt_id, "step.work.1"))
    await stage.report(one.attempt_id, result=1)
    assert meanwhile.misses == 0


async def test_a_child_that_goes_on_brings_its_parent_back(stage: Stage) -> None:
    parent, [(one, request)] = await _parent_of(stage)
    assert await _suspended(stage, parent, one.execution_id) is None
    await stage.decide(request["id"])
    row = await stage.execution(parent.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", stage.clock.now())


async def test_who_waits_for_something_else_is_brought_back_at_once(stage: Stage) -> None:
    parent, [(one, request)] = await _parent_of(stage)
    mine = await stage.ask(parent.attempt_id, principal=AGENT)
    # A request of another execution, a grandchild, an id of nothing: not what it can wait for.
    for other in (request["id"], "apr_0", parent.execution_id):
        assert await _suspended(stage, parent, mine["id"], other) is not None
        parent = await stage.claim_next(parent.execution_id)
    assert await _suspended(stage, parent, mine["id"], one.execution_id) is None


async def test_waiting_is_no_attempt_that_came_to_nothing(stage: Stage) -> None:
    parent, [(one, request)] = await _parent_of(stage)
    for number in range(25):
        assert await _suspended(stage, parent, one.execution_id) is None
        # Its child is answered and asks again: nothing that the parent could go on with.
        await stage.decide(request["id"])
        parent = await stage.claim_next(parent.execution_id)
        request = await stage.ask(one.attempt_id, f"again-{number}", principal=AGENT)
    assert (await stage.execution(parent.execution_id))["idle_attempts"] == 1


async def test_nor_is_going_on_while_it_only_waits(stage: Stage) -> None:
    parent, [(one, _)] = await _parent_of(stage)
    mine = await stage.ask(parent.attempt_id, principal=AGENT)
    for number in range(25):
        await stage.decide(mine["id"])
        await stage.report(parent.attempt_id, "waiting", waits_for=[mine["id"], one.execution_id])
        parent = await stage.claim_next(parent.execution_id)
        mine = await stage.ask(parent.attempt_id, f"mine-{number}", principal=AGENT)
    assert await _suspended(stage, parent, mine["id"], one.execution_id) is None


async def test_letting_go_of_what_does_not_wait_is_counted(stage: Stage) -> None:
    dispatch = await stage.at_work(max_attempts=3)
    for delay in (0, 1_000):
        assert await _suspended(stage, dispatch) == stage.clock.now() + delay
        dispatch = await stage.claim_next(dispatch.execution_id)
    shape = await stage.report(dispatch.attempt_id, "waiting", waits_for=[])
    assert (shape["status"], shape["status_reason"]) == ("failed", leases.ATTEMPTS_EXHAUSTED)


async def test_crashes_after_a_suspension_are_counted_on(stage: Stage) -> None:
    dispatch = await stage.at_work(max_attempts=3)
    await stage.report(dispatch.attempt_id, "cancelled")
    dispatch = await stage.claim_next(dispatch.execution_id)
    request = await stage.ask(dispatch.attempt_id, principal=AGENT)
    assert await _suspended(stage, dispatch, request["id"]) is None
    assert (await stage.execution(dispatch.execution_id))["idle_attempts"] == 1


async def test_the_same_report_again_changes_nothing(stage: Stage) -> None:
    dispatch = await stage.at_work()
    request = await stage.ask(dispatch.attempt_id, principal=AGENT)
    assert await _suspended(stage, dispatch, request["id"]) is None
    before = await stage.execution(dispatch.execution_id)
    assert await _suspended(stage, dispatch, request["id"]) is None
    assert await stage.execution(dispatch.execution_id) == before
