"""The verbs, against a real server; faults that it has too rarely come from the imitation."""

import asyncio
import inspect
import json

import httpx
import pytest

from signoff import (
    AlreadyDecidedError,
    AmbiguousRequestIdError,
    AsyncClient,
    Client,
    ForbiddenError,
    InvalidRequestError,
    InvalidSignatureError,
    NotFoundError,
    PauseTimeoutError,
    RequestConflictError,
    TransportError,
    WaitTimeoutError,
    new_secret,
)
from signoff.testing import control_plane
from signoff.webhook import verify_approval_response
from tests.contract import contract
from tests.imitation import Imitation, answer, problem

SCHEMAS = contract()["components"]["schemas"]
APPROVED, PENDING = SCHEMAS["Approval"]["examples"]
RUNNING, FINISHED = SCHEMAS["Execution"]["examples"]
APR = PENDING["id"]


def reply(value, status=200):
    return httpx.Response(status, json=value)


class Both:
    """One of the two clients, called from a coroutine."""

    def __init__(self, kind, url, **options):
        self.client = (AsyncClient if kind == "async" else Client)(url, **options)

    async def __call__(self, verb, *args, **kwargs):
        call = getattr(self.client, verb)
        if inspect.iscoroutinefunction(call):
            return await call(*args, **kwargs)
        if inspect.isasyncgenfunction(call) or isinstance(self.client, AsyncClient):
            return [row async for row in call(*args, **kwargs)]

        def run():
            result = call(*args, **kwargs)
            return list(result) if inspect.isgenerator(result) else result

        return await asyncio.to_thread(run)

    async def close(self):
        if isinstance(self.client, AsyncClient):
            await self.client.aclose()
        else:
            self.client.close()


@pytest.fixture
async def plane():
    async with control_plane(webhook_secret=SECRET) as plane:
        yield plane


SECRET = new_secret()


@pytest.fixture
async def call(kind, plane):
    both = Both(kind, plane.url)
    yield both
    await both.close()


async def until_asked(plane, own_id):
    return await plane.next_request(lambda approval: approval.approval_request_id == own_id)


# Asking and waiting.


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


class Holding:
    """A server that holds long polls on the fake clock and says what it was asked."""

    def __init__(self, imitation, *, decided_at):
        self.clock = imitation.clock
        self.decided_at = self.clock.at + decided_at
        self.holds = []
        imitation.behaves(self.reply)

    def reply(self, request):
        hold = float(request.url.params["wait_seconds"])
        self.holds.append(round(hold, 6))
        self.clock.at = max(self.clock.at, min(self.clock.at + hold, self.decided_at))
        done = self.clock.at >= self.decided_at
        if "executions" in request.url.path:
            return reply(FINISHED if done else RUNNING)
        return reply(APPROVED if done else PENDING)


async def test_long_polls_follow_one_another_until_the_decision(kind):
    imitation = Imitation(kind)
    server = Holding(imitation, decided_at=150)
    result = await imitation.run(lambda c: c.wait_for_approval(APR))
    assert result.approved
    assert server.holds == [60, 60, 60]
    assert sum(imitation.clock.waits) == 0


async def test_a_long_poll_never_reaches_past_the_deadline(kind):
    imitation = Imitation(kind)
    server = Holding(imitation, decided_at=1000)
    began = imitation.clock.at
    with pytest.raises(WaitTimeoutError):
        await imitation.run(lambda c: c.wait_for_execution("exec_1", timeout=130))
    assert server.holds == [60, 60, 10]
    assert imitation.clock.at == began + 130


async def test_a_wait_goes_on_through_every_fault_that_may_pass(kind):
    imitation = Imitation(kind)
    imitation.answers(
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        problem(503, "shutting_down", {"Retry-After": "2"}),
        httpx.Response(502, text="<p>Bad Gateway"),
        *[httpx.ConnectError("refused")] * 50,
        reply(APPROVED),
    )
    assert (await imitation.run(lambda c: c.wait_for_approval(APR))).approved
    assert imitation.clock.waits[:6] == [0.2, 0.4, 2.0, 1.6, 3.2, 6.4]
    assert set(imitation.clock.waits[6:]) == {10.0}


