"""Calls of other reasoners from within a run."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Row, Value
from signoff.server.operations import leases
from signoff.server.operations.dispatching import Dispatch
from signoff.server.operations.tree import Tree
from tests.server.operations.stage import Meanwhile, Stage
from tests.server.operations.world import ADMIN, AGENT, CLIENT, together


async def _next_attempt(stage: Stage, dispatch: Dispatch) -> Dispatch:
    assert await leases.end_lease(stage.context, dispatch.execution_id, dispatch.attempt)
    return await stage.claim_next(dispatch.execution_id)


async def test_a_child_belongs_to_the_run_of_its_parent(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.child(parent)
    assert child["parent_execution_id"] == parent.execution_id
    assert child["run_id"] == parent.run_id
    (created,) = await stage.events(child["execution_id"])
    assert parent.execution_id in created["data"]
    sent = await stage.claim_next(child["execution_id"])
    assert sent.headers["X-Parent-Execution-ID"] == parent.execution_id
    assert sent.headers["X-Run-ID"] == sent.headers["X-Workflow-ID"] == parent.run_id


async def test_an_agent_names_a_run_of_its_own_node(stage: Stage) -> None:
    parent = await stage.at_work()
    with pytest.raises(Refusal) as refused:
        await stage.start(principal=AGENT)
    assert refused.value.code == "forbidden"
    stranger = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))
    with pytest.raises(Refusal) as refused:
        await stage.start(principal=stranger, parent=parent.attempt_id)
    assert refused.value.code == "forbidden"


async def test_a_parent_that_is_not_there_is_not_found(stage: Stage) -> None:
    await stage.register()
    for who in (CLIENT, AGENT, ADMIN):
        with pytest.raises(NotFound) as refused:
            await stage.start(principal=who, parent="exec_0")
        assert refused.value.code == "not_found"


async def test_a_client_may_name_a_parent_without_its_attempt(stage: Stage) -> None:
    parent = await _next_attempt(stage, await stage.at_work())
    child = await stage.start(parent=parent.execution_id)
    assert child["parent_execution_id"] == parent.execution_id


async def test_a_finished_parent_calls_nobody(stage: Stage) -> None:
    parent = await stage.at_work()
    await stage.report(parent.attempt_id)
    with pytest.raises(Conflict) as refused:
        await stage.child(parent)
    assert refused.value.code == "execution_finished"
    assert refused.value.extra["execution"]["status"] == "succeeded"


async def test_an_older_attempt_calls_nobody(stage: Stage) -> None:
    parent = await stage.at_work()
    await _next_attempt(stage, parent)
    for who in (AGENT, ADMIN):
        with pytest.raises(Conflict) as refused:
            await stage.start(principal=who, parent=parent.attempt_id)
        assert refused.value.code == "stale_attempt"


async def test_nor_does_one_that_was_overtaken_while_it_called(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another server: this one does one thing of a run after the other."""
    parent = await stage.at_work()
    read = stage.store.all

    async def overtaken(query: str, **params: Value) -> list[Row]:
        rows = await read(query, **params)
        if query == "list_calls":
            monkeypatch.undo()
            await stage.again(parent.execution_id)
        return rows

    monkeypatch.setattr(stage.store, "all", overtaken)
    with pytest.raises(Conflict) as refused:
        await stage.child(parent)
    assert refused.value.code == "stale_attempt"


async def test_equal_calls_of_one_attempt_are_children_of_their_own(stage: Stage) -> None:
    parent = await stage.at_work()
    children = [(await stage.child(parent))["execution_id"] for _ in range(3)]
    assert len(set(children)) == 3


async def test_a_later_attempt_meets_the_children_in_their_order(stage: Stage) -> None:
    parent = await stage.at_work()
    calls: list[dict[str, Any]] = [
        {"input": {"ticket": "a"}},
        {"input": {"ticket": "b"}},
        {"input": {"ticket": "a"}},
    ]
    first = [(await stage.child(parent, **call))["execution_id"] for call in calls]
    later = await _next_attempt(stage, parent)
    again = [(await stage.child(later, **call))["execution_id"] for call in calls]
    assert again == first
    assert (await stage.child(later, **calls[0]))["execution_id"] not in first
    last = await _next_attempt(stage, later)
    assert (await stage.child(last, **calls[2]))["execution_id"] == first[0]


