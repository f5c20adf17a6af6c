from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import BaseModel

from signoff.contract_gen import Approval
from signoff.errors import ProtocolError
from signoff.exchange import Answer, build, content, decoded, timestamp
from signoff.strict_json import InvalidJSON

AWKWARD = "a#b/c?d &=+%41;ü😀"


def test_a_path_parameter_is_one_segment_whatever_is_in_it():
    request = build("getNode", path={"node_id": AWKWARD})
    assert request.target == ("/api/v1/nodes/a%23b%2Fc%3Fd%20%26%3D%2B%2541%3B%C3%BC%F0%9F%98%80")


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_segment_that_would_vanish_is_refused(value):
    with pytest.raises(ValueError, match=r"node_id: .* cannot stand in a path"):
        build("getNode", path={"node_id": value})


def test_a_query_has_what_was_given_encoded():
    request = build("listApprovalRequests", query={"approval_request_id": AWKWARD, "limit": None})
    assert request.target == (
        "/api/v1/approval-requests"
        "?approval_request_id=a%23b%2Fc%3Fd%20%26%3D%2B%2541%3B%C3%BC%F0%9F%98%80"
    )
    assert request.name == "GET /api/v1/approval-requests"


def test_a_datetime_is_written_as_the_contract_writes_times():
    east = timezone(timedelta(hours=2))
    time = datetime(2026, 1, 5, 11, 30, 0, 123999, tzinfo=east)
    assert timestamp(time) == "2026-01-05T09:30:00.123Z"
    assert timestamp(datetime(2026, 1, 5, tzinfo=UTC)) == "2026-01-05T00:00:00.000Z"
    request = build("listApprovalRequests", query={"decided_after": time})
    assert request.target.endswith("?decided_after=2026-01-05T09%3A30%3A00.123Z")


def test_a_datetime_needs_its_zone():
    with pytest.raises(ValueError, match="has no time zone"):
        build("listApprovalRequests", query={"decided_after": datetime(2026, 1, 5)})


@pytest.mark.parametrize("value", ["", " a", "a ", "a\r\nX-API-Key: b", "ü", "a\0", "x" * 2001])
def test_a_header_that_is_no_visible_ascii_is_refused(value):
    with pytest.raises(ValueError, match="Idempotency-Key must be 1 to 2000 visible ASCII"):
        build("execute", path={"target": "n.r"}, headers={"Idempotency-Key": value}, body={})


@pytest.mark.parametrize("value", ["a", "a b", "v1,abc= v1,def=", "x" * 2000])
def test_a_header_of_visible_ascii_is_sent(value):
    request = build("addNote", headers={"X-Execution-ID": value}, body={"message": "m"})
    assert request.headers["X-Execution-ID"] == value


@pytest.mark.parametrize("value", [float("nan"), 1e400, "\ud800"])
def test_json_that_would_not_come_back_is_refused(value):
    with pytest.raises(InvalidJSON):
        build("decideApprovalRequest", path={"id": "apr_1"}, body={"response": [value]})


def test_what_json_has_no_word_for_is_refused():
    with pytest.raises(TypeError, match="object"):
        content({"input": {"x": object()}})


def test_models_are_written_as_objects_at_any_depth():
    class Ticket(BaseModel):
        text: str
        urgent: bool = False

    assert content({"input": {"tickets": [Ticket(text="t")], "n": (1,)}}) == (
        b'{"input":{"tickets":[{"text":"t","urgent":false}],"n":[1]}}'
    )


def test_a_body_of_bytes_goes_out_as_it_is():
    request = build("receiveApprovalResponse", body=b" { } ")
    assert request.content == b" { } "
    assert request.headers == {"Content-Type": "application/json"}


def test_a_request_without_a_body_has_no_content_type():
    request = build("retryDelivery", path={"id": "msg_1"})
    assert (request.content, request.headers, request.repeatable) == (None, {}, False)


def test_an_answer_that_does_not_fit_names_the_places_and_not_the_values():
    answer = Answer(200, {}, b'{"id": 5, "title": "the secret"}')
    with pytest.raises(ProtocolError) as raised:
        decoded(Approval, answer)
    assert str(raised.value).startswith("the answer is no Approval: id, approval_request_id")
    assert "secret" not in str(raised.value)
