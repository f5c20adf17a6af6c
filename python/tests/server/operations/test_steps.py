"""Recorded steps: the first write wins."""

from __future__ import annotations

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.operations import leases, steps
from tests.server.operations.stage import OTHER_SHA, SHA, Meanwhile, Stage
from tests.server.operations.world import AGENT, CLIENT, seen, together


async def test_a_step_is_recorded_with_its_event(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stage.clock.advance(200)
    step, new = await stage.step(dispatch.attempt_id, "step.work.1", result={"id": "req-1"})
    assert new
    assert step == {
        "key": "step.work.1",
        "kind": "step",
        "name": "work",
        "input_sha256": SHA,
        "result": {"id": "req-1"},
        "attempt": 1,
        "at": "2027-01-15T08:00:00.200Z",
    }
    event = (await stage.events(dispatch.execution_id))[-1]
    assert event["type"] == "step.recorded"
    assert "req-1" not in event["data"]
    assert (await stage.execution(dispatch.execution_id))["idle_attempts"] == 0


async def test_the_first_write_wins(stage: Stage) -> None:
    dispatch = await stage.at_work()
    first, _ = await stage.step(dispatch.attempt_id, "step.work.1", result=1)
    stage.clock.advance(5)
    again, new = await stage.step(dispatch.attempt_id, "step.work.1", result=2)
    assert (again, new) == (first, False)
    assert (await stage.types(dispatch.execution_id)).count("step.recorded") == 1


async def test_an_absent_result_is_null_and_an_error_has_none(stage: Stage) -> None:
    dispatch = await stage.at_work()
    nothing, _ = await stage.step(dispatch.attempt_id, "step.work.1")
    failed, _ = await stage.step(dispatch.attempt_id, "ai.1", kind="ai", error="overloaded")
    assert nothing["result"] is None
    assert (failed["error"], "result" in failed) == ("overloaded", False)


async def test_another_input_is_a_conflict(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.step(dispatch.attempt_id, "step.work.1")
    with pytest.raises(Conflict, match="recorded with another input") as refused:
        await stage.step(dispatch.attempt_id, "step.work.1", OTHER_SHA)
    assert refused.value.code == "step_conflict"


async def test_a_later_attempt_gets_what_was_recorded(stage: Stage) -> None:
    first = await stage.at_work()
    step, _ = await stage.step(first.attempt_id, "step.work.1", result=1)
    await leases.end_lease(stage.context, first.execution_id, 1)
    second = await stage.claim_next(first.execution_id)
    assert await stage.step(second.attempt_id, "step.work.1", result=2) == (step, False)
    with pytest.raises(Conflict) as refused:
        await stage.step(first.attempt_id, "step.work.2")
    assert refused.value.code == "stale_attempt"


async def test_after_the_end_only_what_is_known_is_answered(stage: Stage) -> None:
    dispatch = await stage.at_work()
    step, _ = await stage.step(dispatch.attempt_id, "step.work.1")
    await stage.report(dispatch.attempt_id)
    assert await stage.step(dispatch.attempt_id, "step.work.1") == (step, False)
    with pytest.raises(Conflict) as refused:
        await stage.step(dispatch.attempt_id, "step.work.2")
    assert refused.value.code == "execution_finished"


async def test_only_the_agent_of_the_node_records(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stranger = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))
    record = {"kind": "step", "name": "work", "input_sha256": SHA}
    for who in (stranger, CLIENT):
        with pytest.raises(Refusal) as refused:
            await steps.record_step(stage.context, who, dispatch.attempt_id, "s", record)
        assert refused.value.code == "forbidden"
    for unknown in ("exec_0", "~", f"{dispatch.execution_id}~2"):
        with pytest.raises(NotFound, match=f"there is no execution {unknown}"):
            await steps.record_step(stage.context, AGENT, unknown, "s", record)


async def test_concurrent_records_of_one_step_are_one(stage: Stage) -> None:
    dispatch = await stage.at_work()
    answers = await together(
        *(stage.step(dispatch.attempt_id, "step.work.1", result=n) for n in range(10))
    )
    assert sorted(new for _, new in answers) == [False] * 9 + [True]
    assert len({str(step) for step, _ in answers}) == 1


@pytest.mark.parametrize("meanwhile", ["step", "end", "attempt"])
async def test_what_happens_meanwhile_is_seen(stage: Stage, meanwhile: str) -> None:
    dispatch = await stage.at_work()
    elsewhere = Stage(stage.store)

    async def act() -> None:
        if meanwhile == "step":
            await elsewhere.step(dispatch.attempt_id, "step.work.1", result="first")
        elif meanwhile == "end":
            await elsewhere.report(dispatch.attempt_id)
        else:
            await leases.end_lease(elsewhere.context, dispatch.execution_id, 1)
            await elsewhere.claim_next(dispatch.execution_id)

    watcher = Meanwhile(stage, act)
    if meanwhile == "step":
        step, new = await stage.step(dispatch.attempt_id, "step.work.1", result="second")
        assert (step["result"], new) == ("first", False)
    else:
        with pytest.raises(Conflict) as refused:
            await stage.step(dispatch.attempt_id, "step.work.1")
        code = "execution_finished" if meanwhile == "end" else "stale_attempt"
        assert refused.value.code == code
    assert watcher.misses == 1


async def test_steps_are_listed_oldest_first(stage: Stage) -> None:
    dispatch = await stage.at_work()
    keys = ["step.z.1", "step.b.1", "step.a.1"]
    for key in keys:  # two of them in one millisecond
        await stage.step(dispatch.attempt_id, key)
        stage.clock.advance(1 if key == "step.z.1" else 0)
    listed = await steps.list_steps(stage.context, AGENT, dispatch.attempt_id, limit=2)
    assert [step["key"] for step in listed["items"]] == keys[:2]
    rest = await steps.list_steps(
        stage.context, CLIENT, dispatch.execution_id, cursor=listed["next_cursor"]
    )
    assert [step["key"] for step in seen(rest)["items"]] == keys[2:]
    for cursor in ("x", "c3RlcHMgeCB5"):
        with pytest.raises(Refusal, match="not a cursor of this list"):
            await steps.list_steps(stage.context, CLIENT, dispatch.execution_id, cursor=cursor)


async def test_no_page_passes_over_a_step_of_its_last_millisecond(stage: Stage) -> None:
    dispatch = await stage.at_work()
    for key in ("step.b.1", "step.c.1"):
        await stage.step(dispatch.attempt_id, key)
    page = await steps.list_steps(stage.context, CLIENT, dispatch.execution_id, limit=1)
    await stage.step(dispatch.attempt_id, "step.a.1")
    rest = await steps.list_steps(
        stage.context, CLIENT, dispatch.execution_id, cursor=page["next_cursor"]
    )
    assert [step["key"] for step in seen(rest)["items"]] == ["step.c.1", "step.a.1"]
