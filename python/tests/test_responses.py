"""Decisions by a signed message."""

import json

import pytest

from signoff import (
    AlreadyDecidedError,
    InvalidSignatureError,
    NotFoundError,
    new_secret,
)
from signoff.webhook import verify_approval_response
from tests.both_clients import APPROVED, SECRET
from tests.imitation import Imitation, answer, problem


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


async def test_a_response_that_waits_for_long_is_signed_anew_as_the_same_message(kind):
    imitation = Imitation(kind)
    not_yet = problem(404, "not_found", {"Retry-After": "400"})
    imitation.answers(not_yet, answer("receiveApprovalResponse"))
    await imitation.run(lambda c: c.respond("own", "approved", secret=SECRET, patience=600))
    first, second = (c.request for c in imitation.requests)
    verify_approval_response(second.headers, second.content, [SECRET], imitation.clock.at)
    assert second.headers["webhook-id"] == first.headers["webhook-id"]


@pytest.mark.parametrize("headers,waits", [({"Retry-After": "2"}, [2.0] * 5), ({}, [])])
async def test_a_response_waits_no_longer_than_its_patience(kind, headers, waits):
    imitation = Imitation(kind)
    imitation.answers(*[problem(404, "not_found", headers)] * 9)
    with pytest.raises(NotFoundError):
        await imitation.run(lambda c: c.respond("own", "approved", secret=SECRET))
    assert imitation.clock.waits == waits