async def test_another_input_or_target_is_another_child(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.child(parent)
    later = await _next_attempt(stage, parent)
    for call in ({"input": {"ticket": "other"}}, {"target": "refund-agent.free"}):
        other = await stage.child(later, **call)
        assert other["execution_id"] != child["execution_id"]


async def test_a_finished_child_is_met_with_its_result(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.claim_next((await stage.child(parent))["execution_id"])
    await stage.report(child.attempt_id, result=[1])
    later = await _next_attempt(stage, parent)
    assert (await stage.child(later))["result"] == [1]


async def test_own_agents_call_with_a_key(stage: Stage) -> None:
    parent = await stage.at_work()
    key = f"{parent.execution_id}/call.refund-agent.decide_refund.0.1"
    child = await stage.child(parent, idempotency_key=key)
    later = await _next_attempt(stage, parent)
    again = await stage.child(later, idempotency_key=key)
    assert again["execution_id"] == child["execution_id"]
    row = await stage.execution(child["execution_id"])
    assert row["parent_attempt"] == 2
    # Met by its key, it is met: the same call without a key is the next one.
    assert (await stage.child(later))["execution_id"] != child["execution_id"]
    # Known by its key even when its parent is finished meanwhile.
    await stage.report(later.attempt_id)
    assert (await stage.child(later, idempotency_key=key))["execution_id"] == child["execution_id"]


async def test_a_key_may_meet_the_child_of_a_call_without_one(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.child(parent)
    later = await _next_attempt(stage, parent)
    keyed = await stage.child(later, idempotency_key="k")
    assert keyed["execution_id"] == child["execution_id"]
    assert (await stage.child(later, idempotency_key="k"))["execution_id"] == child["execution_id"]


async def test_concurrent_calls_are_told_apart(stage: Stage) -> None:
    parent = await stage.at_work()
    children = await together(*(stage.child(parent) for _ in range(10)))
    assert len({child["execution_id"] for child in children}) == 10
    later = await _next_attempt(stage, parent)
    again = await together(*(stage.child(later) for _ in range(10)))
    assert {a["execution_id"] for a in again} == {c["execution_id"] for c in children}


@pytest.mark.parametrize("later", [False, True])
async def test_a_parent_that_ends_meanwhile_gets_no_child(stage: Stage, later: bool) -> None:
    parent = await stage.at_work()
    if later:
        await stage.child(parent)
        parent = await _next_attempt(stage, parent)
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.report(parent.attempt_id))
    with pytest.raises(Conflict) as refused:
        await stage.child(parent)
    assert (refused.value.code, meanwhile.misses) == ("execution_finished", 1)
    assert len(await stage.store.all("list_executions", limit=9)) == 1 + later


async def test_a_waiting_child_makes_its_parents_wait(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.claim_next((await stage.child(parent))["execution_id"])
    grandchild = await stage.claim_next((await stage.child(child))["execution_id"])
    await stage.ask(grandchild.attempt_id)
    three = [one.execution_id for one in (parent, child, grandchild)]
    assert await stage.statuses(*three) == ["waiting"] * 3
    await stage.report(grandchild.attempt_id, "failed", error="gave up")
    assert await stage.statuses(*three) == ["running", "running", "failed"]


async def test_the_end_of_a_child_wakes_a_parked_parent(stage: Stage) -> None:
    parent = await stage.at_work()
    first = await stage.claim_next((await stage.child(parent))["execution_id"])
    second = await stage.claim_next((await stage.child(parent))["execution_id"])
    await stage.ask(first.attempt_id, "one")
    await stage.ask(second.attempt_id, "two")
    await stage.report(parent.attempt_id, "waiting")
    assert (await stage.execution(parent.execution_id))["dispatch_at"] is None
    await stage.report(first.attempt_id, result=1)
    row = await stage.execution(parent.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())


async def test_children_of_a_finished_parent_go_on(stage: Stage) -> None:
    parent = await stage.at_work()
    child = await stage.claim_next((await stage.child(parent))["execution_id"])
    await stage.report(parent.attempt_id)
    await stage.ask(child.attempt_id)
    assert await stage.statuses(parent.execution_id, child.execution_id) == ["succeeded", "waiting"]
    await stage.report(child.attempt_id)
    tree = await Tree.load(stage.context, child.execution_id)
    assert tree.execution.status == "succeeded"
