"""`signoff approvals`: questions found by either id, decided once."""

import pytest

from signoff.cli.exits import Exit
from tests.cli.conftest import Plane, Run

VERBS = {"approve": "approved", "reject": "rejected", "request-changes": "request_changes"}


@pytest.mark.parametrize("verb, word", VERBS.items())
def test_each_verb_decides_with_words_and_json(plane: Plane, run: Run, verb: str, word: str):
    asked = plane.client.create_approval_request(f"deploy-{verb}")
    words = ("--feedback", "looked at it", "--response", '{"limit":12345678901234567890123}')
    said = run("approvals", verb, asked.approval_request_id, *words, "--json")
    assert said.code == Exit.OK
    assert said.json["status"] == "processed"
    approval = said.json["approval"]
    assert (approval["status"], approval["feedback"]) == (word, "looked at it")
    assert approval["response"] == {"limit": 12345678901234567890123}
    assert approval["reviewer"] == {"id": "local", "source": "open"}


def test_a_decision_wakes_the_run_that_waits(plane: Plane, run: Run):
    approval = plane.waiting("woken")
    said = run("approvals", "reject", approval.id)
    assert said.out.rstrip() == f"woken ({approval.id})  rejected"
    execution = plane.client.wait_for_execution(str(approval.execution_id))
    assert execution.result == ["rejected"]


def test_the_same_decision_again_is_fine_and_another_is_told_who_won(plane: Plane, run: Run):
    asked = plane.client.create_approval_request("first-wins")
    assert run("approvals", "approve", "first-wins").code == Exit.OK
    again = run("approvals", "approve", asked.id)
    assert again.code == Exit.OK
    assert "decided so before" in again.out
    late = run("approvals", "reject", "first-wins")
    assert late.code == Exit.CONFLICT
    assert late.err.startswith("signoff: first-wins is approved already by local, 20")
    programs = run("approvals", "request-changes", "first-wins", "--json")
    assert programs.code == Exit.CONFLICT
    assert programs.error["code"] == "already_decided"
    assert programs.error["approval"]["decision"] == "approved"


def test_cancel_withdraws(plane: Plane, run: Run):
    asked = plane.client.create_approval_request("withdrawn")
    said = run("approvals", "cancel", "withdrawn", "--reason", "sold out")
    assert said.out.rstrip() == f"withdrawn ({asked.id})  cancelled"
    shown = run("approvals", "show", asked.id)
    assert "sold out" in shown.out
    assert run("approvals", "cancel", asked.id, "--json").json["decision"] == "error"
    assert run("approvals", "approve", asked.id).code == Exit.CONFLICT


def test_an_own_id_that_named_several_lists_them_and_decides_none(plane: Plane, run: Run):
    first = plane.waiting("loop", times=2)
    plane.client.decide_approval_request(first.id, "approved")
    second = plane.next_request(str(first.execution_id))
    while second.id == first.id:
        second = plane.next_request(str(first.execution_id))
    said = run("approvals", "approve", "loop")
    assert said.code == Exit.AMBIGUOUS
    assert said.err.splitlines()[0] == "signoff: loop has named 2 requests"
    assert said.err.index(second.id) < said.err.index(first.id)
    programs = run("approvals", "show", "loop", "--execution", str(first.execution_id), "--json")
    assert programs.code == Exit.AMBIGUOUS
    assert programs.error["code"] == "ambiguous_request_id"
    assert [one["id"] for one in programs.error["candidates"]] == [second.id, first.id]
    assert plane.client.get_approval_request(second.id).status == "pending"
    assert run("approvals", "approve", second.id).code == Exit.OK


def test_an_own_id_may_be_narrowed_to_an_execution(plane: Plane, run: Run):
    inside = plane.waiting("shared-id")
    outside = plane.client.create_approval_request("shared-id")
    assert run("approvals", "show", "shared-id").code == Exit.AMBIGUOUS
    shown = run("approvals", "show", "shared-id", "--execution", "none", "--json")
    assert shown.json["id"] == outside.id
    said = run("approvals", "approve", "shared-id", "--execution", str(inside.execution_id))
    assert said.code == Exit.OK
    assert plane.client.get_approval_request(inside.id).status == "approved"
    assert plane.client.get_approval_request(outside.id).status == "pending"
    candidates = run("approvals", "cancel", "shared-id", "--json").error["candidates"]
    assert [one.get("execution_id") for one in candidates] == [None, inside.execution_id]


@pytest.mark.parametrize("verb", ["show", "approve", "reject", "request-changes", "cancel"])
def test_what_is_not_there_is_not_found(run: Run, verb: str):
    assert run("approvals", verb, "apr_none").code == Exit.NOT_FOUND
    said = run("approvals", verb, "nobody-asked", "--execution", "none")
    assert said.code == Exit.NOT_FOUND
    assert "no approval request is called nobody-asked in none" in said.err
    assert "signoff approvals list" in said.err


def test_a_response_must_be_json(plane: Plane, run: Run):
    plane.client.create_approval_request("strict")
    said = run("approvals", "approve", "strict", "--response", "{limit: 1}")
    assert said.code == Exit.USAGE
    assert "--response is no JSON" in said.err
    assert plane.client.find_approval_request("strict").status == "pending"
    # null is a value, and not the same as none.
    assert run("approvals", "approve", "strict", "--response", "null").code == Exit.OK
    assert run("approvals", "show", "strict", "--json").json["response"] is None


def test_show_tells_a_reviewer_all_there_is(plane: Plane, run: Run):
    asked = plane.client.create_approval_request(
        "what-a-reviewer-sees",
        approval_request_url="https://review.example.com/1",
        title="Refund of $4,000",
        description="Line one.\nLine two \x1b[2J\u202egnp.exe",
        payload={"order": "ORD-8821"},
    )
    said = run("approvals", "show", asked.id)
    for words in ("Refund of $4,000", "Line one.", '{"order":"ORD-8821"}', "in 3 d"):
        assert words in said.out
    assert "\x1b" not in said.out
    assert "\u202e" not in said.out
    assert "Line two \\x1b[2J\\u202egnp.exe" in said.out
    run("approvals", "approve", asked.id, "--feedback", "fine")
    decided = run("approvals", "show", asked.id).out
    assert "expires" not in decided
    assert "local" in decided
    assert "fine" in decided


def test_list_filters(plane: Plane, run: Run):
    one = plane.client.create_approval_request("list-1", title="First")
    two = plane.client.create_approval_request("list-2")
    plane.client.decide_approval_request(two.id, "rejected")
    pending = run("approvals", "list", "--status", "pending", "--execution", "none")
    assert one.id in pending.out
    assert "First" in pending.out
    assert two.id not in pending.out
    named = run("approvals", "list", "--own-id", "list-2", "--json").json
    assert [item["id"] for item in named["items"]] == [two.id]
    assert run("approvals", "list", "--reviewer", "nobody", "--json").json == {"items": []}
    assert "no approval requests" in run("approvals", "list", "--node", "none").err
