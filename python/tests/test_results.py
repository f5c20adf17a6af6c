import dataclasses
import json

import pytest

from signoff import ApprovalResult, ProtocolError
from signoff.contract_gen import Approval, ApprovalCallback
from signoff.results import is_decided
from tests.contract import contract

SCHEMAS = contract()["components"]["schemas"]
APPROVED, PENDING = (Approval.model_validate(each) for each in SCHEMAS["Approval"]["examples"])
WITHDRAWN = Approval.model_validate(SCHEMAS["ApprovalList"]["examples"][0]["items"][0])
CALLBACK = ApprovalCallback.model_validate(SCHEMAS["ApprovalCallback"]["examples"][0])

ASKED = ("approved", "rejected", "changes_requested", "expired", "withdrawn")


@pytest.mark.parametrize(
    "decision,true",
    [
        ("approved", "approved"),
        ("rejected", "rejected"),
        ("request_changes", "changes_requested"),
        ("expired", "expired"),
        ("error", "withdrawn"),
        ("APPROVED", None),
        ("approved_with_conditions", None),
        ("", None),
    ],
)
def test_only_its_own_word_makes_a_question_true(decision, true):
    result = ApprovalResult(decision)
    assert {name: getattr(result, name) for name in ASKED} == {name: name == true for name in ASKED}


def test_a_result_of_an_approval_says_who_and_what():
    result = ApprovalResult.of_approval(APPROVED)
    assert result.approved
    assert result.feedback == "Verified the double charge. Refund is correct."
    assert result.response == {"limit": 4000, "account": 123456789012345678901234567890}
    assert result.reviewer is not None
    assert result.reviewer.name == "refund desk"
    assert (result.id, result.approval_request_id) == (APPROVED.id, "req-abc-123")
    assert result.event_head is not None
    assert result.event_head.seq == 5


def test_a_result_of_a_callback_says_the_same():
    result = ApprovalResult.of_callback(CALLBACK)
    assert (result.decision, result.feedback) == ("approved", "Refund is correct.")
    assert (result.id, result.approval_request_id) == (CALLBACK.id, "req-abc-123")
    assert result.reviewer == CALLBACK.reviewer


def test_a_withdrawn_request_has_its_reason_as_feedback():
    result = ApprovalResult.of_approval(WITHDRAWN)
    assert (result.decision, result.feedback) == ("error", "the order was withdrawn")
    assert result.withdrawn


def test_a_word_of_a_newer_server_is_kept_and_is_no_yes():
    approval = APPROVED.model_dump(exclude_unset=True) | {"decision": "approved_for_today"}
    result = ApprovalResult.of_approval(Approval.model_validate(approval))
    assert result.decision == "approved_for_today"
    assert not result.approved


def test_a_pending_request_has_no_result():
    assert not is_decided(PENDING)
    assert is_decided(APPROVED)
    with pytest.raises(ProtocolError, match="is pending and has no decision"):
        ApprovalResult.of_approval(PENDING)


def test_a_result_cannot_be_changed_and_its_word_is_plain_text():
    result = ApprovalResult.of_approval(APPROVED)
    assert type(result.decision) is str
    assert json.dumps(result.decision) == '"approved"'
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.decision = "rejected"  # type: ignore[misc]
