"""The verbs, against a real server; and the client as a thing."""

import asyncio

import pytest

from signoff import (
    AsyncClient,
    Client,
    NotFoundError,
    PauseTimeoutError,
    RequestConflictError,
    WaitTimeoutError,
)
from signoff.testing import control_plane
from tests.both_clients import APR, Both, until_asked
from tests.imitation import Imitation


@pytest.mark.parametrize("decision", ["approved", "rejected", "request_changes"])
async def test_pause_comes_back_with_the_decision(call, plane, decision):
    pausing = asyncio.create_task(call("pause", "claim#1 ü/?", payload={"n": 10**30, "a": None}))
    request = await until_asked(plane, "claim#1 ü/?")
    assert request.payload == {"n": 10**30, "a": None}
    await plane.client.decide_approval_request(request.id, decision, feedback="so", response=None)
    result = await pausing
    assert (result.decision, result.feedback, result.id) == (decision, "so", request.id)
    assert result.approved is (decision == "approved")
    assert result.approval_request_id == "claim#1 ü/?"


async def test_pause_attaches_to_a_question_that_was_asked_before(call, plane):
    asked = await call("request_approval", "claim-1", title="Claim")
    await plane.client.decide_approval_request(asked.id, "approved")
    result = await call("pause", "claim-1", title="Claim")
    assert (result.id, result.approved) == (asked.id, True)
    with pytest.raises(RequestConflictError) as raised:
        await call("pause", "claim-1", title="Another claim")
    assert raised.value.approval
    assert raised.value.approval.id == asked.id


@pytest.mark.parametrize("by", ["apr_ id", "own id"])
async def test_a_wait_ends_with_the_decision(call, plane, by):
    asked = await call("request_approval", "claim-1")
    waiting = asyncio.create_task(
        call("wait_for_approval", asked.id if by == "apr_ id" else "claim-1", timeout=30)
    )
    await plane.client.decide_approval_request(asked.id, "rejected", feedback="no")
    result = await waiting
    assert (result.decision, result.id) == ("rejected", asked.id)
    again = await call("wait_for_approval", "claim-1")
    assert again == result


async def test_a_wait_for_what_is_not_there_is_an_error(call):
    for unknown in ("apr_0", "claim-0"):
        with pytest.raises(NotFoundError):
            await call("wait_for_approval", unknown, timeout=30)


async def test_a_withdrawn_request_is_a_result_with_its_reason(call):
    asked = await call("request_approval", "claim-1")
    await call("cancel_approval_request", asked.id, reason="sold out")
    result = await call("wait_for_approval", asked.id)
    assert (result.decision, result.feedback, result.approved) == ("error", "sold out", False)


@pytest.mark.parametrize("timeout", [0, 0.05])
async def test_a_wait_that_is_over_leaves_the_request_pending(call, timeout):
    asked = await call("request_approval", "claim-1")
    with pytest.raises(WaitTimeoutError, match=f"{asked.id} is not done in time") as raised:
        await call("wait_for_approval", asked.id, timeout=timeout)
    assert raised.value.id == asked.id
    assert (await call("get_approval_request", asked.id)).status == "pending"


@pytest.mark.parametrize(
    "span,error,told",
    [
        ("5", TypeError, "must be a number of seconds, not '5'"),
        (True, TypeError, "must be a number of seconds, not True"),
        (-1, ValueError, "must be a number of seconds, 0 or more, not -1"),
        (float("nan"), ValueError, "must be a number of seconds, 0 or more, not nan"),
    ],
)
async def test_a_span_of_time_that_is_none_is_refused_before_anything_is_asked(
    kind, span, error, told
):
    imitation = Imitation(kind)
    verbs = {
        "timeout": [
            lambda c: c.wait_for_approval("claim-1", timeout=span),
            lambda c: c.wait_for_execution("exec_1", timeout=span),
            lambda c: c.pause("claim-1", timeout=span),
            lambda c: c.with_options(timeout=span),
        ],
        "patience": [lambda c: c.respond(APR, "approved", secret="s", patience=span)],
        "seconds": [lambda c: c.with_options(seconds=span)],
    }
    for name, calls in verbs.items():
        for call in calls:
            with pytest.raises(error, match=f"^{name} {told}"):
                await imitation.run(call)
    with pytest.raises(error, match=f"^timeout {told}"):
        (AsyncClient if kind == "async" else Client)(timeout=span)
    assert not imitation.requests


