"""`signoff audit`: what the server has and what was exported are both checked to the last byte."""

import io
import json
from pathlib import Path

import pytest

from signoff.blocking.client import Client
from signoff.cli.exits import Exit
from signoff.contract_gen import Approval
from tests.cli.conftest import Plane, Run


@pytest.fixture(scope="module")
def audited(plane: Plane) -> str:
    """A finished execution with notes, a question and an answer with words."""
    approval = plane.waiting("audited")
    plane.client.decide_approval_request(approval.id, "approved", feedback="fine", response=[1])
    plane.client.wait_for_execution(str(approval.execution_id))
    return str(approval.execution_id)


@pytest.fixture
def exported(audited: str, run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "chain.jsonl"
    said = run("audit", "export", audited, "--output", str(file))
    assert said.code == Exit.OK
    assert said.out == ""
    assert f"events of {audited} in {file}" in said.err
    return file


def test_what_the_server_has_is_whole(audited: str, run: Run, plane: Plane):
    said = run("audit", "verify", audited)
    assert said.code == Exit.OK
    head = plane.client.get_execution(audited).event_head
    assert said.out.startswith(f"✓ {audited}: {head.seq} events")
    assert f"head {head.seq}:{head.hash}" in said.out
    programs = run("audit", "verify", audited, "--json").json
    assert programs == {
        "id": audited,
        "event_head": {"seq": head.seq, "hash": head.hash},
        "ok": True,
        "events": head.seq,
        "faults": [],
    }


def test_a_request_of_an_execution_stands_for_its_whole_chain(audited: str, run: Run, plane: Plane):
    approval = plane.client.find_approval_request("audited", execution_id=audited)
    assert run("audit", "verify", approval.id, "--json").json["id"] == audited


def test_a_standalone_request_has_a_chain_of_its_own(run: Run, plane: Plane):
    asked = plane.client.create_approval_request("audited-alone", title="Deploy")
    plane.client.decide_approval_request(asked.id, "rejected", feedback="no")
    assert run("audit", "verify", asked.id, "--json").json["events"] == 2
    text = run("audit", "export", asked.id).out
    assert [json.loads(line).get("type") for line in text.splitlines()] == [
        "approval.requested",
        "approval.decided",
        None,
    ]


def test_an_export_is_checked_without_a_server(exported: Path, run_alone: Run):
    assert run_alone("audit", "verify", str(exported)).code == Exit.OK
    from_pipe = run_alone("audit", "verify", "-", stdin=exported.read_text())
    assert from_pipe.code == Exit.OK


def test_an_export_says_what_it_wrote_to_programs(audited: str, run: Run, tmp_path: Path):
    file = tmp_path / "chain.jsonl"
    said = run("audit", "export", audited, "-o", str(file), "--json").json
    assert said["events"] == said["event_head"]["seq"] == len(file.read_text().splitlines()) - 1


def tampered(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    "old, new, what",
    [
        ('"status":"approved"', '"status":"rejected"', "approval.decided was changed"),
        ('"feedback":"fine"', '"feedback":"FINE"', "the content of approval.decided was changed"),
        ('"response":[1]', '"response":[1.5]', "the content of approval.decided was changed"),
        ('"source":"open"', '"source":"key"', "execution.created was changed"),
    ],
)
def test_a_changed_export_is_found_and_the_event_named(
    exported: Path, run_alone: Run, old: str, new: str, what: str
):
    tampered(exported, old, new)
    said = run_alone("audit", "verify", str(exported), "--json")
    assert said.code == Exit.NEGATIVE
    assert said.json["ok"] is False
    assert what in said.json["faults"][0]["detail"]
    assert said.json["faults"][0]["seq"] > 0
    people = run_alone("audit", "verify", str(exported))
    assert people.out.startswith("✗ event ")


def test_a_cut_tail_is_found(exported: Path, run_alone: Run):
    lines = exported.read_text().splitlines(keepends=True)
    exported.write_text("".join(lines[:-1]))
    said = run_alone("audit", "verify", str(exported))
    assert said.code == Exit.NEGATIVE
    assert "✗ the last line, with event_head, is not there: the tail was cut" in said.out
    exported.write_text("".join(lines[:-2] + lines[-1:]))
    assert "the tail was cut: event" in run_alone("audit", "verify", str(exported)).out


def test_an_event_after_the_head_is_found(exported: Path, run_alone: Run):
    *events, last = exported.read_text().splitlines(keepends=True)
    first = json.loads(events[0])
    trailer = json.loads(last) | {"event_head": {"seq": 1, "hash": first["hash"]}}
    exported.write_text("".join([*events, json.dumps(trailer)]))
    said = run_alone("audit", "verify", str(exported))
    assert said.code == Exit.NEGATIVE
    assert said.out.startswith("✗ event 2: it was put in after the last event")


def test_a_head_that_was_kept_elsewhere_shows_what_the_file_cannot(exported: Path, run_alone: Run):
    *events, last = exported.read_text().splitlines(keepends=True)
    head = json.loads(last)["event_head"]
    kept = ("--head", f"{head['seq']}:{head['hash']}")
    assert run_alone("audit", "verify", str(exported), *kept).code == Exit.OK
    # The tail was cut, and the head rewritten to fit.
    second = json.loads(events[1])
    forged = {"id": "exec_1", "event_head": {"seq": 2, "hash": second["hash"]}}
    exported.write_text("".join([*events[:2], json.dumps(forged)]))
    assert run_alone("audit", "verify", str(exported)).code == Exit.OK
    said = run_alone("audit", "verify", str(exported), *kept)
    assert said.code == Exit.NEGATIVE
    assert "the tail was cut" in said.out


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"event_head": 1}', '{"a":1,"a":2}', '{"n": NaN}', "\udcff"]
)
def test_a_file_that_is_no_export_is_refused_with_its_line(
    run_alone: Run, tmp_path: Path, text: str
):
    file = tmp_path / "other.jsonl"
    file.write_bytes(text.encode(errors="surrogateescape"))
    said = run_alone("audit", "verify", str(file))
    assert said.code == Exit.NEGATIVE
    assert "line 1" in said.err or "UTF-8" in said.err


def test_usage(run_alone: Run, tmp_path: Path):
    assert run_alone("audit", "verify", str(tmp_path / "none")).code == Exit.NOT_FOUND
    said = run_alone("audit", "verify", "-", "--head", "7", stdin=io.StringIO().read())
    assert said.code == Exit.USAGE
    assert "SEQ:HASH" in said.err


def test_the_server_is_asked_for_ids_and_told_when_not_there(run: Run, run_alone: Run):
    assert run_alone("audit", "verify", "exec_1").code == Exit.UNREACHABLE


def test_what_cannot_be_written_is_said(audited: str, run: Run, tmp_path: Path):
    said = run("audit", "export", audited, "--output", str(tmp_path / "none" / "chain.jsonl"))
    assert said.code == Exit.USAGE
    assert "cannot be written: No such file or directory" in said.err


def test_a_changed_question_is_found(run: Run, plane: Plane, monkeypatch: pytest.MonkeyPatch):
    asked = plane.client.create_approval_request("asked-then", title="Refund of $4,000")
    assert run("audit", "verify", asked.id).code == Exit.OK
    real = Client.get_approval_request

    def changed(client: Client, request_id: str) -> Approval:
        return real(client, request_id).model_copy(update={"title": "Refund of $4"})

    monkeypatch.setattr(Client, "get_approval_request", changed)
    said = run("audit", "verify", asked.id)
    assert said.code == Exit.NEGATIVE
    assert said.out == "✗ event 1: what is shown today is not this approval.requested\n"
