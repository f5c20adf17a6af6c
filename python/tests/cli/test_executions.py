"""`signoff executions`: what programs read, what people read, and the exit codes."""

import json
import threading

import pytest

from signoff.cli import times
from signoff.cli.exits import Exit
from tests.cli.conftest import Plane, Run

BIG = 12345678901234567890123


def test_show_as_json_is_the_execution_of_the_contract_with_nothing_lost(plane: Plane, run: Run):
    value = {"n": BIG, "f": 1.0, "none": None, "text": "é👍\u0085"}
    run_id = plane.start("echo", value=value)
    plane.client.wait_for_execution(run_id)
    said = run("executions", "show", run_id, "--json")
    assert said.code == Exit.OK
    execution = said.json
    assert execution["execution_id"] == run_id
    assert execution["result"] == value
    assert str(BIG) in said.out
    assert '"f": 1.0' in said.out
    assert execution["completed_at"].endswith("Z")
    assert "error" not in execution


def test_show_for_people_names_what_matters(plane: Plane, run: Run):
    approval = plane.waiting("show-people")
    said = run("executions", "show", str(approval.execution_id))
    assert said.code == Exit.OK
    for words in ("desk.ask", "waiting", approval.id, '{"own_id":"show-people","times":1}', "now"):
        assert words in said.out
    plane.client.decide_approval_request(approval.id, "approved")


def test_list_follows_the_pages_up_to_the_limit(plane: Plane, run: Run):
    ids = [plane.start("echo", value=n) for n in range(3)]
    for each in ids:
        plane.client.wait_for_execution(each)
    page = run("executions", "list", "--json", "--limit", "2").json
    assert [item["execution_id"] for item in page["items"]] == ids[:0:-1]
    assert page["next_cursor"]
    people = run("executions", "list", "--limit", "2", "--status", "succeeded")
    assert ids[2] in people.out
    assert "… and more: --limit 8" in people.err
    everything = run("executions", "list", "--json", "--limit", "100000", "--node", "desk").json
    assert "next_cursor" not in everything
    assert set(ids) <= {item["execution_id"] for item in everything["items"]}


def test_an_empty_list_says_so_beside_the_data(run: Run):
    said = run("executions", "list", "--run", "run_none")
    assert said.code == Exit.OK
    assert "no executions" in said.err
    assert run("executions", "list", "--run", "run_none", "--json").json == {"items": []}


def test_cancel_withdraws_the_question_and_says_what_it_is_now(plane: Plane, run: Run):
    approval = plane.waiting("cancelled-run")
    said = run("executions", "cancel", str(approval.execution_id), "--reason", "no more needed")
    assert said.code == Exit.OK
    assert said.out.split() == [approval.execution_id, "cancelled"]
    assert plane.client.get_approval_request(approval.id).status == "cancelled"
    again = run("executions", "cancel", str(approval.execution_id), "--json")
    assert again.json["status"] == "cancelled"


def test_cancelling_what_has_ended_is_a_conflict(plane: Plane, run: Run):
    run_id = plane.start("echo", value=1)
    plane.client.wait_for_execution(run_id)
    said = run("executions", "cancel", run_id, "--json")
    assert said.code == Exit.CONFLICT
    assert said.error["code"] == "execution_finished"
    assert said.error["exit_code"] == Exit.CONFLICT


def test_watch_follows_to_the_end(plane: Plane, run: Run):
    approval = plane.waiting("watched")
    decide = threading.Timer(0.3, plane.client.decide_approval_request, (approval.id, "approved"))
    decide.start()
    said = run("executions", "watch", str(approval.execution_id), "--json")
    decide.join()
    assert said.code == Exit.OK
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["type"] == "execution.created"
    assert "approval.decided" in [event["type"] for event in events]
    assert events[-1]["type"] == "execution.succeeded"


def test_watch_for_people_shows_notes_and_the_result(plane: Plane, run: Run):
    run_id = plane.start("echo", value="done\x1b[31m")
    said = run("executions", "watch", run_id)
    assert said.code == Exit.OK
    assert '{"message":"seen","tags":["echo"]}' in said.out
    assert "sha256" not in said.out
    assert "attempt=1" in said.out
    assert "\x1b" not in said.out
    assert '"done\\u001b[31m"' in said.out


def test_watch_shows_times_as_people_write_them(plane: Plane, run: Run):
    approval = plane.waiting("watch-times")
    plane.client.decide_approval_request(approval.id, "approved")
    said = run("executions", "watch", str(approval.execution_id))
    assert f"expires_at={times.local(approval.expires_at)}" in said.out


def test_the_exit_code_of_watch_says_how_it_ended(plane: Plane, run: Run):
    failed = plane.start("fail")
    assert run("executions", "watch", failed).code == Exit.RUN_FAILED
    cancelled = str(plane.waiting("watch-cancelled").execution_id)
    plane.client.cancel_execution(cancelled)
    assert run("executions", "watch", cancelled).code == Exit.RUN_CANCELLED


def test_a_failed_run_shows_why(plane: Plane, run: Run):
    run_id = plane.start("fail")
    plane.client.wait_for_execution(run_id)
    said = run("executions", "show", run_id)
    assert "no such account" in said.out


@pytest.mark.parametrize("verb", ["show", "cancel", "watch"])
def test_what_is_not_there_is_not_found(run: Run, verb: str):
    said = run("executions", verb, "exec_none")
    assert said.code == Exit.NOT_FOUND
    assert said.out == ""
    assert said.err.splitlines()[0] == "signoff: there is no execution exec_none"


def test_an_id_that_cannot_be_one_is_a_matter_of_usage(run: Run):
    assert run("executions", "show", "..").code == Exit.USAGE
    assert run("executions", "show", "a b").code == Exit.USAGE
