"""What an own id names, for each verb that takes one."""

import httpx
import pytest

from signoff import (
    AmbiguousRequestIdError,
    InvalidRequestError,
    NotFoundError,
)
from tests.both_clients import APPROVED, APR, PENDING, reply
from tests.imitation import Imitation


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
