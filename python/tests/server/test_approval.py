"""Approval requests: which decision wins, and how they close."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.contract_gen import ApprovalStatus, Decision
from signoff.server.domain.approval import (
    DECIDED,
    EXPIRED,
    STATES,
    TRANSITIONS,
    WITHDRAWN,
    Request,
    Verdict,
    content_sha256,
    judge,
    outcome,
)
from signoff.server.domain.execution import Execution
from tests.server.rows import NOW, PERSON
from tests.server.test_execution import row as execution_row

ENDS = set(ApprovalStatus) - {ApprovalStatus.PENDING}


def row(status: str = "pending", **columns: Any) -> dict[str, Any]:
    whole = {
        "id": "apr_1",
        "approval_request_id": "req-abc-123",
        "execution_id": None,
        "status": status,
        "decided_at": None if status == "pending" else NOW,
        "expires_at": NOW + 1000,
        "event_seq": 1,
        "event_hash": "0" * 64,
    }
    return whole | columns


def test_every_state_is_described_and_every_move_ends_pending() -> None:
    assert set(STATES) == set(ApprovalStatus)
    assert {move.target for move in TRANSITIONS} == ENDS
    assert all(move.sources == ("pending",) for move in TRANSITIONS)
    assert {str(word): str(move.target) for word, move in DECIDED.items()} == {
        str(word): str(word) for word in Decision
    }


def test_only_a_decision_is_an_outcome_of_its_own_name() -> None:
    assert {status: outcome(status) for status in ApprovalStatus} == {
        "pending": None,
        "approved": "approved",
        "rejected": "rejected",
        "request_changes": "request_changes",
        "expired": "expired",
        "cancelled": "error",
    }


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize(
    "at, verdict",
    [
        (NOW, Verdict.APPLY),
        (NOW + 999, Verdict.APPLY),
        (NOW + 1000, Verdict.TOO_LATE),
        (NOW + 1001, Verdict.TOO_LATE),
    ],
)
def test_a_decision_in_time_applies(decision: Decision, at: int, verdict: Verdict) -> None:
    assert judge(row(), decision, at) is verdict


@pytest.mark.parametrize("decision", list(Decision))
@pytest.mark.parametrize("status", sorted(ENDS))
@pytest.mark.parametrize("at", [NOW, NOW + 5000])
def test_the_first_decision_wins_for_ever(decision: Decision, status: str, at: int) -> None:
    expected = Verdict.REPEAT if status == decision else Verdict.LOST
    assert judge(row(status), decision, at) is expected


@pytest.mark.parametrize("move", TRANSITIONS, ids=lambda move: move.name)
@pytest.mark.parametrize("status", list(ApprovalStatus))
def test_every_move_from_every_state(status: str, move: Any) -> None:
    request = Request(row(status), None)
    if status != "pending":
        with pytest.raises(ValueError, match="does not start from"):
            request.close(move, at=NOW, actor=PERSON)
        return
    request.close(move, at=NOW, actor=PERSON, reason="why")
    head, event = request.chain.statements()
    assert request.statements() == []
    assert head.query == "move_approval_request"
    assert head.params["sources"] == ("pending",)
    assert head.params["from_seq"] == 1
    assert (head.params["status"], head.params["decided_at"]) == (move.target, NOW)
    assert request.row["status_reason"] == "why"
    names = {EXPIRED.name: "approval.expired", WITHDRAWN.name: "approval.cancelled"}
    assert event.params["type"] == names.get(move.name, "approval.decided")
    assert event.params["approval_id"] == "apr_1"
    assert event.params["execution_id"] is None


def test_a_decision_demands_its_time_of_the_store_too() -> None:
    request = Request(row(), None)
    request.close(DECIDED["approved"], at=NOW, actor=PERSON, in_time=True, feedback="ok")
    params = request.chain.statements()[0].params
    assert (params["if_open_at"], params["feedback"]) == (NOW, "ok")


def test_events_about_a_standalone_request_move_its_head_only() -> None:
    request = Request(row("approved"), None)
    request.append("agent.seen", at=NOW, actor=PERSON)
    assert request.chain.statements()[0].query == "extend_approval_request"


def test_a_request_of_an_execution_writes_to_its_chain() -> None:
    execution = Execution(execution_row())
    request = Request(row(execution_id="exec_1", event_seq=None, event_hash=None), execution)
    assert request.statements() == []
    request.close(DECIDED["rejected"], at=NOW, actor=PERSON)
    assert request.chain is execution
    [update] = request.statements()
    assert update.query == "move_approval_request"
    assert "event_seq" not in update.params
    with pytest.raises(ValueError, match="needs its execution"):
        Request(row(), execution)


def test_the_digest_covers_what_the_reviewer_sees() -> None:
    base = content_sha256("t", "d", {"a": 1})
    assert base == content_sha256("t", "d", {"a": 1.0})
    others = [
        content_sha256("u", "d", {"a": 1}),
        content_sha256("t", "e", {"a": 1}),
        content_sha256("t", "d", {"a": 2}),
        content_sha256("t", "d", {}),
        content_sha256("t", "d", None),
        content_sha256(None, "d", {"a": 1}),
    ]
    assert len({base, *others}) == 7