async def test_a_wait_through_faults_ends_at_its_deadline_and_says_why(kind):
    imitation = Imitation(kind)
    imitation.answers(*[httpx.ConnectError("refused")] * 50)
    began = imitation.clock.at
    with pytest.raises(WaitTimeoutError) as raised:
        await imitation.run(lambda c: c.wait_for_approval("claim-1", timeout=30))
    assert isinstance(raised.value.__cause__, TransportError)
    assert imitation.clock.at == began + 30


async def test_a_wait_ends_with_an_error_that_waiting_does_not_mend(kind):
    imitation = Imitation(kind)
    imitation.answers(problem(403, "forbidden"))
    with pytest.raises(ForbiddenError):
        await imitation.run(lambda c: c.wait_for_execution("exec_1"))


async def test_answers_that_come_too_early_are_asked_for_ever_more_slowly(kind):
    imitation = Imitation(kind)
    imitation.answers(*[reply(PENDING)] * 8, reply(APPROVED))
    await imitation.run(lambda c: c.wait_for_approval(APR))
    assert imitation.clock.waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


async def test_a_word_of_a_newer_server_ends_the_wait_and_is_no_yes(kind):
    imitation = Imitation(kind)
    imitation.answers(reply(APPROVED | {"decision": "approved_by_rule", "status": "by_rule"}))
    result = await imitation.run(lambda c: c.wait_for_approval(APR))
    assert (result.decision, result.approved) == ("approved_by_rule", False)


async def test_expiry_is_a_result(kind):
    imitation = Imitation(kind)
    ended = PENDING | {
        "status": "expired",
        "decision": "expired",
        "decided_at": PENDING["expires_at"],
    }
    imitation.answers(reply(ended))
    result = await imitation.run(lambda c: c.pause("claim-4711"))
    assert (result.expired, result.approved, result.reviewer) == (True, False, None)


def stored_and_held(imitation, withdrawal):
    """Questions are stored, long polls held for their time; `withdrawal` answers the end of it."""

    def behave(request):
        if request.url.path.endswith("/cancel"):
            if isinstance(withdrawal, Exception):
                raise withdrawal
            return withdrawal
        if request.method == "GET":
            imitation.clock.at += float(request.url.params["wait_seconds"])
        return reply(PENDING, 201 if request.method == "POST" else 200)

    imitation.behaves(behave)


async def test_a_decision_at_the_last_moment_is_not_lost(kind):
    imitation = Imitation(kind)
    refusal = problem(409, "already_decided").json() | {"approval": APPROVED}
    stored_and_held(imitation, reply(refusal, 409))
    assert (await imitation.run(lambda c: c.pause("claim-4711", timeout=30))).approved


@pytest.mark.parametrize(
    "refusal,told",
    [
        (httpx.ConnectError("refused"), "could not be told"),
        (problem(503, "shutting_down", {"Retry-After": "1"}), "could not be told"),
        (problem(403, "forbidden"), "could not be told"),
        (problem(409, "already_decided"), "is not decided in time"),
    ],
)
@pytest.mark.parametrize("timeout,kept", [(30, 2), (4, 1)])
async def test_a_pause_that_cannot_withdraw_says_so_in_its_time(kind, refusal, told, timeout, kept):
    imitation = Imitation(kind)
    stored_and_held(imitation, refusal)
    began = imitation.clock.at
    with pytest.raises(PauseTimeoutError, match=told) as raised:
        await imitation.run(lambda c: c.pause("claim-4711", timeout=timeout))
    assert (raised.value.withdrawn, raised.value.id) == (False, APR)
    assert began + timeout - kept <= imitation.clock.at <= began + timeout


@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), problem(503, "shutting_down")])
async def test_a_pause_that_cannot_ask_in_its_time_says_so(kind, fault):
    imitation = Imitation(kind)
    imitation.answers(*[fault] * 50)
    began = imitation.clock.at
    with pytest.raises(PauseTimeoutError, match="is not asked in time") as raised:
        await imitation.run(lambda c: c.pause("claim-4711", timeout=3))
    assert (raised.value.withdrawn, raised.value.id) == (False, "claim-4711")
    assert imitation.clock.at <= began + 3


async def test_no_try_is_longer_than_what_is_left(kind):
    imitation = Imitation(kind)
    limits = []

    def behave(request):
        limits.append(request.extensions["timeout"])
        imitation.clock.at += limits[-1]["read"]
        raise httpx.ReadTimeout("too slow")

    imitation.behaves(behave)
    with pytest.raises(PauseTimeoutError):
        await imitation.run(lambda c: c.pause("claim-4711", timeout=3))
    assert limits == [{"connect": 3, "read": 3, "write": 3}]


