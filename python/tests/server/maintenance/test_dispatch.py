"""Handing out work: what is sent, and what each answer of an agent means."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest

from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance import doors, flights, lacking
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.operations import cancellations, dispatching
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.store.sqlite import SqliteStore
from tests.server.maintenance.house import House, said
from tests.server.maintenance.stand_in import StandIn, answer, hang, reset, stand_in, truncate
from tests.server.operations.stage import TICKET
from tests.server.operations.world import CLIENT, NODE


async def started(house: House, **body: Any) -> str:
    execution_id: str = (await house.start(**body))["execution_id"]
    return execution_id


async def test_work_is_sent_signed_as_the_contract_says(house: House, agent: StandIn) -> None:
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    [heard] = agent.heard
    row = await house.execution(execution_id)
    assert heard.path == "/reasoners/decide_refund"
    assert json.loads(heard.body) == TICKET
    assert heard.headers["x-execution-id"] == execution_id
    assert heard.headers["x-run-id"] == heard.headers["x-workflow-id"] == row["run_id"]
    assert "x-parent-execution-id" not in heard.headers
    assert await house.check_signature(heard) == execution_id
    assert (row["status"], row["attempt"], row["lease_instance"]) == ("running", 1, "i-1")
    assert house.context.in_flight == set()
    assert house.tally.dispatches == ["accepted"]


async def test_the_input_is_sent_as_it_was_written(house: House, agent: StandIn) -> None:
    await house.join(agent)
    await started(house, target=f"{NODE}.free", input={"b": 10**30, "a": ["\U0001f600", 1.0]})
    await house.settle()
    text = '{"b":1' + "0" * 30 + ',"a":["\U0001f600",1.0]}'
    assert agent.heard[0].body.decode() == text


async def test_a_child_names_its_parent(house: House, agent: StandIn) -> None:
    parent = await house.handed(agent)
    row = await house.execution(parent)
    attempt = await house.claim(await house.queued(parent)) and parent
    assert attempt == parent
    child = await house.queued(parent, call_occurrence=2)
    await house.settle()
    heard = agent.heard[-1]
    assert heard.headers["x-execution-id"] == child
    assert heard.headers["x-parent-execution-id"] == parent
    assert heard.headers["x-run-id"] == row["run_id"]


async def test_a_skill_has_its_own_path_and_answers_inline(house: House, agent: StandIn) -> None:
    agent.respond = answer(200, b'{"b": 1, "a": [2]}')
    await house.join(agent)
    execution_id = await started(house, target=f"{NODE}.lookup")
    await house.settle()
    row = await house.execution(execution_id)
    assert agent.heard[0].path == "/skills/lookup"
    assert (row["status"], json.loads(row["result"])) == ("succeeded", {"b": 1, "a": [2]})
    assert (await house.types(execution_id))[-1] == "execution.succeeded"
    assert house.tally.dispatches == ["finished"]


@pytest.mark.parametrize(
    "status, body, result",
    [
        (200, b"null", "null"),
        (200, b"", "null"),
        (204, b"", "null"),
        (200, b" \r\n", "null"),
        (200, b'"text"', '"text"'),
        (201, b"12345678901234567890123", "12345678901234567890123"),
    ],
)
async def test_any_json_is_a_result_and_nothing_is_null(
    house: House, agent: StandIn, status: int, body: bytes, result: str
) -> None:
    agent.respond = answer(status, body)
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["status"], row["result"]) == ("succeeded", result)


@pytest.mark.parametrize(
    "body, error",
    [
        (b"<html>", "its result is no JSON: "),
        (b"NaN", "its result is no JSON: "),
        (b"\xff", "its result is no JSON: "),
        (b"x" * 101, "its result is over "),
    ],
)
async def test_another_answer_is_a_failure(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch, body: bytes, error: str
) -> None:
    monkeypatch.setattr(flights, "RESULT_BYTES", 100)
    agent.respond = answer(200, body)
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["status"], row["status_reason"]) == ("failed", "bad_answer")
    assert row["error"].startswith(error)
    assert house.tally.dispatches[-1] == "failed"


@pytest.mark.parametrize(
    "status, body, reason, error",
    [
        (422, b'{"detail": "ticket: is required"}', "invalid_input", ": ticket: is required"),
        (400, b"no JSON", "invalid_input", ": no JSON"),
        (404, b"", "unknown_reasoner", ""),
        (500, b'{"detail": [1]}', "bad_answer", ': {"detail": [1]}'),
        (500, b"\xff\0!", "bad_answer", ": \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}!"),
        (500, b"x" * 5_000, "bad_answer", ": " + "x" * 2_000),
        (413, b"", "bad_answer", ""),
    ],
)
async def test_a_bad_call_fails_in_the_words_of_the_agent(
    house: House, agent: StandIn, status: int, body: bytes, reason: str, error: str
) -> None:
    agent.respond = answer(status, body)
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["status"], row["status_reason"]) == ("failed", reason)
    assert row["error"] == f"the agent answered {status}{error}"
    assert house.context.in_flight == set()


@pytest.mark.parametrize("status", [401, 403, 408, 409, 425, 429, 502, 503])
async def test_a_refusal_does_not_count_and_is_tried_again(
    house: House, agent: StandIn, status: int
) -> None:
    agent.script = [answer(status)]
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["status"], row["idle_attempts"], row["lease_instance"]) == ("queued", 0, None)
    assert len(agent.heard) == 1
    await house.control.advance_clock(199)
    assert len(agent.heard) == 1
    await house.control.advance_clock(1)
    assert agent.heard[1].headers["x-execution-id"] == f"{execution_id}~2"
    row = await house.execution(execution_id)
    assert (row["status"], row["attempt"], row["idle_attempts"]) == ("running", 2, 1)
    assert house.tally.dispatches == ["refused", "accepted"]


async def test_redirects_are_refusals_and_not_followed(house: House, agent: StandIn) -> None:
    async with stand_in() as elsewhere:
        agent.respond = answer(307, Location=f"{elsewhere.base_url}/reasoners/decide_refund")
        await house.join(agent)
        execution_id = await started(house)
        await house.settle()
        assert elsewhere.heard == []
    assert await house.statuses(execution_id) == ["queued"]


async def test_retry_after_is_obeyed(house: House, agent: StandIn) -> None:
    agent.script = [answer(503, Retry_After="7"), answer(503, Retry_After="soon")]
    await house.join(agent)
    await started(house)
    await house.control.advance_clock(6_999)
    assert len(agent.heard) == 1
    await house.control.advance_clock(1)
    assert len(agent.heard) == 2
    await house.control.advance_clock(400)
    assert len(agent.heard) == 3


async def test_an_instance_that_refuses_is_tried_ever_more_rarely_with_one_at_a_time(
    house: House, agent: StandIn
) -> None:
    agent.respond = answer(503)
    await house.join(agent)
    executions = [await started(house) for _ in range(3)]
    times: list[int] = []
    begin = house.clock.now()
    await house.settle()
    first = len(agent.heard)
    assert first <= 3  # those that were on their way together
    for _ in range(12):
        at = await house.maintenance.next_due()
        assert at is not None
        before = len(agent.heard)
        await house.control.set_clock(at)
        assert len(agent.heard) == before + 1
        times.append(at - begin)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[-1] == 30_000
    assert gaps == sorted(gaps)
    agent.respond = answer(202)
    await house.control.advance_clock(30_000)
    assert await house.statuses(*executions) == ["running"] * 3


async def test_what_is_refused_together_is_one_refusal(house: House, agent: StandIn) -> None:
    agent.respond = answer(429)
    await house.join(agent)
    executions = [await started(house) for _ in range(20)]
    await house.settle()
    assert len(agent.heard) == 20
    agent.respond = answer(202)
    await house.control.advance_clock(200)
    assert await house.statuses(*executions) == ["running"] * 20


async def test_what_is_taken_among_refusals_ends_them(house: House, agent: StandIn) -> None:
    agent.script = [answer(429), answer(202), answer(429), answer(429)]
    await house.join(agent)
    executions = [await started(house) for _ in range(4)]
    await house.settle()
    for _ in range(3):
        await house.control.advance_clock(400)
    assert await house.statuses(*executions) == ["running"] * 4


async def test_nobody_listening_waits_for_the_heartbeat(house: House) -> None:
    async with stand_in() as agent:
        await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["status"], row["idle_attempts"]) == ("queued", 0)
    assert house.tally.dispatches == ["refused"]
    await house.settle()
    assert house.tally.dispatches == ["refused"]
    await house.beat()
    await house.settle()
    assert house.tally.dispatches == ["refused", "refused"]
    events = [event for event in await house.events(execution_id) if "requeued" in event["type"]]
    assert json.loads(events[0]["data"])["reason"] == "unreachable"


async def test_heartbeats_hasten_only_the_first_tries(house: House) -> None:
    async with stand_in() as agent:
        await house.join(agent)
    await started(house)
    for _ in range(12):
        await house.settle()
        await house.beat()
    assert len(house.tally.dispatches) == doors.HASTENED + 1


async def test_work_waits_for_its_node(house: House, agent: StandIn) -> None:
    key = await house.join(agent)
    house.clock.advance_monotonic(3_000)
    execution_id = await started(house)
    await house.settle()
    assert await house.statuses(execution_id) == ["queued"]
    house.liveness.seen(key)
    await house.settle()
    assert await house.statuses(execution_id) == ["running"]


async def test_a_draining_instance_gets_nothing(house: House, agent: StandIn) -> None:
    await house.join(agent)
    await house.beat(status="offline")
    execution_id = await started(house)
    await house.settle()
    assert (agent.heard, await house.statuses(execution_id)) == ([], ["queued"])


async def test_who_holds_the_least_gets_the_next(house: House, agent: StandIn) -> None:
    async with stand_in() as other:
        await house.join(agent)
        await started(house)
        await started(house)
        await house.settle()
        await house.join(other, "i-2")
        for _ in range(4):
            await started(house)
        await house.settle()
        assert (len(agent.heard), len(other.heard)) == (3, 3)


async def test_an_own_agent_gets_the_same_attempt_again(house: House, agent: StandIn) -> None:
    agent.script = [reset, truncate]
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    assert await house.statuses(execution_id) == ["running"]
    assert house.context.in_flight == {execution_id}
    await house.control.advance_clock(200)
    assert len(agent.heard) == 2
    await house.control.advance_clock(400)
    ids = {await house.check_signature(agent.heard[2])}
    ids |= {heard.headers["webhook-id"] for heard in agent.heard}
    assert len(ids) == 1
    assert {heard.headers["x-execution-id"] for heard in agent.heard} == {execution_id}
    row = await house.execution(execution_id)
    assert (row["status"], row["attempt"]) == ("running", 1)
    assert house.context.in_flight == set()
    assert house.tally.dispatches == ["lost", "lost", "accepted"]


async def test_a_gateway_that_gave_up_is_an_unknown_outcome(house: House, agent: StandIn) -> None:
    agent.script = [answer(504)]
    await house.join(agent)
    execution_id = await started(house)
    await house.control.advance_clock(200)
    assert [heard.headers["x-execution-id"] for heard in agent.heard] == [execution_id] * 2


async def test_an_unknown_outcome_stays_one_while_nobody_listens(house: House) -> None:
    async with stand_in() as agent:
        agent.script = [reset]
        await house.join(agent)
        execution_id = await started(house)
        await house.settle()
    await house.control.advance_clock(10_000)
    row = await house.execution(execution_id)
    # The first try may have arrived: the attempt counts until its lease ends.
    assert (row["status"], row["attempt"]) == ("running", 1)
    await house.control.advance_leases(30_000)
    assert await house.statuses(execution_id) == ["queued"]
    await house.control.advance_clock(60_000)
    assert house.context.in_flight == set()


async def test_a_foreign_agent_is_told_to_stop_before_the_next_attempt(
    house: House, agent: StandIn
) -> None:
    agent.script = [reset, reset, answer(500), answer(200)]
    await house.join(agent, own=False)
    execution_id = await started(house)
    await house.settle()
    cancel = f"/_internal/executions/{execution_id}/cancel"
    assert [heard.path for heard in agent.heard] == ["/reasoners/decide_refund", cancel]
    assert said(agent.heard[1]) == {"execution_id": execution_id, "reason": "outcome_unknown"}
    assert (await house.execution(execution_id))["attempt"] == 1
    await house.control.advance_clock(200)
    assert (agent.heard[2].path, len(agent.heard)) == (cancel, 3)
    await house.control.advance_clock(400)
    await house.check_signature(agent.heard[3])
    assert [heard.path for heard in agent.heard[3:]] == [cancel, "/reasoners/decide_refund"]
    assert agent.heard[4].headers["x-execution-id"] == f"{execution_id}~2"
    assert await house.check_signature(agent.heard[4]) == f"{execution_id}~2"
    assert (await house.execution(execution_id))["attempt"] == 2


async def test_that_it_was_not_there_is_as_good(house: House, agent: StandIn) -> None:
    agent.script = [reset, answer(404)]
    await house.join(agent, own=False)
    execution_id = await started(house)
    await house.settle()
    assert agent.heard[2].headers["x-execution-id"] == f"{execution_id}~2"


async def test_a_notice_to_stop_that_hangs_is_sent_again(house: House, agent: StandIn) -> None:
    agent.script = [reset, hang]
    await house.join(agent, own=False)
    execution_id = await started(house)
    await house.maintenance.run_due()
    await agent.until_heard(2)
    house.clock.advance(flights.SLOW_MS)
    await house.settle()
    await house.control.advance_clock(200)
    assert agent.heard[3].headers["x-execution-id"] == f"{execution_id}~2"


async def test_an_answer_may_take_hours(house: House, agent: StandIn) -> None:
    ready = asyncio.Event()

    async def work(request: Any) -> Any:
        await ready.wait()
        return await answer(200, b"42")(request)

    agent.respond = work
    await house.join(agent)
    execution_id = await started(house)
    await house.maintenance.run_due()
    await agent.until_heard(1)
    house.clock.advance(3_600_000)
    await house.settle()  # does not wait for it
    assert await house.statuses(execution_id) == ["running"]
    ready.set()
    await agent.until(lambda: agent.open == 0)
    with house.store.watch(f"exec:{execution_id}"):
        row = await house.until(execution_id, "succeeded")
    assert row["result"] == "42"


@pytest.mark.parametrize("own", [True, False], ids=["own", "foreign"])
async def test_who_takes_work_and_never_reports_is_held_to_its_time(
    house: House, agent: StandIn, own: bool
) -> None:
    agent.respond = answer(202)
    await house.join(agent, own=own)
    execution_id = (await house.start(timeout_seconds=60))["execution_id"]
    await house.settle()
    await house.control.advance_clock(59_999)
    assert await house.statuses(execution_id) == ["running"]
    await house.control.advance_clock(1)
    row = await house.execution(execution_id)
    assert (row["status"], row["lease_instance"], row["dispatch_at"]) == ("timeout", None, None)


async def test_slow_answers_hold_up_nobody(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "PER_INSTANCE", 2)
    agent.script = [hang, hang]
    await house.join(agent)
    for _ in range(3):
        await started(house)
    await house.maintenance.run_due()
    await agent.until_heard(2)
    await house.maintenance.run_due()
    assert len(agent.heard) == 2
    house.clock.advance(flights.SLOW_MS)
    await house.settle()
    assert len(agent.heard) == 3
    assert agent.open == 2


async def test_as_many_as_may_are_on_their_way_and_the_rest_follows(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "PER_INSTANCE", 3)
    await house.join(agent)
    executions = [await started(house) for _ in range(20)]
    await house.maintenance.start()
    await agent.until_heard(20)
    assert agent.peak <= 3
    assert sorted(h.headers["x-execution-id"] for h in agent.heard) == sorted(executions)


@pytest.mark.parametrize("end", ["cancelled", "lease"])
async def test_waiting_for_an_answer_ends_with_the_lease(
    house: House, agent: StandIn, end: str
) -> None:
    agent.script = [hang]
    await house.join(agent)
    execution_id = await started(house)
    await house.maintenance.run_due()
    await agent.until_heard(1)
    house.clock.advance(flights.SLOW_MS)
    await house.settle()
    assert agent.open == 1
    if end == "cancelled":
        await house.report(execution_id, "failed", error="elsewhere")
    else:
        await house.control.advance_leases(30_000)
    await house.settle()
    await agent.until(lambda: agent.open == 0)
    assert house.context.in_flight == set()


@pytest.mark.parametrize("own", [False, True])
async def test_a_cancel_that_overtakes_the_attempt_is_said_again_once_it_is_there(
    house: House, agent: StandIn, own: bool
) -> None:
    """The agent knows nothing of the attempt yet when it is told to stop it."""
    delivery = house.maintenance._outgoing.delivery

    async def cancelled_meanwhile(request: Any) -> Any:
        await cancellations.cancel_execution(house.context, CLIENT, execution_id, {"reason": "no"})
        await delivery.run_due(whole=True)
        await asyncio.gather(*delivery.calls)
        return await answer(202)(request)

    agent.script = [cancelled_meanwhile, answer(404)]
    await house.join(agent, own=own)
    execution_id = await started(house)
    await house.settle()
    cancel = f"/_internal/executions/{execution_id}/cancel"
    # An own agent says that it has it in hand, and is told then.
    again = [] if own else [cancel]
    assert [heard.path for heard in agent.heard[1:]] == [cancel, *again]
    assert all(said(heard)["reason"] == "no" for heard in agent.heard[1:])
    assert house.context.in_flight == set()


async def test_an_agent_that_was_faster_than_its_answer_is_not_told_to_stop(
    house: House, agent: StandIn
) -> None:
    async def ask_first(request: Any) -> Any:
        await house.ask(execution_id)
        return await answer(202)(request)

    async def report_first(request: Any) -> Any:
        await house.report(request.headers["X-Execution-ID"], "succeeded", result=1)
        return await answer(202)(request)

    agent.script = [ask_first, report_first]
    await house.join(agent, own=False)
    for _ in range(2):
        execution_id = await started(house)
        await house.settle()
    assert [heard.path for heard in agent.heard] == ["/reasoners/decide_refund"] * 2


async def test_a_report_that_overtakes_the_answer_wins(house: House, agent: StandIn) -> None:
    async def report_first(request: Any) -> Any:
        await house.report(request.headers["X-Execution-ID"], "succeeded", result="reported")
        return await answer(200, b'"inline"')(request)

    agent.respond = report_first
    await house.join(agent)
    execution_id = await started(house)
    await house.settle()
    assert (await house.execution(execution_id))["result"] == '"reported"'


async def test_an_outcome_waits_for_the_store(
    house: House, agent: StandIn, store: SqliteStore
) -> None:
    def fail() -> None:
        raise OSError("disk full")

    async def break_store(request: Any) -> Any:
        store.fail_points.before_commit = fail
        return await answer(200, b"1")(request)

    agent.respond = break_store
    await house.join(agent)
    execution_id = await started(house)
    await house.maintenance.run_due()
    await house.clock.until_waiting(1)
    assert await house.statuses(execution_id) == ["running"]
    store.fail_points.before_commit = lambda: None
    house.clock.advance(1_000)
    await house.until(execution_id, "succeeded")


async def test_a_store_that_is_away_claims_nothing(house: House, agent: StandIn) -> None:
    await house.join(agent)
    execution_id = await started(house)
    house.control.arm("before_commit")
    await house.maintenance._outgoing.dispatcher.run_due()
    await asyncio.wait(house.maintenance._outgoing.dispatcher.calls)
    assert (agent.heard, await house.statuses(execution_id)) == ([], ["queued"])
    await house.settle()
    assert await house.statuses(execution_id) == ["running"]


async def test_a_claim_that_breaks_is_said_and_holds_up_no_other(
    house: House,
    agent: StandIn,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await house.join(agent)
    broken, fine = await started(house), await started(house)
    claim = dispatching.claim

    async def break_one(context: Context, execution_id: str, key: InstanceKey) -> Any:
        if execution_id == broken:
            raise RuntimeError("a bug")
        return await claim(context, execution_id, key)

    with monkeypatch.context() as patch:
        patch.setattr(dispatching, "claim", break_one)
        outgoing = house.maintenance._outgoing
        await outgoing.run_due()
        await asyncio.wait(outgoing.calls)
        await house.until(fine, "running")
        assert await house.statuses(broken) == ["queued"]
    assert "a bug" in caplog.text
    await house.settle()
    assert await house.statuses(broken) == ["running"]


async def test_stopping_breaks_off_what_is_on_its_way(house: House, agent: StandIn) -> None:
    agent.respond = hang
    await house.join(agent)
    execution_id = await started(house)
    await house.maintenance.run_due()
    await agent.until_heard(1)
    await house.maintenance.stop()
    await agent.until(lambda: agent.open == 0)
    assert await house.statuses(execution_id) == ["running"]


async def test_an_agent_out_of_reach_is_not_connected_to(house: House, http: HttpClient) -> None:
    await house.instance(base_url="http://169.254.169.254")
    house.liveness.registered(
        await house.register(base_url="http://h.invalid"), base_url="x", own=True
    )
    await house.instance(base_url="http://169.254.169.254")
    execution_id = await house.queued()
    await house.settle()
    assert house.tally.dispatches == ["refused"]
    assert await house.statuses(execution_id) == ["queued"]


async def test_whatever_goes_wrong_in_the_server_is_logged_and_ends_with_the_lease(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*args: Any, **options: Any) -> Any:
        raise RuntimeError("a bug")

    await house.join(agent)
    execution_id = await started(house)
    with monkeypatch.context() as patch:
        patch.setattr(HttpClient, "post", fail)
        await house.settle()
    assert "a bug" in caplog.text
    assert house.context.in_flight == set()
    await house.control.advance_leases(30_000)
    await house.beat()
    await house.settle()
    assert agent.heard[0].headers["x-execution-id"] == f"{execution_id}~2"


async def test_an_attempt_is_sent_again_when_the_store_is_back(
    house: House, agent: StandIn, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.script = [reset]
    await house.join(agent)
    await started(house)
    await house.settle()
    one = store.one

    async def fail(query: str, **params: Any) -> Any:
        if query == "get_execution":
            raise StoreUnavailable("I/O error")
        return await one(query, **params)

    with monkeypatch.context() as patch:
        patch.setattr(store, "one", fail)
        await house.control.advance_clock(200)
    assert len(agent.heard) == 1
    await house.control.advance_clock(400)
    assert len(agent.heard) == 2


async def test_what_was_taken_by_another_server_is_left_to_it(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "PER_INSTANCE", 1)
    await house.join(agent)
    await started(house)

    async def too_late(*args: Any) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(dispatching, "claim", too_late)
        await house.maintenance._outgoing.dispatcher.run_due()
        await asyncio.wait(house.maintenance._outgoing.dispatcher.calls)
    assert house.maintenance._watch.event.is_set()
    await house.settle()
    assert len(agent.heard) == 1


async def test_stopping_breaks_off_a_claim(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*args: Any) -> None:
        await asyncio.Event().wait()

    await house.join(agent)
    await started(house)
    monkeypatch.setattr(dispatching, "claim", never)
    await house.maintenance.run_due()
    await house.maintenance.stop()
    assert house.maintenance._outgoing.calls == set()


async def _reasoners_of(house: House, agent: StandIn, instance_id: str, *names: str) -> None:
    """An instance registers with these reasoners, and says 404 to what is for others."""

    async def only_these(request: Any) -> Any:
        known = request.path.rpartition("/")[2] in names
        return await answer(202 if known else 404)(request)

    agent.respond = only_these
    await house.join(agent, instance_id, reasoners=[{"id": name} for name in names], skills=[])


async def test_what_an_old_instance_does_not_know_goes_to_a_newer_one(
    house: House, agent: StandIn
) -> None:
    async with stand_in() as newer:
        await _reasoners_of(house, agent, "i-1", "decide_refund")
        await _reasoners_of(house, newer, "i-2", "decide_refund", "fresh")
        executions = [await started(house, target=f"{NODE}.fresh") for _ in range(6)]
        await house.settle()
        rows = [await house.execution(execution_id) for execution_id in executions]
        assert {(row["status"], row["lease_instance"]) for row in rows} == {("running", "i-2")}
        assert {row["idle_attempts"] for row in rows} == {1}
        # What all know is still given to both, and the rest goes where it belongs at once.
        asked = len(agent.heard)
        other = [await started(house) for _ in range(6)]
        executions = [await started(house, target=f"{NODE}.fresh") for _ in range(3)]
        await house.settle()
        assert await house.statuses(*other, *executions) == ["running"] * 9
        assert [heard.path for heard in agent.heard[asked:]] == ["/reasoners/decide_refund"] * 6


async def test_a_reasoner_that_nobody_has_any_more_fails(house: House, agent: StandIn) -> None:
    async with stand_in() as other:
        await _reasoners_of(house, agent, "i-1", "gone")
        executions = [await started(house, target=f"{NODE}.gone") for _ in range(2)]
        await _reasoners_of(house, agent, "i-1", "decide_refund")
        await _reasoners_of(house, other, "i-2", "decide_refund")
        await house.settle()
        rows = [await house.execution(execution_id) for execution_id in executions]
        ends = {(row["status"], row["status_reason"], row["error"]) for row in rows}
        assert ends == {("failed", "unknown_reasoner", "the agent answered 404")}
        # Those that come later fail, too, and wait for nobody.
        assert (len(agent.heard) > 0, len(other.heard) > 0) == (True, True)


async def test_a_reasoner_that_all_registered_and_none_has_fails_at_once(
    house: House, agent: StandIn
) -> None:
    async with stand_in() as other:
        agent.respond = other.respond = answer(404)
        await house.join(agent)
        await house.join(other, "i-2")
        for _ in range(2):
            execution_id = await started(house)
            await house.settle()
            assert await house.statuses(execution_id) == ["failed"]
        assert len(agent.heard) + len(other.heard) == 3


async def _left_by_the_newer(house: House, agent: StandIn) -> str:
    """Work for a reasoner of an instance that is away; the one that is there lacks it."""
    await _reasoners_of(house, agent, "i-1", "decide_refund")
    async with stand_in() as newer:
        await _reasoners_of(house, newer, "i-2", "decide_refund", "fresh")
        execution_id = await started(house, target=f"{NODE}.fresh")
    house.clock.advance_monotonic(3_000)
    await house.beat()
    await house.settle()
    assert await house.statuses(execution_id) == ["queued"]
    return execution_id


async def test_a_reasoner_whose_instances_are_away_is_waited_for(
    house: House, agent: StandIn
) -> None:
    """The first process of a new version has crashed while the old one still works."""
    execution_id = await _left_by_the_newer(house, agent)
    other = await started(house)
    await house.settle()
    assert [heard.path.rpartition("/")[2] for heard in agent.heard] == ["fresh", "decide_refund"]
    # Now and then it is asked again: it may have been something else at its address.
    for _ in range(2):
        house.clock.advance(lacking.LACKS_MS)
        await house.beat()
        await house.settle()
    assert len(agent.heard) == 4
    async with stand_in() as back:
        await _reasoners_of(house, back, "i-3", "decide_refund", "fresh")
        await house.settle()
        assert await house.statuses(execution_id, other) == ["running", "running"]
        row = await house.execution(execution_id)
        assert (row["lease_instance"], row["idle_attempts"]) == ("i-3", 1)


@pytest.mark.parametrize("emptied", [False, True], ids=["registers anew", "database emptied"])
async def test_who_has_registered_since_lacks_nothing(
    house: House, agent: StandIn, emptied: bool
) -> None:
    execution_id = await _left_by_the_newer(house, agent)
    if emptied:
        await house.control.reset()
    await _reasoners_of(house, agent, "i-1", "decide_refund", "fresh")
    if emptied:
        execution_id = await started(house, target=f"{NODE}.fresh")
    await house.settle()
    assert await house.statuses(execution_id) == ["running"]


async def test_a_held_run_goes_to_an_instance_that_has_its_reasoner(
    house: House, agent: StandIn
) -> None:
    async with stand_in() as newer:
        await house.join(newer, "i-2", own=False, reasoners=[{"id": "fresh"}], skills=[])
        first = await started(house, target=f"{NODE}.fresh")
        await house.settle()
        await house.ask(first, "draft-review")
        second = await started(house, target=f"{NODE}.fresh")
        await house.settle()
        asking = asyncio.create_task(house.ask(second, "draft-review"))
        with house.store.watch(f"exec:{second}"):
            await house.until(second, "queued")
        lacks = InstanceKey(NODE, "i-1")
        await house.join(agent, own=False, reasoners=[{"id": "other"}], skills=[])
        house.maintenance._outgoing.dispatcher._lacking.note(lacks, "fresh", waits=False)
        await house.settle()
        assert agent.heard == []
        assert await house.statuses(second) == ["queued"]
        asking.cancel()
