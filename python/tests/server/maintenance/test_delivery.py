"""The delivery of the outbox: signed, retried by the clock, never held up by another target."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance import delivery, lanes
from signoff.server.maintenance.backoff import Backoff
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.operations import cancellations, deliveries
from signoff.server.store.sqlite import SqliteStore
from signoff.webhook import verify_webhook
from tests.server.maintenance.house import NOTIFY_SECRET, House, said
from tests.server.maintenance.stand_in import StandIn, answer, hang, reset, stand_in
from tests.server.operations.world import ADMIN, CLIENT, HOUR

CALLBACK = "approvalCallback"
CANCEL = "cancelAgentExecution"
FINISHED = "execution.finished"
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
RECEIVED = answer(200, b'{"status": "received", "resolved": true}')


@pytest.fixture(autouse=True)
def _whole_delays(house: House) -> None:
    """Delays without chance: 500 ms, doubled each time, up to 5 minutes."""
    house.maintenance._outgoing.delivery._backoff = Backoff(500, 300_000)


async def decided(house: House, agent: StandIn) -> tuple[str, str]:
    """An execution whose agent waits, and the request that was just approved."""
    execution_id = await house.handed(agent, timeout_seconds=604_800)
    request = await house.ask(execution_id)
    await house.decide(request["id"], feedback="fine")
    return execution_id, request["id"]


def allowing(store: SqliteStore) -> House:
    """A server whose operator lets webhooks come to this machine."""
    hosts = frozenset({"127.0.0.1"})
    return House(store, HttpClient(allowed_hosts=hosts), allowed_hosts=hosts)


async def finished(house: House, url: str, **webhook: Any) -> str:
    """An execution that came to its end, and whoever asked for it is to be told."""
    await house.register(base_url="http://127.0.0.1:9")
    started = await house.start(webhook={"url": url, **webhook})
    execution_id: str = started["execution_id"]
    await house.claim_next(execution_id)
    await house.report(execution_id, result=1)
    return execution_id


async def test_a_decision_is_sent_to_the_agent_at_once(house: House, agent: StandIn) -> None:
    execution_id, request_id = await decided(house, agent)
    agent.respond = RECEIVED
    await house.settle()
    [heard] = agent.heard
    message = await house.message(CALLBACK)
    assert heard.path == "/webhooks/approval"
    assert said(heard) == message["body"]
    assert said(heard)["decision"] == "approved"
    assert said(heard)["execution_id"] == execution_id
    assert await house.check_signature(heard) == message["id"]
    assert (message["state"], message["attempts"], message["last_status"]) == ("delivered", 1, 200)
    assert message["resolved"] == 1
    assert (await house.request(request_id))["delivered_at"] == house.clock.now()
    assert house.tally.deliveries == [(CALLBACK, "delivered")]
    assert house.tally.waited == [0.0]


@pytest.mark.parametrize(
    "body, resolved",
    [
        (b'{"status": "received", "resolved": false}', 0),
        (b'{"status": "received"}', None),
        (b'{"resolved": "yes"}', None),
        (b"[]", None),
        (b"", None),
        (b"<html>", None),
        (b"[" + b"1," * 40_000 + b"1]", None),
    ],
)
async def test_any_2xx_ends_it_whatever_it_says(
    house: House, agent: StandIn, body: bytes, resolved: int | None
) -> None:
    await decided(house, agent)
    agent.respond = answer(202, body)
    await house.settle()
    message = await house.message(CALLBACK)
    assert (message["state"], message["resolved"]) == ("delivered", resolved)


@pytest.mark.one_engine
@pytest.mark.parametrize("respond", [answer(500), answer(302, Location="/"), answer(401), reset])
async def test_a_callback_is_retried_with_growing_delays_for_as_long_as_it_is_waited_for(
    house: House, agent: StandIn, respond: Any
) -> None:
    await decided(house, agent)
    agent.respond = respond
    begin = house.clock.now()
    await house.settle()
    times = [0]
    for _ in range(12):
        await house.beat()
        message = await house.message(CALLBACK)
        assert message["state"] == "pending"
        await house.control.set_clock(message["next_at"])
        times.append(house.clock.now() - begin)
    delays = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000]
    assert times == [sum(delays[:n]) for n in range(11)] + [
        sum(delays) + 300_000 * n for n in (1, 2)
    ]
    assert len(agent.heard) == 13
    assert len({heard.headers["webhook-id"] for heard in agent.heard}) == 1
    await house.check_signature(agent.heard[-1])
    await house.control.advance_clock(48 * HOUR)
    assert (await house.message(CALLBACK))["state"] == "pending"
    agent.respond = RECEIVED
    await house.control.advance_clock(300_000)
    assert (await house.message(CALLBACK))["state"] == "delivered"
    assert house.tally.waited == [(house.clock.now() - begin) / 1000]


@pytest.mark.one_engine
async def test_a_callback_that_no_lease_bounds_is_given_up_after_a_day(
    house: House, agent: StandIn
) -> None:
    """Of a cancelled run of a foreign agent, which is told so that its waiter goes away."""
    await house.join(agent, own=False)
    execution_id = (await house.start())["execution_id"]
    await house.settle()
    await house.ask(execution_id)
    agent.respond = answer(500)
    await cancellations.cancel_execution(house.context, CLIENT, execution_id)
    await house.control.advance_clock(23 * HOUR)
    assert (await house.message(CALLBACK))["state"] == "pending"
    await house.control.advance_clock(2 * HOUR)
    assert (await house.message(CALLBACK))["state"] == "dead"


async def test_what_went_wrong_is_written_down(house: House, agent: StandIn) -> None:
    await decided(house, agent)
    agent.script = [answer(503, b"secret"), reset]
    await house.settle()
    message = await house.message(CALLBACK)
    assert (message["last_status"], message["last_error"]) == (503, "answered 503")
    await house.control.advance_clock(500)
    message = await house.message(CALLBACK)
    assert message["last_status"] is None
    assert message["last_error"] == "the connection was lost before the answer"


async def test_a_target_that_redirects_is_not_followed_and_asked_again(
    house: House, agent: StandIn
) -> None:
    await decided(house, agent)
    agent.script = [answer(307, Location=f"{agent.base_url}/elsewhere")]
    await house.settle()
    [heard] = agent.heard
    message = await house.message(CALLBACK)
    assert (message["last_status"], message["state"]) == (307, "pending")
    agent.respond = RECEIVED
    await house.control.advance_clock(500)
    assert [each.path for each in agent.heard] == [heard.path] * 2
    assert (await house.message(CALLBACK))["state"] == "delivered"


async def test_nobody_listening_is_written_down(house: House) -> None:
    async with stand_in() as agent:
        await decided(house, agent)
    await house.settle()
    assert (await house.message(CALLBACK))["last_error"] == "nobody listens there"


async def test_a_returning_heartbeat_brings_the_callback_at_once(
    house: House, agent: StandIn
) -> None:
    await decided(house, agent)
    agent.script = [reset] * 8
    await house.control.advance_clock(127_499)
    assert len(agent.heard) == 8
    house.clock.advance_monotonic(20_000)
    await house.beat()
    await house.settle()
    assert len(agent.heard) == 9
    assert (await house.message(CALLBACK))["state"] == "delivered"


async def test_the_end_of_the_lease_drops_the_callback(house: House, agent: StandIn) -> None:
    execution_id, _ = await decided(house, agent)
    agent.respond = answer(500)
    await house.settle()
    agent.respond = hang
    await house.control.advance_leases(30_000)
    assert (await house.message(CALLBACK))["state"] == "dropped"
    assert await house.statuses(execution_id) == ["queued"]
    await house.control.advance_clock(HOUR)
    assert len(agent.heard) == 1


async def test_an_answer_must_come_within_ten_seconds(house: House, agent: StandIn) -> None:
    await decided(house, agent)
    agent.script = [hang, RECEIVED]
    await house.maintenance.run_due()
    await agent.until_heard(1)
    begin = house.clock.now()
    assert await house.maintenance.next_due() == begin + 10_000
    house.clock.advance(9_999)
    await house.maintenance.run_due()
    assert agent.open == 1
    house.clock.advance(1)
    await house.settle()
    await agent.until(lambda: agent.open == 0)
    message = await house.message(CALLBACK)
    assert message["last_error"] == "no answer within 10 s"
    await house.control.set_clock(message["next_at"])
    assert (await house.message(CALLBACK))["state"] == "delivered"


async def test_a_target_that_hangs_holds_up_no_other(
    store: SqliteStore, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PER_TARGET", 4)
    house = allowing(store)
    async with stand_in() as other:
        agent.respond = hang
        for _ in range(10):
            await finished(house, f"{agent.base_url}/hook")
        await finished(house, f"{other.base_url}/hook")
        await house.maintenance.run_due()
        await other.until_heard(1)
        await agent.until_heard(4)
        await house.maintenance.run_due()
        assert agent.open == 4
        # After a failure it is tried with one at a time, until one arrives.
        house.clock.advance(10_000)
        await house.maintenance.run_due()
        if calls := house.maintenance._outgoing.delivery.calls:  # they may be recorded by now
            await asyncio.wait(calls)
        await house.maintenance.run_due()
        await agent.until(lambda: len(agent.heard) == 5 and agent.open == 1)
        agent.respond = answer(200)
        house.clock.advance(10_000)
        await house.settle()
        states = [row["state"] for row in await house.messages(FINISHED)]
        assert states.count("delivered") == 10
    await house.maintenance.stop()


async def test_a_message_that_was_dropped_while_it_waited_is_not_sent(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "PER_TARGET", 1)
    execution_id = await house.handed(agent)
    for own_id in ("one", "two"):
        request = await house.ask(execution_id, own_id)
        await house.decide(request["id"])
    agent.script = [hang]
    await house.maintenance.run_due()
    await agent.until_heard(1)
    await house.report(execution_id, result=1)
    house.clock.advance(10_000)
    await house.settle()
    assert len(agent.heard) == 1
    assert [row["state"] for row in await house.messages(CALLBACK)] == ["dropped", "dropped"]


async def test_a_cancel_notice_is_sent_until_it_is_heard(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent, timeout_seconds=1)
    agent.script = [answer(500)]
    await house.control.advance_clock(1_000)
    assert await house.statuses(execution_id) == ["timeout"]
    await house.control.advance_clock(500)
    first, second = agent.heard
    assert first.path == second.path == f"/_internal/executions/{execution_id}/cancel"
    assert await house.check_signature(second) == (await house.message(CANCEL))["id"]
    assert house.tally.deliveries == [(CANCEL, "failed"), (CANCEL, "delivered")]


async def test_what_is_not_in_hand_needs_no_cancelling(house: House, agent: StandIn) -> None:
    await house.handed(agent, timeout_seconds=1)
    agent.respond = answer(404)
    await house.control.advance_clock(1_000)
    message = await house.message(CANCEL)
    assert (message["state"], message["last_status"]) == ("delivered", 404)


async def test_a_cancel_notice_for_a_process_that_is_gone_is_dropped(house: House) -> None:
    async with stand_in() as agent:
        await house.handed(agent, timeout_seconds=1)
    await house.control.advance_clock(1_000)
    assert (await house.message(CANCEL))["state"] == "pending"
    await house.control.advance_leases(30_000)
    await house.control.advance_clock(HOUR)
    assert (await house.message(CANCEL))["state"] == "dropped"
    assert house.tally.deliveries[-1] == (CANCEL, "dropped")


async def test_the_end_is_told_to_who_asked_to_be_told(store: SqliteStore, agent: StandIn) -> None:
    house = allowing(store)
    await finished(house, f"{agent.base_url}/hook?a=b", secret=WEBHOOK_SECRET)
    await house.settle()
    [heard] = agent.heard
    assert heard.path == "/hook?a=b"
    verify_webhook(heard.headers, heard.body, [WEBHOOK_SECRET], house.clock.now() / 1000)
    assert said(heard)["data"]["status"] == "succeeded"
    await house.maintenance.stop()


async def test_without_a_secret_it_is_unsigned(store: SqliteStore, agent: StandIn) -> None:
    house = allowing(store)
    await finished(house, f"{agent.base_url}/hook")
    await house.settle()
    [heard] = agent.heard
    assert heard.headers["webhook-id"] == (await house.message(FINISHED))["id"]
    assert "webhook-signature" not in heard.headers
    await house.maintenance.stop()


async def test_a_secret_that_is_none_is_an_error_of_the_message(
    store: SqliteStore, agent: StandIn
) -> None:
    house = allowing(store)
    await finished(house, f"{agent.base_url}/hook", secret="whsec_" + "a" * 33)
    await house.settle()
    assert agent.heard == []
    assert "whsec_<base64>" in (await house.message(FINISHED))["last_error"]
    await house.maintenance.stop()


async def test_a_public_webhook_does_not_reach_inside(house: House, agent: StandIn) -> None:
    # As when the host was allowed when it was accepted, or resolved to something else then.
    execution_id = await house.running(webhook_url=f"{agent.base_url}/hook")
    await house.report(execution_id, by=ADMIN, result=1)
    await house.settle()
    assert agent.heard == []
    assert (await house.message(FINISHED))["last_error"] == "may not connect: it is not public"


@pytest.fixture
async def notifying(store: SqliteStore, http: HttpClient, agent: StandIn) -> House:
    return House(store, http, notify_url=f"{agent.base_url}/notify")


async def test_the_subscriber_is_told_of_every_request(notifying: House, agent: StandIn) -> None:
    request = await notifying.create()
    await notifying.settle()
    await notifying.decide(request["id"])
    await notifying.settle()
    assert [said(heard)["type"] for heard in agent.heard] == [
        "approval.requested",
        "approval.decided",
    ]
    for heard in agent.heard:
        verify_webhook(heard.headers, heard.body, [NOTIFY_SECRET], notifying.clock.now() / 1000)
    await notifying.maintenance.stop()


@pytest.mark.one_engine
async def test_after_a_day_a_notification_is_dead_and_an_admin_may_retry_it(
    notifying: House, agent: StandIn
) -> None:
    notifying.maintenance._outgoing.delivery._backoff = Backoff(500, 300_000)
    agent.respond = answer(410)
    await notifying.create(expires_in_hours=100)
    await notifying.control.advance_clock(24 * HOUR - 300_000)
    message = await notifying.message("approval.requested")
    assert message["state"] == "pending"
    await notifying.control.advance_clock(300_000)
    message = await notifying.message("approval.requested")
    assert (message["state"], message["next_at"]) == ("dead", None)
    assert notifying.tally.deliveries[-1] == ("approval.requested", "dead")
    tries = len(agent.heard)
    assert 290 < tries < 300
    await notifying.control.advance_clock(HOUR)
    assert len(agent.heard) == tries
    agent.respond = answer(204)
    await deliveries.retry_delivery(notifying.context, ADMIN, message["id"])
    await notifying.settle()
    assert (await notifying.message("approval.requested"))["state"] == "delivered"
    await notifying.maintenance.stop()


async def test_however_many_are_due_at_once_all_go(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PAGE", 7)
    execution_id = await house.handed(agent)
    count = 40
    for n in range(count):
        request = await house.ask(execution_id, f"req-{n}")
        await house.decide(request["id"])
    await house.settle()
    assert len(agent.heard) == count
    assert len({heard.headers["webhook-id"] for heard in agent.heard}) == count


async def test_an_outcome_is_recorded_when_the_store_is_back(
    house: House, agent: StandIn, store: SqliteStore
) -> None:
    await decided(house, agent)

    def fail() -> None:
        raise OSError("disk full")

    async def break_store(request: Any) -> Any:
        store.fail_points.before_commit = fail
        return await RECEIVED(request)

    agent.respond = break_store
    await house.maintenance._outgoing.delivery.run_due()
    await house.clock.until_waiting(1)
    assert (await house.message(CALLBACK))["state"] == "pending"
    store.fail_points.before_commit = lambda: None
    house.clock.advance(1_000)
    await asyncio.wait(house.maintenance._outgoing.delivery.calls)
    assert (await house.message(CALLBACK))["state"] == "delivered"
    assert len(agent.heard) == 1


async def test_what_was_broken_off_is_sent_again(house: House, agent: StandIn) -> None:
    await decided(house, agent)
    agent.script = [hang]
    await house.maintenance.run_due()
    await agent.until_heard(1)
    await house.maintenance.forget()
    await agent.until(lambda: agent.open == 0)
    assert (await house.message(CALLBACK))["attempts"] == 0
    await house.settle()
    assert (await house.message(CALLBACK))["state"] == "delivered"


async def test_whatever_goes_wrong_in_the_server_is_tried_again(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await decided(house, agent)

    async def fail(*args: Any, **options: Any) -> Any:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(HttpClient, "post", fail)
        await house.settle()
    assert (await house.message(CALLBACK))["last_error"] == "the server failed"
    assert "a bug" in caplog.text
    await house.control.advance_clock(500)
    assert (await house.message(CALLBACK))["state"] == "delivered"


async def test_what_can_not_be_read_now_stays_due(
    house: House, agent: StandIn, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(house, agent)
    one = store.one

    async def fail(query: str, **params: Any) -> Any:
        if query == "get_message":
            raise StoreUnavailable("I/O error")
        return await one(query, **params)

    with monkeypatch.context() as patch:
        patch.setattr(store, "one", fail)
        await house.maintenance._outgoing.delivery.run_due()
        await asyncio.wait(house.maintenance._outgoing.delivery.calls)
    assert agent.heard == []
    await house.settle()
    assert len(agent.heard) == 1
