"""The examples are what was published, and they run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent
from tests.acceptance.seeds import EXAMPLES, SEEDS, bodies, statements
from tests.acceptance.servers import Json, Server, response_body, signed

NAMES = ["claim", "publish", "refund"]
CLAIM = {"claim_id": "4711", "amount": 2_000_000, "description": "property"}
TICKET = "Please refund my annual plan, I was billed twice."


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_every_statement_of_its_seed_in_order(name: str) -> None:
    seed = statements((SEEDS / f"{name}.txt").read_text())
    example = iter(statements((EXAMPLES / name / "main.py").read_text()))
    assert [each for each in seed if each not in example] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_function_of_the_seed_has_the_body_that_was_published(name: str) -> None:
    seed = bodies((SEEDS / f"{name}.txt").read_text())
    example = bodies((EXAMPLES / name / "main.py").read_text())
    assert seed
    assert {name: example.get(name) for name in seed} == seed


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_all_its_files(name: str) -> None:
    folder = EXAMPLES / name
    for file in ("main.py", "scripted.py", "requirements.txt", "README.md", "Dockerfile"):
        assert (folder / file).is_file(), f"{name}/{file}"


@pytest.fixture(scope="module")
def refunds(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("refund-agent", scripted("refund"), REVIEWS_LOG="reviews.log")


@pytest.fixture(scope="module")
def claims(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("claim-processor", scripted("claim"))


@pytest.fixture(scope="module")
def pipeline(start_shared_agent: StartAgent) -> AgentProcess:
    return start_shared_agent("content-pipeline", scripted("publish"))


def scripted(name: str) -> Path:
    return EXAMPLES / name / "scripted.py"


def test_a_refund_that_the_model_is_sure_of_asks_nobody(
    server: Server, start_agent: StartAgent, tmp_path: Path
) -> None:
    reviews = tmp_path / "reviews.log"
    start_agent(
        *(server, "refund-agent", AGENTS / "sure_refund.py"),
        REVIEWS_LOG=str(reviews),
        EXAMPLES=str(EXAMPLES),
    )
    result = server.succeeded(server.begin("refund-agent.decide_refund", ticket=TICKET))
    assert result["status"] == "auto_approved"
    assert result["decision"]["confidence"] == 0.97
    assert not reviews.exists()
    assert [*server.items("/approval-requests")] == []


@pytest.mark.usefixtures("refunds")
@pytest.mark.parametrize("decision", ["rejected", "request_changes"])
def test_a_refund_that_a_person_does_not_approve_ends_in_its_own_words(
    shared_server: Server, decision: str
) -> None:
    execution_id = shared_server.begin("refund-agent.decide_refund", ticket=TICKET)
    request = shared_server.waiting(execution_id)
    url = request["approval_request_url"]
    assert url == f"https://review.acme.com/refunds/{request['approval_request_id']}"
    shared_server.decide(request["id"], decision, feedback="not yet")
    assert shared_server.succeeded(execution_id) == {"status": decision, "feedback": "not yet"}


@pytest.mark.usefixtures("claims")
@pytest.mark.parametrize(
    "given,report",
    [
        ("approved", {"decision": "approved", "method": "human", "feedback": "seen"}),
        ("request_changes", {"decision": "needs_review", "feedback": "seen"}),
        ("rejected", {"decision": "rejected", "reason": "seen"}),
    ],
)
def test_a_claim_waits_for_a_person(
    shared_server: Server, given: str, report: dict[str, str]
) -> None:
    execution_id = shared_server.begin("claim-processor.process_claim", **CLAIM)
    request = shared_server.waiting(execution_id)
    assert request["approval_request_id"] == "claim-4711"
    shared_server.decide(request["id"], given, feedback="seen")
    assert shared_server.succeeded(execution_id) == report
    said = notes(shared_server, execution_id)
    assert [note["tags"] for note in said] == [["assessment"], ["escalation"], ["decision"]]
    assert said[0]["message"] == "Risk score: 82/100"


def test_a_claim_is_resumed_after_a_crash_without_asking_again(
    shared_server: Server, claims: AgentProcess
) -> None:
    execution_id = shared_server.begin("claim-processor.resilient_claim_processor", **CLAIM)
    request = shared_server.waiting(execution_id)
    claims.kill()
    shared_server.decide(request["id"], "approved", feedback="go ahead")
    claims.start()
    assert shared_server.succeeded(execution_id) == {
        "decision": "approved",
        "method": "human",
        "feedback": "go ahead",
    }
    # By `wait_for_resume` at the top of the second attempt: it says so.
    assert shared_server.execution(execution_id)["attempt"] == 2
    assert notes(shared_server, execution_id) == [
        {"message": "Resumed after crash: claim was approved", "tags": ["recovery"]}
    ]
    assert shared_server.events(execution_id).count("approval.requested") == 1


@pytest.mark.usefixtures("pipeline")
def test_a_text_is_published_after_two_gates(
    shared_server: Server, start_shared_agent: StartAgent, tmp_path: Path
) -> None:
    published = tmp_path / "published.log"
    publisher = EXAMPLES / "publish" / "publisher.py"
    start_shared_agent("publisher", publisher, PUBLISHED_LOG=str(published))

    execution_id = shared_server.begin("content-pipeline.publish_with_review", brief="Our plan")
    for own_id in ("draft-review", "final-approval"):
        request = shared_server.waiting(execution_id)
        assert request["approval_request_id"] == own_id
        assert not published.exists()
        body = response_body(own_id, "approved", feedback="good", execution_id=execution_id)
        path = "/api/v1/webhooks/approval-response"
        sent = shared_server.http.post(path, content=body, headers=signed(body))
        assert sent.status_code == 200
    assert shared_server.succeeded(execution_id) == {"status": "approved"}
    assert published.read_text() == "The final text.\n"


@pytest.mark.usefixtures("pipeline")
def test_two_runs_ask_under_the_same_fixed_id(shared_server: Server) -> None:
    target = "content-pipeline.publish_with_review"
    runs = [shared_server.begin(target, brief=f"Plan {number}") for number in (1, 2)]
    first, second = (shared_server.waiting(run) for run in runs)
    assert first["approval_request_id"] == second["approval_request_id"] == "draft-review"
    shared_server.decide(first["id"], "rejected", feedback="dull")
    assert shared_server.succeeded(runs[0]) == {"status": "rejected", "feedback": "dull"}
    # The answer to the one never opens the gate of the other.
    assert shared_server.waiting(runs[1])["id"] == second["id"]
    assert shared_server.get(f"/approval-requests/{second['id']}")["status"] == "pending"


def notes(server: Server, execution_id: str) -> list[Json]:
    return [
        event["content"]
        for event in server.items(f"/executions/{execution_id}/events")
        if event["type"] == "note"
    ]