async def test_a_refusal_at_the_last_moment_is_told_as_such(kind):
    imitation = Imitation(kind)

    def behave(request):
        imitation.clock.at += 5
        return problem(403, "forbidden")

    imitation.behaves(behave)
    with pytest.raises(ForbiddenError):
        await imitation.run(lambda c: c.pause("claim-4711", timeout=3))


# Own ids.


async def test_an_own_id_is_looked_up_among_the_standalone_requests(call):
    asked = await call("request_approval", "claim-1")
    assert (await call("find_approval_request", "claim-1")).id == asked.id
    with pytest.raises(NotFoundError, match="there is no approval request claim-1 of exec_0"):
        await call("find_approval_request", "claim-1", execution_id="exec_0")


async def test_an_own_id_that_is_empty_or_missing_is_nobodys_question(call):
    asked = await call("request_approval", "claim-1")
    for verb in ("decide", "wait_for_approval", "find_approval_request"):
        with pytest.raises(InvalidRequestError, match="must not be empty"):
            await call(verb, "", *(["approved"] if verb == "decide" else []))
    with pytest.raises(TypeError, match="approval_request_id must be a string"):
        await call("find_approval_request", None)
    for verb in ("decide", "wait_for_approval"):
        with pytest.raises(TypeError, match="an id must be a string, not None"):
            await call(verb, None, *(["approved"] if verb == "decide" else []))
    assert (await call("get_approval_request", asked.id)).status == "pending"


async def test_an_own_id_that_is_pending_is_waited_for_by_its_apr_id(kind):
    imitation = Imitation(kind)
    imitation.answers(httpx.ConnectError("refused"), reply({"items": [PENDING]}), reply(APPROVED))
    result = await imitation.run(lambda c: c.wait_for_approval("claim-4711"))
    assert result.approved
    assert imitation.requests.last.request.url.path == f"/api/v1/approval-requests/{APR}"


async def test_an_own_id_may_be_decided(call):
    asked = await call("request_approval", "claim-1")
    receipt = await call("decide", "claim-1", "rejected", feedback="too much")
    assert (receipt.approval.id, receipt.approval.feedback) == (asked.id, "too much")
    again = await call("decide", asked.id, "rejected", feedback="too much")
    assert again.status == "already_processed"
    with pytest.raises(
        NotFoundError, match="claim-2 among the standalone ones; those of an execution need its id"
    ):
        await call("decide", "claim-2", "approved")


async def test_an_own_id_that_several_owners_have_pending_is_ambiguous(kind):
    imitation = Imitation(kind)
    page = {"items": [PENDING, PENDING | {"id": "apr_2"}, APPROVED]}
    imitation.answers(reply(page), reply(page))
    with pytest.raises(AmbiguousRequestIdError, match="2 requests under claim-4711") as raised:
        await imitation.run(lambda c: c.wait_for_approval("claim-4711"))
    assert [one.id for one in raised.value.candidates] == [APR, "apr_2"]
    found = await imitation.run(lambda c: c.find_approval_request("x", execution_id="exec_1"))
    assert found.id == APR
    asked = [dict(c.request.url.params) for c in imitation.requests]
    assert asked == [
        {"approval_request_id": "claim-4711", "execution_id": "none"},
        {"approval_request_id": "x", "execution_id": "exec_1"},
    ]


# Signed answers.


@pytest.mark.parametrize("by", ["apr_ id", "own id"])
async def test_a_signed_response_decides(call, by):
    asked = await call("request_approval", "claim-1")
    receipt = await call(
        "respond",
        asked.id if by == "apr_ id" else "claim-1",
        "approved",
        secret=SECRET,
        feedback="ok",
        response={"limit": 10**30},
        reviewer={"id": "42", "name": "duty officer"},
    )
    assert (receipt.status, receipt.approval.response) == ("processed", {"limit": 10**30})
    reviewer = receipt.approval.reviewer
    assert (reviewer.id, reviewer.source) == ("42", "webhook")
    with pytest.raises(AlreadyDecidedError) as raised:
        await call("respond", "claim-1", "rejected", secret=SECRET)
    assert raised.value.approval
    assert raised.value.approval.decision == "approved"


