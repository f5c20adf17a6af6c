"""Cancelling a run: it, everything below it and their questions, in one change."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound
from signoff.server.domain.principal import Principal
from signoff.server.operations import cancellations
from tests.server.operations.stage import Meanwhile, Stage
from tests.server.operations.world import CLIENT, seen, together

HOOK = {"url": "https://hooks.example.com/signoff"}


async def _cancel(
    stage: Stage, execution_id: str, reason: str | None = None, by: Principal = CLIENT
) -> dict[str, Any]:
    body = None if reason is None else {"reason": reason}
    shape = await cancellations.cancel_execution(stage.context, by, execution_id, body)
    shown: dict[str, Any] = seen(shape)
    return shown


async def test_a_queued_run_is_cancelled(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start())["execution_id"]
    shape = await _cancel(stage, execution_id, "the order was withdrawn")
    assert (shape["status"], shape["status_reason"]) == ("cancelled", "the order was withdrawn")
    assert (await stage.execution(execution_id))["dispatch_at"] is None
    assert await stage.messages() == []


async def test_the_agent_that_holds_it_is_told(stage: Stage) -> None:
    dispatch = await stage.at_work(webhook=HOOK)
    shape = await _cancel(stage, dispatch.execution_id, "too late")
    notice, told = sorted(await stage.messages(), key=lambda message: str(message["kind"]))
    assert notice["kind"] == "cancelAgentExecution"
    assert notice["body"] == {"execution_id": dispatch.attempt_id, "reason": "too late"}
    assert notice["instance_id"] == "i-1"
    assert (told["kind"], told["body"]["data"]) == ("execution.finished", shape)


async def test_its_question_is_withdrawn_with_it(stage: Stage) -> None:
    stage = Stage(stage.store, notify_url="https://hooks.example.com/notify")
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    assert (await _cancel(stage, dispatch.execution_id))["pending_approvals"] == []
    row = await stage.request(approval["id"])
    assert (row["status"], row["status_reason"]) == ("cancelled", "execution_finished")
    assert len(await stage.messages("approval.cancelled")) == 1
    with pytest.raises(Conflict) as refused:
        await stage.decide(approval["id"])
    assert refused.value.code == "already_decided"


async def test_an_answer_on_its_way_is_dropped(stage: Stage) -> None:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    await stage.decide(approval["id"])
    await _cancel(stage, dispatch.execution_id)
    (callback,) = await stage.messages("approvalCallback")
    assert callback["state"] == "dropped"


async def test_a_whole_tree_is_cancelled(stage: Stage) -> None:
    root = await stage.at_work()
    child = await stage.claim_next((await stage.child(root))["execution_id"])
    queued = await stage.child(child)
    grandchild = await stage.claim_next((await stage.child(child))["execution_id"])
    done = await stage.claim_next((await stage.child(root))["execution_id"])
    await stage.report(done.attempt_id, result=1)
    approval = await stage.ask(grandchild.attempt_id)
    await _cancel(stage, root.execution_id, "stop")
    ids = [root.execution_id, child.execution_id, queued["execution_id"], grandchild.execution_id]
    assert await stage.statuses(*ids, done.execution_id) == ["cancelled"] * 4 + ["succeeded"]
    reasons = [(await stage.execution(one))["status_reason"] for one in ids]
    assert reasons == ["stop", "parent_cancelled", "parent_cancelled", "parent_cancelled"]
    assert (await stage.request(approval["id"]))["status"] == "cancelled"
    assert len(await stage.messages("cancelAgentExecution")) == 3
    for one in (*ids, done.execution_id):
        await stage.events(one)


async def test_those_above_go_on(stage: Stage) -> None:
    root = await stage.at_work()
    child = await stage.claim_next((await stage.child(root))["execution_id"])
    await stage.ask(child.attempt_id)
    assert await stage.statuses(root.execution_id) == ["waiting"]
    await _cancel(stage, child.execution_id)
    assert await stage.statuses(root.execution_id, child.execution_id) == ["running", "cancelled"]


async def test_a_child_below_a_finished_one_is_cancelled_too(stage: Stage) -> None:
    root = await stage.at_work()
    child = await stage.claim_next((await stage.child(root))["execution_id"])
    grandchild = await stage.claim_next((await stage.child(child))["execution_id"])
    await stage.report(child.attempt_id)
    await _cancel(stage, root.execution_id)
    assert await stage.statuses(child.execution_id, grandchild.execution_id) == [
        "succeeded",
        "cancelled",
    ]


async def test_cancelling_again_is_no_news(stage: Stage) -> None:
    dispatch = await stage.at_work()
    first = await _cancel(stage, dispatch.execution_id, "once")
    stage.clock.advance(5)
    assert await _cancel(stage, dispatch.execution_id, "twice") == first


async def test_what_ended_otherwise_is_not_cancelled(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.report(dispatch.attempt_id)
    with pytest.raises(Conflict) as refused:
        await _cancel(stage, dispatch.execution_id)
    assert refused.value.code == "execution_finished"
    assert refused.value.extra["execution"]["status"] == "succeeded"
    with pytest.raises(NotFound):
        await _cancel(stage, "exec_0")


async def test_a_child_that_is_started_meanwhile_is_not_left_behind(stage: Stage) -> None:
    root = await stage.at_work()
    elsewhere = Stage(stage.store)
    started: list[str] = []

    async def act() -> None:
        started.append((await elsewhere.child(root))["execution_id"])

    meanwhile = Meanwhile(stage, act)
    await _cancel(stage, root.execution_id)
    assert await stage.statuses(*started) == ["cancelled"]
    assert meanwhile.misses == 1


async def test_a_cancellation_and_an_end_at_once_are_one(stage: Stage) -> None:
    for _ in range(10):
        dispatch = await stage.at_work()
        approval = await stage.ask(dispatch.attempt_id)
        await together(
            _cancel(stage, dispatch.execution_id),
            stage.report(dispatch.attempt_id, result=1),
            stage.decide(approval["id"]),
        )
        row = await stage.execution(dispatch.execution_id)
        kinds = (await stage.types(dispatch.execution_id))[1:]
        assert row["status"] in ("cancelled", "succeeded")
        assert sum(kind in ("execution.cancelled", "execution.succeeded") for kind in kinds) == 1
        assert (await stage.request(approval["id"]))["status"] in ("approved", "cancelled")


async def test_a_crash_in_the_middle_leaves_the_tree_as_it_was(stage: Stage) -> None:
    root = await stage.at_work()
    child = await stage.claim_next((await stage.child(root))["execution_id"])
    await stage.ask(child.attempt_id)

    def crash() -> None:
        raise OSError("killed")

    stage.store.fail_points.before_commit = crash  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="does not answer"):
        await _cancel(stage, root.execution_id)
    stage.store.fail_points.before_commit = lambda: None  # type: ignore[attr-defined]
    assert await stage.statuses(root.execution_id, child.execution_id) == ["waiting", "waiting"]
    assert await stage.messages() == []
    await _cancel(stage, root.execution_id)
    assert await stage.statuses(root.execution_id, child.execution_id) == ["cancelled"] * 2
