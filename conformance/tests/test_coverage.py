"""What was not seen on the wire is missing, unless the contract says why it cannot be."""

import json

from signoff_conformance.contract import Contract
from signoff_conformance.coverage import Coverage
from signoff_conformance.coverage_clients import CASE, Mapped
from signoff_conformance.traffic import Exchange
from signoff_conformance.verdicts import Result, Verdict

CONTRACT = Contract.load()
DECIDE = "/api/v1/approval-requests/apr_1/decision"


def exchange(method, path, status, answer=None, body=None, media="application/json", **more):
    return Exchange(
        method,
        path,
        {},
        b"" if body is None else json.dumps(body).encode(),
        status,
        {"content-type": media},
        b"" if answer is None else json.dumps(answer).encode(),
        **more,
    )


def found_by(*traffic):
    """What is missing no more once these were seen."""
    seen = Coverage(CONTRACT)
    before = set(seen.missing())
    seen.see(traffic)
    return before - set(seen.missing())


def test_of_nothing_everything_is_missing():
    missing = Coverage(CONTRACT).missing()
    for line in (
        "decideApprovalRequest 409 was never answered",
        "the problem code already_decided was never seen",
        "the message approvalCallback was never sent",
        "ApprovalStatus expired was never sent",
        "Decision request_changes was never accepted",
        "ExecutionStatusFilter timeout was never accepted",
        "Execution.input was never sent null",
        "NewDecision.response was never accepted not null",
    ):
        assert line in missing


def test_an_answer_shows_its_cell_and_the_words_in_it_and_in_what_it_accepted():
    body = {"decision": "rejected", "response": None}
    answer = {"status": "processed", "approval": {"status": "rejected", "response": [1]}}
    assert found_by(exchange("POST", DECIDE, 200, answer, body)) == {
        "decideApprovalRequest 200 was never answered",
        "Decision rejected was never accepted",
        "NewDecision.response was never accepted null",
        "DecisionReceiptStatus processed was never sent",
        "ApprovalStatus rejected was never sent",
        "Approval.response was never sent not null",
    }


def test_what_was_refused_was_not_accepted():
    problem = {"code": "already_decided", "status": 409}
    media = "application/problem+json"
    assert found_by(exchange("POST", DECIDE, 409, problem, {"decision": "approved"}, media)) == {
        "decideApprovalRequest 409 was never answered",
        "the problem code already_decided was never seen",
    }


def test_a_query_counts_as_accepted():
    found = found_by(exchange("GET", "/api/v1/executions?status=timeout", 200, {"items": []}))
    assert "ExecutionStatusFilter timeout was never accepted" in found


def test_a_message_shows_its_words():
    body = {"decision": "approved", "new_status": "running", "response": None}
    sent = exchange("POST", "/a", 200, {}, body, message="approvalCallback")
    assert "ApprovalCallback.response was never sent null" in found_by(sent)
    assert "the message approvalCallback was never sent" in found_by(sent)


def test_what_cannot_be_reached_is_not_missing_and_says_why():
    missing = "\n".join(Coverage(CONTRACT).missing())
    schemas = CONTRACT.document["components"]["schemas"]
    for name in ("ProblemCode", "ReadinessStatus"):
        for word, reason in schemas[name]["x-unreachable"].items():
            assert len(reason) > 20
            assert f" {word} " not in missing


def result(subject, variant, verdict=Verdict.PASS):
    return Result(CASE, variant, verdict, subject, "CLI-R-KINDS", "t")


def test_an_error_that_a_client_does_not_map_in_each_of_its_codes_is_missing():
    rows = [
        result("a", "getExecution,404,not_found"),
        result("a", "decideApprovalRequest,409,already_decided"),
        result("a", "decideApprovalRequest,409,other", Verdict.FAIL),
        result("a", "registerNode,401,unauthorized", Verdict.NOT_SUPPORTED),
    ]
    seen = Mapped(CONTRACT, rows)
    counts = seen.value()["clients"]["a"]
    assert (counts["mapped"], counts["lacking"]) == (1, 1)
    assert len(seen.missing()) == counts["cells"] - 2
    assert "a: decideApprovalRequest 409 was not mapped to a kind of error" in seen.missing()