async def test_a_response_signed_with_another_secret_is_not_believed(call):
    await call("request_approval", "claim-1")
    for secret in (new_secret(), "plain words"):
        with pytest.raises(InvalidSignatureError):
            await call("respond", "claim-1", "approved", secret=secret)


@pytest.mark.parametrize("secret", [SECRET, "plain words"], ids=["whsec", "plain"])
async def test_a_response_waits_for_a_request_that_is_on_its_way(kind, secret):
    imitation = Imitation(kind)
    not_yet = problem(404, "not_found", {"Retry-After": "2"})
    imitation.answers(not_yet, not_yet, answer("receiveApprovalResponse"))
    receipt = await imitation.run(lambda c: c.respond("own", "approved", secret=secret))
    assert receipt.approval.id == APPROVED["id"]
    assert imitation.clock.waits == [2.0, 2.0]
    sent = [c.request for c in imitation.requests]
    assert len({r.headers.get("webhook-id") for r in sent}) == 1
    for request in sent:
        verify_approval_response(request.headers, request.content, [secret], imitation.clock.at)
    assert json.loads(sent[0].content) == {"requestId": "own", "decision": "approved"}


@pytest.mark.parametrize("headers,waits", [({"Retry-After": "2"}, [2.0] * 5), ({}, [])])
async def test_a_response_waits_no_longer_than_its_patience(kind, headers, waits):
    imitation = Imitation(kind)
    imitation.answers(*[problem(404, "not_found", headers)] * 9)
    with pytest.raises(NotFoundError):
        await imitation.run(lambda c: c.respond("own", "approved", secret=SECRET))
    assert imitation.clock.waits == waits


# Executions.


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


# Whole lists.

PAGES = [
    ("Node", lambda c: c.iter_nodes(), {}),
    (
        "Execution",
        lambda c: c.iter_executions(status="waiting", node_id="n", run_id="r"),
        {"status": "waiting", "node_id": "n", "run_id": "r"},
    ),
    ("Step", lambda c: c.iter_steps("exec_1"), {}),
    ("Event", lambda c: c.iter_execution_events("exec_1"), {}),
    (
        "Approval",
        lambda c: c.iter_approval_requests(
            approval_request_id="a",
            execution_id="none",
            status="pending",
            node_id="n",
            reviewer="r",
            decided_after="2026-01-05T09:30:00.000Z",
            decided_before="2026-01-06T09:30:00.000Z",
        ),
        {
            "approval_request_id": "a",
            "execution_id": "none",
            "status": "pending",
            "node_id": "n",
            "reviewer": "r",
            "decided_after": "2026-01-05T09:30:00.000Z",
            "decided_before": "2026-01-06T09:30:00.000Z",
        },
    ),
    ("Event", lambda c: c.iter_approval_request_events("apr_1"), {}),
    (
        "Delivery",
        lambda c: c.iter_deliveries(state="dead", execution_id="exec_1"),
        {"state": "dead", "execution_id": "exec_1"},
    ),
]


@pytest.mark.parametrize("schema,rows,filters", PAGES)
async def test_a_list_is_read_page_by_page_to_its_end(kind, schema, rows, filters):
    row = SCHEMAS[schema]["examples"][0]
    imitation = Imitation(kind)
    imitation.answers(
        reply({"items": [row, row], "next_cursor": "c1"}),
        reply({"items": [], "next_cursor": "c2"}),
        reply({"items": [row]}),
    )
    found = await imitation.all(rows)
    assert [each.model_dump(mode="json", exclude_unset=True) for each in found] == [row] * 3
    asked = [dict(c.request.url.params) for c in imitation.requests]
    page = filters | {"limit": "200"}
    assert asked == [page, page | {"cursor": "c1"}, page | {"cursor": "c2"}]


async def test_a_page_is_not_asked_for_before_it_is_needed(kind):
    imitation = Imitation(kind)
    imitation.answers(reply({"items": [SCHEMAS["Node"]["examples"][0]], "next_cursor": "c1"}))
    rows = imitation.client.iter_nodes()
    assert len(imitation.requests) == 0
    await anext(rows) if kind == "async" else next(rows)
    assert len(imitation.requests) == 1


# The client as a thing.


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
