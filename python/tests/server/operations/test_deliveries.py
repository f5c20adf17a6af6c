"""The outbox: what becomes of what the server sends."""

from __future__ import annotations

import pytest

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.store import Row
from signoff.server.operations import deliveries, withdrawals
from tests.server.operations.stage import Stage
from tests.server.operations.world import ADMIN, AGENT, together

HOOK = "https://user@hooks.example.com:8443/signoff?token=secret#x"


async def _callback(stage: Stage) -> Row:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    await stage.decide(approval["id"])
    return (await stage.messages("approvalCallback"))[-1]


async def test_a_delivered_callback_is_a_decision_that_was_taken(stage: Stage) -> None:
    message = await _callback(stage)
    assert (await stage.request(message["approval_id"]))["delivered_at"] is None
    stage.clock.advance(3)
    assert await deliveries.mark_delivered(stage.context, message, status=200, resolved=True)
    row = await stage.message(message["id"])
    assert (row["state"], row["attempts"], row["resolved"]) == ("delivered", 1, 1)
    assert row["delivered_at"] == stage.clock.now()
    assert (await stage.request(message["approval_id"]))["delivered_at"] == stage.clock.now()
    assert (await stage.execution(message["execution_id"]))["idle_attempts"] == 0


async def test_a_decision_that_nobody_waited_for_is_given_to_the_next_attempt(
    stage: Stage,
) -> None:
    """The agent was just handing the run back, with another gate still open."""
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    await stage.ask(dispatch.attempt_id, "another")
    await stage.decide(approval["id"])
    (message,) = await stage.messages("approvalCallback")
    assert await deliveries.mark_delivered(stage.context, message, status=200, resolved=False)
    assert (await stage.execution(dispatch.execution_id))["dispatch_at"] is None
    await stage.report(dispatch.attempt_id, "waiting")
    row = await stage.execution(dispatch.execution_id)
    assert (row["status"], row["dispatch_at"]) == ("waiting", stage.clock.now())
    again = await stage.claim_next(dispatch.execution_id)
    assert (await stage.ask(again.attempt_id))["status"] == "approved"


async def test_who_withdrew_a_question_need_not_wait_for_its_answer(stage: Stage) -> None:
    dispatch = await stage.at_work()
    approval = await stage.ask(dispatch.attempt_id)
    await stage.ask(dispatch.attempt_id, "another")
    await withdrawals.cancel_approval_request(stage.context, AGENT, approval["id"], {})
    (message,) = await stage.messages("approvalCallback")
    await deliveries.mark_delivered(stage.context, message, status=200, resolved=False)
    await stage.report(dispatch.attempt_id, "waiting")
    assert (await stage.execution(dispatch.execution_id))["dispatch_at"] is None


async def test_other_messages_are_heard_without_consequence(stage: Stage) -> None:
    dispatch = await stage.at_work()
    await stage.message_to(HOOK, execution_id=dispatch.execution_id)
    (message,) = await stage.messages()
    assert await deliveries.mark_delivered(stage.context, message, status=202)
    row = await stage.message(message["id"])
    assert (row["state"], row["last_status"], row["resolved"]) == ("delivered", 202, None)
    assert (await stage.execution(dispatch.execution_id))["idle_attempts"] == 1


async def test_it_is_delivered_once(stage: Stage) -> None:
    message = await _callback(stage)
    marked = await together(
        *(deliveries.mark_delivered(stage.context, message, status=200) for _ in range(3))
    )
    assert sorted(marked) == [False, False, True]
    failed = await deliveries.mark_failed(stage.context, message, error="late", next_at=1)
    assert not failed
    assert not await deliveries.mark_dropped(stage.context, message)


async def test_a_failed_try_is_put_off(stage: Stage) -> None:
    message = await _callback(stage)
    later = stage.clock.now() + 500
    assert await deliveries.mark_failed(
        stage.context, message, error="answered 500", status=500, next_at=later
    )
    row = await stage.message(message["id"])
    assert (row["state"], row["next_at"], row["attempts"]) == ("pending", later, 1)
    assert (row["last_status"], row["last_error"]) == (500, "answered 500")


async def test_what_is_given_up_is_dead_and_may_be_sent_again(stage: Stage) -> None:
    message = await _callback(stage)
    assert await deliveries.mark_failed(stage.context, message, error="refused", next_at=None)
    assert (await stage.message(message["id"]))["state"] == "dead"
    stage.clock.advance(1000)
    shape = await deliveries.retry_delivery(stage.context, ADMIN, message["id"])
    assert (shape["state"], shape["attempts"], shape["last_error"]) == ("pending", 1, "refused")
    assert (await stage.message(message["id"]))["next_at"] == stage.clock.now()


async def test_a_pending_one_is_due_at_once(stage: Stage) -> None:
    message = await _callback(stage)
    await deliveries.mark_failed(stage.context, message, error="x", next_at=stage.clock.now() + 900)
    shape = await deliveries.retry_delivery(stage.context, ADMIN, message["id"])
    assert shape["state"] == "pending"
    assert (await stage.message(message["id"]))["next_at"] == stage.clock.now()


async def test_what_is_done_is_not_sent_again(stage: Stage) -> None:
    delivered, dropped = await _callback(stage), await _callback(stage)
    await deliveries.mark_delivered(stage.context, delivered, status=204)
    await deliveries.mark_dropped(stage.context, dropped)
    for message, state in ((delivered, "delivered"), (dropped, "dropped")):
        with pytest.raises(Conflict, match=f"the delivery is {state}") as refused:
            await deliveries.retry_delivery(stage.context, ADMIN, message["id"])
        assert refused.value.code == "delivery_not_retryable"
    with pytest.raises(NotFound, match="there is no delivery msg_0"):
        await deliveries.retry_delivery(stage.context, ADMIN, "msg_0")


async def test_a_listing_shows_no_secret_of_an_address(stage: Stage) -> None:
    dispatch = await stage.at_work()
    change = {"execution_id": dispatch.execution_id}
    row = await stage.execution(dispatch.execution_id)
    assert row["webhook_url"] is None
    await stage.message_to(HOOK, **change)
    page = await deliveries.list_deliveries(stage.context, ADMIN)
    (shown,) = page["items"]
    assert shown["url"] == "https://hooks.example.com:8443/signoff"
    assert {"body", "resolved", "last_status", "delivered_at"}.isdisjoint(shown)


async def test_lists_are_filtered_and_paged(stage: Stage) -> None:
    first, second, third = [await _callback(stage) for _ in range(3)]
    await deliveries.mark_delivered(stage.context, second, status=200, resolved=False)
    page = await deliveries.list_deliveries(stage.context, ADMIN, limit=2)
    assert [item["id"] for item in page["items"]] == [third["id"], second["id"]]
    assert page["items"][1]["resolved"] is False
    rest = await deliveries.list_deliveries(stage.context, ADMIN, cursor=page["next_cursor"])
    assert [item["id"] for item in rest["items"]] == [first["id"]]
    by_state = await deliveries.list_deliveries(stage.context, ADMIN, state="delivered")
    assert [item["id"] for item in by_state["items"]] == [second["id"]]
    of = await deliveries.list_deliveries(stage.context, ADMIN, execution_id=third["execution_id"])
    assert [item["id"] for item in of["items"]] == [third["id"]]
    with pytest.raises(Refusal, match="not a cursor of this list"):
        await deliveries.list_deliveries(stage.context, ADMIN, cursor="x")
