"""Claims of attempts, and what becomes of what was sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signoff.server.operations import cancellations, dispatching, leases
from signoff.server.operations.context import InstanceKey
from signoff.server.operations.dispatching import Dispatch
from signoff.strict_json import InvalidJSON
from tests.server.operations.stage import SHA, TICKET, Meanwhile, Stage
from tests.server.operations.world import AGENT, CLIENT, NODE, together

KEY = InstanceKey(NODE, "i-1")


async def _started(stage: Stage) -> str:
    await stage.register()
    execution_id: str = (await stage.start())["execution_id"]
    return execution_id


async def test_a_claim_is_what_is_sent(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    assert dispatch.url == "http://127.0.0.1:8001/reasoners/decide_refund"
    assert dispatch.headers["X-Execution-ID"] == dispatch.attempt_id == execution_id
    assert "X-Parent-Execution-ID" not in dispatch.headers
    assert dispatch.body == b'{"ticket":"I was billed twice."}'
    assert TICKET == {"ticket": "I was billed twice."}
    assert dispatch.secret.startswith("whsec_")
    row = await stage.execution(execution_id)
    assert (row["status"], row["lease_instance"], row["attempt"]) == ("running", "i-1", 1)
    assert row["timeout_at"] == stage.clock.now() + 7_200_000
    assert await dispatching.is_current(stage.context, dispatch)


async def test_an_attempt_is_on_its_way_until_its_outcome(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    assert stage.context.in_flight == {execution_id}
    dispatching.sent(stage.context, dispatch)
    dispatching.sent(stage.context, dispatch)
    assert stage.context.in_flight == set()


async def test_only_what_is_due_is_claimed(stage: Stage) -> None:
    execution_id = await _started(stage)
    await stage.register("o-1", node_id="other-agent", base_url="http://127.0.0.1:8002")
    claim = dispatching.claim
    assert await claim(stage.context, execution_id, InstanceKey("other-agent", "o-1")) is None
    assert await claim(stage.context, execution_id, InstanceKey(NODE, "i-2")) is None
    assert await claim(stage.context, "exec_0", KEY) is None
    dispatch = await claim(stage.context, execution_id, KEY)
    assert await claim(stage.context, execution_id, KEY) is None
    assert dispatch is not None
    await dispatching.refuse(stage.context, dispatch, delay_ms=200)
    assert await claim(stage.context, execution_id, KEY) is None
    stage.clock.advance(200)
    assert await claim(stage.context, execution_id, KEY) is not None


async def test_one_attempt_goes_to_one_instance(stage: Stage) -> None:
    execution_id = await _started(stage)
    await stage.register("i-2", base_url="http://127.0.0.1:8002")
    elsewhere = Stage(stage.store)
    claims = await together(
        *(
            dispatching.claim(one.context, execution_id, InstanceKey(NODE, instance))
            for one in (stage, elsewhere)
            for instance in ("i-1", "i-2")
        )
    )
    assert len([claim for claim in claims if claim is not None]) == 1
    assert len(stage.context.in_flight | elsewhere.context.in_flight) == 1


async def test_a_claim_that_missed_is_not_on_its_way(stage: Stage) -> None:
    execution_id = await _started(stage)
    elsewhere = Stage(stage.store)
    Meanwhile(
        stage,
        lambda: cancellations.cancel_execution(elsewhere.context, CLIENT, execution_id),
    )
    assert await dispatching.claim(stage.context, execution_id, KEY) is None
    assert stage.context.in_flight == set()


async def test_a_refused_attempt_does_not_count(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    assert await dispatching.refuse(stage.context, dispatch, delay_ms=400, why="busy")
    row = await stage.execution(execution_id)
    assert (row["status"], row["attempt"], row["idle_attempts"]) == ("queued", 1, 0)
    assert (row["dispatch_at"], row["started_at"]) == (stage.clock.now() + 400, None)
    assert stage.context.in_flight == set()
    assert not await dispatching.is_current(stage.context, dispatch)
    assert not await dispatching.refuse(stage.context, dispatch, delay_ms=400)
    stage.clock.advance(400)
    assert (await stage.claim_next(execution_id)).attempt_id == f"{execution_id}~2"


async def test_a_refusal_that_is_told_again_does_not_touch_the_next_attempt(stage: Stage) -> None:
    """As it is when the store could not say whether it was recorded."""
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    await dispatching.refuse(stage.context, dispatch, delay_ms=0)
    following = await stage.claim_next(execution_id)
    assert not await dispatching.refuse(stage.context, dispatch, delay_ms=0)
    assert await dispatching.is_current(stage.context, following)


async def test_who_refused_an_attempt_and_runs_it_all_the_same_may_report(stage: Stage) -> None:
    """A gateway may say 503 for an agent that has taken the work."""
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    await dispatching.refuse(stage.context, dispatch, delay_ms=0)
    assert (await stage.report(dispatch.attempt_id, result=1))["status"] == "succeeded"


async def test_an_inline_result_is_a_report(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    result = b'{"n": 12345678901234567890123}'
    assert await dispatching.finish_inline(stage.context, dispatch, result)
    row = await stage.execution(execution_id)
    assert (row["status"], row["result"]) == ("succeeded", '{"n":12345678901234567890123}')
    # The agent's own report of the same is no news.
    shape = await stage.report(dispatch.attempt_id, result={"n": 12345678901234567890123})
    assert shape["status"] == "succeeded"


async def test_an_inline_result_that_comes_too_late_is_left(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    await leases.end_lease(stage.context, execution_id, 1)
    assert not await dispatching.finish_inline(stage.context, dispatch, b"1")
    assert await stage.statuses(execution_id) == ["queued"]


async def test_an_inline_result_that_is_no_json_is_the_callers_to_fail(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    with pytest.raises(InvalidJSON):
        await dispatching.finish_inline(stage.context, dispatch, b"<html>")
    error = "answered 200 without JSON"
    assert await dispatching.fail(stage.context, dispatch, reason="invalid_result", error=error)
    row = await stage.execution(execution_id)
    assert (row["status"], row["error"]) == ("failed", error)


async def test_what_an_agent_can_never_run_fails(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    failed = await dispatching.fail(
        stage.context, dispatch, reason="unknown_reasoner", error="answered 404"
    )
    row = await stage.execution(execution_id)
    assert failed
    assert (row["status"], row["status_reason"]) == ("failed", "unknown_reasoner")
    assert row["error"] == "answered 404"
    assert not await dispatching.fail(stage.context, dispatch, reason="x", error="x")


async def test_an_unknown_outcome_counts_as_an_attempt(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    assert await dispatching.give_up(stage.context, dispatch, why="outcome_unknown")
    assert stage.context.in_flight == set()
    assert (await stage.claim_next(execution_id)).attempt == 2


async def test_a_report_that_overtakes_the_answer_stands(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    await stage.report(dispatch.attempt_id, result=1)
    assert not await dispatching.refuse(stage.context, dispatch, delay_ms=1)
    assert not await dispatching.give_up(stage.context, dispatch, why="outcome_unknown")
    assert not await dispatching.is_current(stage.context, dispatch)


async def test_a_database_that_was_emptied_meanwhile_knows_of_nothing(stage: Stage) -> None:
    execution_id = await _started(stage)
    dispatch = await dispatching.claim(stage.context, execution_id, KEY)
    assert dispatch is not None
    gone = replace(dispatch, execution_id="exec_0")
    assert not await dispatching.is_current(stage.context, gone)
    assert not await dispatching.refuse(stage.context, gone, delay_ms=1)


async def test_running_time_is_over_once(stage: Stage) -> None:
    dispatch = await stage.at_work(timeout_seconds=10)
    assert await dispatching.time_out_due(stage.context) == 0
    stage.clock.advance(9_999)
    assert not await dispatching.time_out(stage.context, dispatch.execution_id)
    stage.clock.advance(1)
    assert await dispatching.time_out_due(stage.context) == 1
    assert await dispatching.time_out_due(stage.context) == 0
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["running_ms"]) == ("timeout", 10_000)
    (notice,) = await stage.messages("cancelAgentExecution")
    assert notice["body"]["reason"] == row["status_reason"] == "timeout_seconds"
    assert (await stage.types(dispatch.execution_id))[-1] == "execution.timed_out"
    assert not await dispatching.time_out(stage.context, "exec_0")


async def test_waiting_and_queued_time_do_not_count(stage: Stage) -> None:
    dispatch = await stage.at_work(timeout_seconds=10)
    stage.clock.advance(4_000)
    approval = await stage.ask(dispatch.attempt_id)
    stage.clock.advance(3_600_000)
    await stage.decide(approval["id"])
    stage.clock.advance(4_000)
    await leases.end_lease(stage.context, dispatch.execution_id, 1)
    stage.clock.advance(3_600_000)
    await stage.claim_next(dispatch.execution_id)
    stage.clock.advance(1_999)
    assert await dispatching.time_out_due(stage.context) == 0
    stage.clock.advance(1)
    assert await dispatching.time_out_due(stage.context) == 1


async def test_children_of_one_that_timed_out_go_on(stage: Stage) -> None:
    parent = await stage.at_work(timeout_seconds=10)
    child = await stage.claim_next((await stage.child(parent))["execution_id"])
    stage.clock.advance(10_000)
    assert await dispatching.time_out_due(stage.context) == 1
    assert await stage.statuses(parent.execution_id, child.execution_id) == ["timeout", "running"]


async def test_leases_of_an_instance_end_together(stage: Stage) -> None:
    running = await stage.at_work()
    parked = await stage.claim_next((await stage.start())["execution_id"])
    await stage.ask(parked.attempt_id)
    assert await leases.end_leases(stage.context, KEY) == 2
    assert await leases.end_leases(stage.context, KEY) == 0
    rows = [await stage.execution(one.execution_id) for one in (running, parked)]
    assert [(row["status"], row["dispatch_at"]) for row in rows] == [
        ("queued", stage.clock.now()),
        ("waiting", None),
    ]
    assert not await leases.end_lease(stage.context, "exec_0", 1)


async def test_only_the_named_attempt_loses_its_lease(stage: Stage) -> None:
    dispatch = await stage.at_work()
    assert await leases.end_lease(stage.context, dispatch.execution_id, 1, delay_ms=50)
    row = await stage.execution(dispatch.execution_id)
    assert row["dispatch_at"] == stage.clock.now() + 50
    stage.clock.advance(50)
    await stage.claim_next(dispatch.execution_id)
    assert not await leases.end_lease(stage.context, dispatch.execution_id, 1)


async def test_a_step_or_a_decision_starts_the_count_of_attempts_over(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start(max_attempts=2))["execution_id"]
    for progress in ("nothing", "step", "nothing", "decision", "nothing", "nothing"):
        dispatch = await stage.claim_next(execution_id)
        if progress == "step":
            await stage.step(dispatch.attempt_id, f"step.{dispatch.attempt}.1", SHA)
        elif progress == "decision":
            approval = await stage.ask(dispatch.attempt_id, principal=AGENT)
            await stage.decide(approval["id"])
            (message,) = await stage.messages("approvalCallback")
            await stage.heard(message["id"])
        assert await stage.statuses(execution_id) == ["running"]
        await leases.end_lease(stage.context, execution_id, dispatch.attempt)
    row = await stage.execution(execution_id)
    assert (row["status"], row["status_reason"]) == ("failed", "attempts_exhausted")


async def _comes_to_nothing(stage: Stage, dispatch: Dispatch, how: str) -> None:
    if how == "lease ended":
        await leases.end_lease(stage.context, dispatch.execution_id, dispatch.attempt)
    elif how == "outcome unknown":
        await dispatching.give_up(stage.context, dispatch, why="outcome_unknown")
    else:
        await stage.report(dispatch.attempt_id, how)


@pytest.mark.parametrize("how", ["lease ended", "outcome unknown", "cancelled", "waiting"])
async def test_attempts_that_come_to_nothing_are_ever_further_apart(stage: Stage, how: str) -> None:
    await stage.register()
    execution_id = (await stage.start(max_attempts=20))["execution_id"]
    delays = []
    for _ in range(9):
        dispatch = await stage.claim_next(execution_id)
        await _comes_to_nothing(stage, dispatch, how)
        delays.append((await stage.execution(execution_id))["dispatch_at"] - stage.clock.now())
    assert delays == [0, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]
    # Progress ends it.
    dispatch = await stage.claim_next(execution_id)
    await stage.step(dispatch.attempt_id, "step.a.1", SHA)
    await _comes_to_nothing(stage, dispatch, how)
    assert (await stage.execution(execution_id))["dispatch_at"] == stage.clock.now()


async def test_a_decision_is_not_kept_back_by_attempts_that_came_to_nothing(stage: Stage) -> None:
    dispatch = await stage.at_work()
    one, other = [await stage.ask(dispatch.attempt_id, name) for name in ("one", "other")]
    await stage.decide(one["id"])
    for _ in range(4):
        await leases.end_lease(stage.context, dispatch.execution_id, dispatch.attempt)
        row = await stage.execution(dispatch.execution_id)
        if row["dispatch_at"] > stage.clock.now():
            break
        dispatch = await stage.claim_next(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now() + 1_000)
    await stage.decide(other["id"])
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", stage.clock.now())
