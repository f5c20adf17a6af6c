"""What agents report of their attempts."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.principal import Principal, Role
from signoff.server.operations import cancellations, leases
from tests.server.operations.stage import Meanwhile, Stage
from tests.server.operations.world import ADMIN, AGENT, CLIENT, NODE, REVIEWER, together

NOTIFY = "https://hooks.example.com/signoff"


async def test_success_ends_the_execution(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stage.clock.advance(420)
    shape = await stage.report(dispatch.attempt_id, result={"n": 12345678901234567890123})
    assert (shape["status"], shape["result"]) == ("succeeded", {"n": 12345678901234567890123})
    assert (shape["running_ms"], shape["duration_ms"]) == (420, 420)
    row = await stage.execution(dispatch.execution_id)
    assert (row["lease_instance"], row["dispatch_at"], row["timeout_at"]) == (None, None, None)
    assert (await stage.types(dispatch.execution_id))[-1] == "execution.succeeded"


async def test_a_success_without_a_result_has_the_result_null(stage: Stage) -> None:
    dispatch = await stage.at_work()
    shape = await stage.report(dispatch.attempt_id, error="left over", error_details={"a": 1})
    assert shape["result"] is None
    assert "error" not in shape
    assert "error_details" not in shape


async def test_a_failure_says_why(stage: Stage) -> None:
    dispatch = await stage.at_work()
    shape = await stage.report(
        dispatch.attempt_id,
        "failed",
        error="ValueError: no such account",
        error_details={"type": "ValueError"},
        status_reason="reasoner_raised",
        result={"partial": True},
    )
    assert (shape["status"], shape["error"]) == ("failed", "ValueError: no such account")
    assert (shape["error_details"], shape["result"]) == ({"type": "ValueError"}, {"partial": True})
    assert shape["status_reason"] == "reasoner_raised"


async def test_a_failure_may_say_nothing(stage: Stage) -> None:
    dispatch = await stage.at_work()
    shape = await stage.report(dispatch.attempt_id, "failed", error_details=None)
    assert {"result", "error", "error_details", "status_reason"}.isdisjoint(shape)


@pytest.mark.parametrize(
    "first, same",
    [
        ({"result": {"a": 1, "b": 2.0}}, {"result": {"b": 2, "a": 1}, "duration_ms": 7}),
        ({}, {"result": None}),
        ({"status": "failed", "error": "x"}, {"status": "failed", "error": "x"}),
        (
            {"status": "failed", "error": "x", "error_details": {"a": 1, "b": 2}},
            {"status": "failed", "error": "x", "error_details": {"b": 2, "a": 1}},
        ),
    ],
)
async def test_the_same_end_again_is_no_news(
    stage: Stage, first: dict[str, Any], same: dict[str, Any]
) -> None:
    dispatch = await stage.at_work()
    shape = await stage.report(dispatch.attempt_id, **first)
    stage.clock.advance(1000)
    assert await stage.report(dispatch.attempt_id, **same) == shape


async def test_a_failure_with_other_details_is_another_end(stage: Stage) -> None:
    dispatch = await stage.at_work()
    failure: dict[str, Any] = {"status": "failed", "error": "x"}
    await stage.report(dispatch.attempt_id, **failure, error_details={"a": 1})
    for other in (failure | {"error_details": {"a": 2}}, failure):
        with pytest.raises(Conflict) as refused:
            await stage.report(dispatch.attempt_id, **other)
        assert refused.value.code == "execution_finished"


@pytest.mark.parametrize(
    "other",
    [
        {"result": 2},
        {"status": "failed", "error": "x"},
        {"status": "running"},
        {"status": "waiting"},
        {"status": "cancelled"},
    ],
)
async def test_another_end_is_refused(stage: Stage, other: dict[str, Any]) -> None:
    dispatch = await stage.at_work()
    await stage.report(dispatch.attempt_id, result=1)
    with pytest.raises(Conflict) as refused:
        await stage.report(dispatch.attempt_id, **other)
    assert refused.value.code == "execution_finished"
    assert refused.value.extra["execution"]["status"] == "succeeded"


async def test_a_failure_with_another_error_is_another_end(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.report(dispatch.attempt_id, "failed", error="x")
    for other in ({"error": "y"}, {"error": "x", "result": 1}):
        with pytest.raises(Conflict, match="the execution is failed"):
            await stage.report(dispatch.attempt_id, "failed", **other)


async def test_only_the_agent_of_the_node_reports(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stranger = Principal("key_other", Role.AGENT, nodes=frozenset({"other-agent"}))
    for who in (stranger, CLIENT, REVIEWER):
        with pytest.raises(Refusal) as refused:
            await stage.report(dispatch.attempt_id, by=who)
        assert refused.value.code == "forbidden"
    assert (await stage.report(dispatch.attempt_id, by=ADMIN))["status"] == "succeeded"


async def test_an_older_attempt_is_fenced_off(stage: Stage) -> None:
    first = await stage.at_work()
    await leases.end_lease(stage.context, first.execution_id, first.attempt)
    second = await stage.claim_next(first.execution_id)
    for status in ("running", "waiting", "succeeded", "failed", "cancelled"):
        with pytest.raises(Conflict) as refused:
            await stage.report(first.attempt_id, status)
        assert refused.value.code == "stale_attempt"
    with pytest.raises(NotFound):
        await stage.report(f"{first.execution_id}~3")
    assert (await stage.report(second.attempt_id))["attempt"] == 2


async def test_a_report_that_overtakes_the_requeue_counts(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await leases.end_lease(stage.context, dispatch.execution_id, dispatch.attempt)
    assert await stage.statuses(dispatch.execution_id) == ["queued"]
    assert (await stage.report(dispatch.attempt_id))["status"] == "succeeded"


async def test_before_the_first_dispatch_the_bare_id_is_the_attempt(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start())["execution_id"]
    assert (await stage.report(execution_id, "running"))["status"] == "queued"
    assert (await stage.report(execution_id, "cancelled"))["status"] == "queued"
    assert (await stage.report(execution_id, "succeeded"))["status"] == "succeeded"


async def test_a_sign_of_life_renews_the_lease(stage: Stage) -> None:
    dispatch = await stage.at_work()
    stage.clock.advance_monotonic(20_000)
    before = await stage.execution(dispatch.execution_id)
    assert (await stage.report(dispatch.attempt_id, "running"))["status"] == "running"
    assert await stage.execution(dispatch.execution_id) == before
    assert stage.liveness.lease_left_ms(dispatch.instance) == 30_000


async def test_the_end_of_a_waiting_run_closes_its_questions(stage: Stage) -> None:
    stage = Stage(stage.store, notify_url=NOTIFY)
    dispatch = await stage.at_work()
    asked = [await stage.ask(dispatch.attempt_id, own_id) for own_id in ("one", "two")]
    shape = await stage.report(dispatch.attempt_id, result="its own time was over")
    assert (shape["status"], shape["pending_approvals"]) == ("succeeded", [])
    for approval in asked:
        row = await stage.request(approval["id"])
        assert (row["status"], row["status_reason"]) == ("cancelled", "execution_finished")
    told = await stage.messages("approval.cancelled")
    assert [message["approval_id"] for message in told] == [one["id"] for one in asked]
    assert told[0]["body"]["data"]["event_head"] == shape["event_head"]
    types = await stage.types(dispatch.execution_id)
    assert types[-3:] == ["approval.cancelled", "approval.cancelled", "execution.succeeded"]


async def test_a_report_and_a_question_at_once(stage: Stage) -> None:
    dispatch = await stage.at_work()
    answers = await together(
        stage.report(dispatch.attempt_id, result=1), stage.ask(dispatch.attempt_id, principal=AGENT)
    )
    rows = await stage.store.all(
        "list_execution_requests", execution_id=dispatch.execution_id, pending=1
    )
    assert (await stage.statuses(dispatch.execution_id), rows) == (["succeeded"], [])
    assert answers[0]["status"] == "succeeded"
    await stage.events(dispatch.execution_id)


async def test_two_ends_at_once_are_one(stage: Stage) -> None:
    for _ in range(10):
        dispatch = await stage.at_work()
        answers = await together(
            stage.report(dispatch.attempt_id, result=1),
            stage.report(dispatch.attempt_id, "failed", error="x"),
        )
        won = [answer for answer in answers if isinstance(answer, dict)]
        lost = [answer for answer in answers if isinstance(answer, Conflict)]
        assert (len(won), lost[0].code) == (1, "execution_finished")
        assert lost[0].extra["execution"]["status"] == won[0]["status"]


async def test_an_end_in_another_process_wins_too(stage: Stage) -> None:
    dispatch = await stage.at_work()
    elsewhere = Stage(stage.store)
    meanwhile = Meanwhile(stage, lambda: elsewhere.report(dispatch.attempt_id, "failed"))
    with pytest.raises(Conflict) as refused:
        await stage.report(dispatch.attempt_id, result=1)
    assert (refused.value.code, meanwhile.misses) == ("execution_finished", 1)


async def test_who_asked_is_told_of_the_end(stage: Stage) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    dispatch = await stage.at_work(webhook={"url": NOTIFY, "secret": secret})
    shape = await stage.report(dispatch.attempt_id, result=1)
    (message,) = await stage.messages()
    assert (message["kind"], message["url"]) == ("execution.finished", NOTIFY)
    assert message["body"]["data"] == shape
    assert secret not in str(message)


async def test_waiting_releases_the_lease(stage: Stage) -> None:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    shape = await stage.report(dispatch.attempt_id, "waiting")
    row = await stage.execution(dispatch.execution_id)
    assert (shape["status"], row["lease_instance"], row["dispatch_at"]) == ("waiting", None, None)
    # The next decision dispatches it.
    await stage.decide(approval["id"])
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", stage.clock.now())
    assert await stage.messages("approvalCallback") == []


async def test_a_release_with_an_untold_decision_is_dispatched_at_once(stage: Stage) -> None:
    dispatch = await stage.at_work()
    first = await stage.ask(dispatch.attempt_id, "one")
    await stage.ask(dispatch.attempt_id, "two")
    await stage.decide(first["id"])
    (callback,) = await stage.messages("approvalCallback")
    assert callback["state"] == "pending"
    await stage.report(dispatch.attempt_id, "waiting")
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())
    (callback,) = await stage.messages("approvalCallback")
    assert callback["state"] == "dropped"


async def test_a_release_of_a_running_run_queues_it(stage: Stage) -> None:
    dispatch = await stage.at_work()
    assert (await stage.report(dispatch.attempt_id, "waiting"))["status"] == "queued"
    again = await stage.claim_next(dispatch.execution_id)
    assert again.attempt_id == f"{dispatch.execution_id}~2"


async def test_cancelled_for_a_run_that_nobody_cancelled_hands_it_back(stage: Stage) -> None:
    dispatch = await stage.at_work()
    shape = await stage.report(dispatch.attempt_id, "cancelled", status_reason="shutdown")
    assert (shape["status"], "completed_at" in shape) == ("queued", False)
    # The same again finds nothing left to hand back.
    assert (await stage.report(dispatch.attempt_id, "cancelled"))["status"] == "queued"
    assert (await stage.types(dispatch.execution_id))[-1] == "execution.requeued"


async def test_a_paused_run_that_is_handed_back_stays_parked(stage: Stage) -> None:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    shape = await stage.report(dispatch.attempt_id, "cancelled")
    assert (shape["status"], shape["pending_approvals"]) == ("waiting", [approval["id"]])


async def test_cancelled_after_a_cancel_is_what_was_asked_for(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await cancellations.cancel_execution(stage.context, CLIENT, dispatch.execution_id)
    shape = await stage.report(dispatch.attempt_id, "cancelled", error="CancelledError", result=1)
    assert (shape["status"], "error" in shape) == ("cancelled", False)
    with pytest.raises(Conflict, match="the execution is cancelled"):
        await stage.report(dispatch.attempt_id, "succeeded", result=1)


async def test_attempts_that_come_to_nothing_are_exhausted(stage: Stage) -> None:
    await stage.register()
    execution_id = (await stage.start(max_attempts=3))["execution_id"]
    for attempt in (1, 2):
        dispatch = await stage.claim_next(execution_id)
        assert (await stage.report(dispatch.attempt_id, "cancelled"))["attempt"] == attempt
    dispatch = await stage.claim_next(execution_id)
    shape = await stage.report(dispatch.attempt_id, "cancelled")
    assert (shape["status"], shape["status_reason"]) == ("failed", "attempts_exhausted")
    assert shape["error"] == "3 attempts in a row ended without a new step or decision"
    assert shape["error_details"] == {"attempts": 3}


async def test_a_parked_run_is_not_exhausted(stage: Stage) -> None:
    dispatch = await stage.at_work(max_attempts=1)
    approval = await stage.ask(dispatch.attempt_id)
    assert (await stage.report(dispatch.attempt_id, "waiting"))["status"] == "waiting"
    await stage.decide(approval["id"])
    again = await stage.claim_next(dispatch.execution_id)
    assert (await stage.ask(again.attempt_id))["status"] == "approved"
    assert (await stage.report(again.attempt_id))["status"] == "succeeded"


async def test_an_untold_decision_keeps_a_run_from_being_exhausted(stage: Stage) -> None:
    dispatch = await stage.at_work(max_attempts=1)
    approval = await stage.ask(dispatch.attempt_id)
    await stage.decide(approval["id"])
    assert (await stage.execution(dispatch.execution_id))["node_id"] == NODE
    assert (await stage.report(dispatch.attempt_id, "cancelled"))["status"] == "queued"


@pytest.mark.parametrize("gates", [1, 2])
async def test_a_decision_that_no_attempt_takes_does_not_keep_a_run_going_for_ever(
    stage: Stage, gates: int
) -> None:
    """A process that dies whenever it is given the run, with or without another gate pending."""
    dispatch = await stage.at_work(max_attempts=2)
    approvals = [await stage.ask(dispatch.attempt_id, f"gate-{n}") for n in range(gates)]
    await stage.decide(approvals[0]["id"])
    for _ in range(3):
        await stage.report(dispatch.attempt_id, "cancelled")
        if (row := await stage.execution(dispatch.execution_id))["dispatch_at"] is None:
            break
        dispatch = await stage.claim_next(dispatch.execution_id)
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["status_reason"]) == ("failed", "attempts_exhausted")
    assert (row["attempt"], row["pending_own"]) == (3, 0)
