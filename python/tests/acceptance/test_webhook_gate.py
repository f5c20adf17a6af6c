"""Signed decisions: who may decide by the webhook, and what a repeat is."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import StartServer
from tests.acceptance.servers import Json, Server, response_body, signed

PATH = "/api/v1/webhooks/approval-response"


def send(server: Server, body: bytes, headers: dict[str, str]) -> tuple[int, Json]:
    answer = server.http.post(PATH, content=body, headers=headers)
    told: Json = answer.json()
    return answer.status_code, told


def question(server: Server, own_id: str) -> str:
    """A pending request; its id."""
    asked = server.post("/approval-requests", {"approval_request_id": own_id}, 201)
    return str(asked["id"])


def status_of(server: Server, approval_id: str) -> str:
    return str(server.get(f"/approval-requests/{approval_id}")["status"])


def test_without_a_secret_nobody_decides(start_server: StartServer) -> None:
    server = start_server(secret=None)
    approval_id = question(server, "claim-1")
    body = response_body("claim-1", "approved")
    status, problem = send(server, body, signed(body))
    assert (status, problem["code"]) == (503, "webhook_secret_missing")
    assert status_of(server, approval_id) == "pending"


def test_a_wrong_signature_decides_nothing(shared_server: Server) -> None:
    approval_id = question(shared_server, "claim-2")
    body = response_body("claim-2", "approved")
    for headers in (
        signed(body, "another secret"),
        {"Content-Type": "application/json"},
        {**signed(body), "X-Webhook-Signature": "sha256="},
        {**signed(body), "X-Webhook-Signature": signed(body)["X-Webhook-Signature"][7:]},
    ):
        status, problem = send(shared_server, body, headers)
        assert (status, problem["code"]) == (401, "invalid_signature")
    assert status_of(shared_server, approval_id) == "pending"


def test_every_single_changed_byte_is_noticed(shared_server: Server) -> None:
    approval_id = question(shared_server, "claim-3")
    body = response_body("claim-3", "approved")
    headers = signed(body)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        status, problem = send(shared_server, changed, headers)
        assert (status, problem["code"]) == (401, "invalid_signature"), changed
    assert status_of(shared_server, approval_id) == "pending"


def test_the_first_signed_decision_wins_and_its_repeat_is_known(shared_server: Server) -> None:
    approval_id = question(shared_server, "claim-4")
    body = response_body("claim-4", "approved", feedback="confirmed")
    status, receipt = send(shared_server, body, signed(body))
    assert (status, receipt["status"]) == (200, "processed")
    assert receipt["approval"]["status"] == "approved"

    status, again = send(shared_server, body, signed(body))
    assert (status, again["status"]) == (200, "already_processed")
    assert again["approval"] == receipt["approval"]

    opposite = response_body("claim-4", "rejected", feedback="no")
    status, problem = send(shared_server, opposite, signed(opposite))
    assert (status, problem["code"]) == (409, "already_decided")
    assert problem["approval"] == receipt["approval"]
    assert status_of(shared_server, approval_id) == "approved"


@pytest.mark.parametrize("decision", ["approved", "rejected", "request_changes"])
def test_what_was_signed_is_what_is_stored(shared_server: Server, decision: str) -> None:
    approval_id = question(shared_server, f"claim-5-{decision}")
    body = response_body(
        f"claim-5-{decision}",
        decision,
        feedback="ünïcode 😀",
        response={"limit": 12345678901234567890, "z": 1, "a": None},
        reviewer={"id": "42", "name": "duty officer"},
    )
    status, _ = send(shared_server, body, signed(body))
    assert status == 200
    stored = shared_server.get(f"/approval-requests/{approval_id}")
    assert stored["status"] == stored["decision"] == decision
    assert stored["feedback"] == "ünïcode 😀"
    assert stored["response"] == {"limit": 12345678901234567890, "z": 1, "a": None}
    assert stored["reviewer"] == {"id": "42", "name": "duty officer", "source": "webhook"}


def test_a_decision_on_an_unknown_request_may_come_again(shared_server: Server) -> None:
    body = response_body("not-asked-yet", "approved")
    answer = shared_server.http.post(PATH, content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.headers["Retry-After"] == "2"
