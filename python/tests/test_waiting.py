"""How the verbs wait: long polls, faults and deadlines, at a server that is imitated."""

import httpx
import pytest

from signoff import (
    ForbiddenError,
    PauseTimeoutError,
    TransportError,
    WaitTimeoutError,
)
from tests.both_clients import APPROVED, APR, FINISHED, PENDING, RUNNING, reply
from tests.imitation import Imitation, problem


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