async def test_a_pause_that_is_over_withdraws_its_request(call):
    with pytest.raises(PauseTimeoutError, match="is withdrawn") as raised:
        await call("pause", "claim-1", timeout=2)
    assert raised.value.withdrawn
    withdrawn = await call("get_approval_request", raised.value.id)
    assert (withdrawn.status, withdrawn.status_reason) == (
        "cancelled",
        "pause timed out",
    )


async def test_a_wait_lasts_over_a_restart_of_the_server(kind, tmp_path):
    database = tmp_path / "signoff.db"
    async with control_plane(database=database) as plane:
        call = Both(kind, plane.url)
        asked = await call("request_approval", "claim-1")
        waiting = asyncio.create_task(call("wait_for_approval", asked.id, timeout=60))
        port = int(plane.url.rpartition(":")[2])
    async with control_plane(database=database, port=port) as plane:
        await plane.client.decide_approval_request(asked.id, "approved")
        assert (await waiting).approved
    await call.close()


async def test_a_cancelled_wait_leaves_the_request_pending(plane):
    pausing = asyncio.create_task(plane.client.pause("claim-1"))
    request = await until_asked(plane, "claim-1")
    pausing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pausing
    assert (await plane.client.get_approval_request(request.id)).status == "pending"


@pytest.fixture
async def queued(call):
    """An execution of a node that is registered and not there."""
    await call("register_node", "n", "http://127.0.0.1:9", reasoners=[{"id": "r"}])
    return await call("execute_async", "n.r", input={"n": 10**30})


async def test_a_wait_for_an_execution_ends_with_it(call, plane, queued):
    with pytest.raises(WaitTimeoutError):
        await call("wait_for_execution", queued.execution_id, timeout=0)
    waiting = asyncio.create_task(call("wait_for_execution", queued.execution_id, timeout=30))
    await plane.client.cancel_execution(queued.execution_id)
    finished = await waiting
    assert (finished.status, finished.input) == ("cancelled", {"n": 10**30})


async def test_events_are_followed_to_the_end(call, plane, queued):
    following = asyncio.create_task(call("stream_execution_events", queued.execution_id))
    await plane.client.cancel_execution(queued.execution_id)
    events = await following
    assert [event.seq for event in events] == [*range(1, len(events) + 1)]
    assert events[-1].type == "execution.cancelled"
    assert await call("iter_execution_events", queued.execution_id) == events
    rest = await call("stream_execution_events", queued.execution_id, last_event_id=1)
    assert rest == events[1:]
    assert await call("stream_events", queued.execution_id, last_event_id=1) == rest


async def test_events_are_followed_no_longer_than_wanted(call, plane, queued):
    with pytest.raises(WaitTimeoutError):
        await call("stream_events", queued.execution_id, timeout=0.2)
    assert (await call("get_execution", queued.execution_id)).completed_at is None


async def test_a_client_works_without_with_and_not_after_it_is_closed(call, plane):
    assert (await call("get_health")).status == "ok"
    await call.close()
    await call.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        await call("get_health")


async def test_a_client_is_closed_by_with(plane):
    with Client(plane.url) as blocking:
        assert (await asyncio.to_thread(blocking.get_health)).status == "ok"
    async with AsyncClient(plane.url) as client:
        assert (await client.get_health()).status == "ok"
    with pytest.raises(RuntimeError):
        await client.get_health()
    with pytest.raises(RuntimeError):
        blocking.get_health()


@pytest.mark.parametrize("kind", [AsyncClient, Client])
def test_a_client_does_not_show_its_key(kind):
    client = kind("https://signoff.example.com/base/", api_key="sk-secret")
    assert repr(client) == f"{kind.__name__}('https://signoff.example.com/base')"


async def test_a_client_that_was_never_used_is_closed_like_any_other():
    Client("http://127.0.0.1:1").close()
    await AsyncClient("http://127.0.0.1:1").aclose()
