"""The generated models keep what they are given."""

import copy
import json
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from signoff import contract_gen
from signoff.contract_gen import (
    Approval,
    ApprovalRequest,
    ApprovalStatus,
    Decision,
    Event,
    NewDecision,
    Outcome,
    ProblemError,
)
from signoff.wire import Record, Word

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "conformance" / "vectors" / "contract_examples.json"
EXAMPLES: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))
TIME = "2026-01-01T00:00:00.000Z"
APPROVAL = {
    "id": "apr_1",
    "approval_request_id": "claim-4711",
    "status": "approved",
    "expires_at": TIME,
    "created_at": TIME,
    "event_head": {"seq": 1, "hash": "0"},
}


def round_trip(schema: str | None, text: str) -> str:
    """Decode JSON text into the type of a schema, and encode it again."""
    model = getattr(contract_gen, schema or "", None)
    if isinstance(model, type) and issubclass(model, Record):
        return model.model_validate_json(text).model_dump_json(exclude_unset=True)
    adapter = TypeAdapter(Any if model is None else model)
    return adapter.dump_json(adapter.validate_json(text)).decode()


def exact(text: str) -> object:
    """Parse JSON so that equal values are equal: exact numbers, members in any order."""
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def at(text: str, pointer: str) -> str:
    """Return what a JSON pointer names, as text: members in their order."""
    value = json.loads(text)
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        value = value[int(key) if isinstance(value, list) else key]
    return json.dumps(value)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_every_example_of_the_contract_comes_back_equal(example: dict[str, Any]) -> None:
    back = round_trip(example["schema"], example["value"])
    assert exact(back) == exact(example["value"])
    for pointer in example["free"]:
        assert at(back, pointer) == at(example["value"], pointer)


def test_the_examples_are_those_of_the_contract() -> None:
    script = ROOT / "tools" / "examples.py"
    listed = subprocess.run([sys.executable, script], capture_output=True, check=True).stdout
    assert json.loads(listed) == EXAMPLES


def test_every_model_has_an_example() -> None:
    models = {
        name
        for name, model in vars(contract_gen).items()
        if isinstance(model, type) and model.__module__ == contract_gen.__name__
    }
    assert len(models) > 50
    assert models <= {example["schema"] for example in EXAMPLES}


def approval(**members: object) -> str:
    return json.dumps(APPROVAL | members)


@pytest.mark.parametrize(
    "schema, text",
    [
        pytest.param(
            "Approval",
            approval(status="escalated", decision="postponed"),
            id="a word from a newer server",
        ),
        pytest.param("Approval", approval(weight=3), id="a field from a newer server"),
        pytest.param("Approval", approval(), id="absent is not null"),
        pytest.param("Approval", approval(response=None), id="null is not absent"),
        pytest.param("Approval", approval(feedback="", title=""), id="empty text is not absent"),
        pytest.param("Note", '{"message": "m", "tags": []}', id="an empty list is not absent"),
        pytest.param("Note", '{"message": "m"}', id="an absent list stays absent"),
        pytest.param(
            "Approval",
            approval(response=[2**63 + 1, 2**64 + 1, -(10**40), 1.5, 1e300]),
            id="an integer above 2^63",
        ),
        pytest.param(
            "Approval",
            approval(payload={"z": 1, "10": 2, "9": 3, "a": {"b": 1, "a": [None, True]}}),
            id="the order of keys",
        ),
        pytest.param(
            "Approval", approval(payload={"\U0001f600": "\U0001f600<&>\u2028"}), id="any characters"
        ),
        pytest.param("ApprovalRequest", '{"approval_request_id": "a"}', id="a default is not sent"),
        pytest.param(
            "ApprovalRequest",
            '{"approval_request_id": "a", "approval_request_url": "https://example.com"}',
            id="a URL without a slash at its end",
        ),
        pytest.param("ProblemError", '{"in": "body", "pointer": "", "detail": ""}', id="a keyword"),
    ],
)
def test_values_are_kept(schema: str, text: str) -> None:
    assert json.loads(round_trip(schema, text)) == json.loads(text)
    for member in ("payload", "response"):
        if member in json.loads(text):
            assert at(round_trip(schema, text), f"/{member}") == at(text, f"/{member}")


def test_a_model_made_from_parsed_json_keeps_values_too() -> None:
    value = json.loads(approval(response={"n": 2**70, "z": 1.0}, status="escalated", new=None))
    again = Approval.model_validate(value).model_dump(mode="json", exclude_unset=True)
    assert json.dumps(again, sort_keys=True) == json.dumps(value, sort_keys=True)


def test_times_stay_the_text_that_they_were() -> None:
    assert Approval.model_validate(APPROVAL).created_at == TIME
    assert Event.model_fields["at"].annotation is str


def test_nan_is_never_sent_as_null() -> None:
    request = ApprovalRequest(approval_request_id="a", payload={"score": float("nan")})
    assert "NaN" in request.model_dump_json(exclude_unset=True)


def test_a_word_that_is_not_known_yet_behaves_like_one_that_is() -> None:
    word = ApprovalStatus("escalated")
    assert word == "escalated"
    assert word == ApprovalStatus("escalated")
    assert word != ApprovalStatus.APPROVED
    assert (word.name, word.value, str(word)) == ("escalated", "escalated", "escalated")
    assert isinstance(word, ApprovalStatus)
    assert {word: 1}["escalated"] == 1  # type: ignore[index]
    assert "escalated" not in [*ApprovalStatus]
    assert pickle.loads(pickle.dumps(word)) == copy.deepcopy(word) == word
    assert ApprovalStatus("approved") is ApprovalStatus.APPROVED


@pytest.mark.parametrize("value", [1, None, True, [], {}])
def test_a_word_is_text(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Outcome).validate_python(value)


def test_only_open_lists_of_words_grow() -> None:
    assert issubclass(Outcome, Word)
    assert not issubclass(Decision, Word)
    with pytest.raises(ValidationError, match="decision"):
        NewDecision.model_validate({"decision": "postponed"})


def test_a_request_refuses_a_field_that_it_does_not_have() -> None:
    with pytest.raises(ValidationError, match="expires_in_hour"):
        ApprovalRequest.model_validate({"approval_request_id": "a", "expires_in_hour": 24})


def test_a_field_whose_name_python_takes_is_made_and_sent_under_its_own() -> None:
    error = ProblemError(in_="body", pointer="", detail="must be an object")
    assert error.model_dump() == {"in": "body", "pointer": "", "detail": "must be an object"}
