"""A copy of the database, made while the server works on it, and put back."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Plane, Run, planes, run_with


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "signoff.db"


@pytest.fixture
def working(database: Path) -> Iterator[Plane]:
    with planes(database) as plane:
        yield plane


@pytest.fixture
def run(database: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    run = run_with("http://127.0.0.1:9", monkeypatch)
    monkeypatch.setenv("SIGNOFF_DATABASE_URL", f"sqlite:///{database}")
    return run


def test_a_copy_made_while_the_server_works_is_whole(
    working: Plane, run: Run, tmp_path: Path, database: Path
) -> None:
    # No run waits for it: the agents of a copy are the same, and would hear of its decisions.
    waiting = working.client.create_approval_request(approval_request_id="before", payload={})
    ended = working.start("echo", value={"n": 10**30})
    working.client.wait_for_execution(ended, timeout=20)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            working.start("echo", value=1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        said = [run("backup", str(tmp_path / f"{number}.db"), "--json") for number in range(3)]
    finally:
        stop.set()
        writer.join()
    assert [each.code for each in said] == [0, 0, 0], said[0].err
    assert said[0].json["executions"] >= 1
    assert said[0].json["events"] <= said[2].json["events"]
    copies = sorted(path.name for path in tmp_path.iterdir() if path.name[0] in "012")
    assert copies == ["0.db", "1.db", "2.db"]  # one file each, and no half of one
    assert (tmp_path / "0.db").stat().st_mode & 0o777 == 0o600
    # It is what was there: a server goes on with it.
    with planes(tmp_path / "0.db") as restored:
        seen = restored.client.get_execution(ended)
        assert seen.input == {"value": {"n": 10**30}}
        restored.client.decide_approval_request(waiting.id, "approved")
        assert restored.client.get_approval_request(waiting.id).decision == "approved"
        assert working.client.get_approval_request(waiting.id).decision is None


def test_nothing_is_written_over(run: Run, working: Plane, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("mine")
    refused = run("backup", str(there))
    assert (refused.code, there.read_text()) == (5, "mine")
    assert "is there already" in refused.err


def test_a_database_in_use_is_not_replaced(run: Run, working: Plane, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.db")
    assert run("backup", copy).code == 0
    for options in ([], ["--replace"]):
        refused = run("restore", copy, *options)
        assert refused.code == 9
        assert "another server" in refused.err
    assert working.client.get_health().status == "ok"


def test_what_is_replaced_is_kept(run: Run, database: Path, tmp_path: Path) -> None:
    with planes(database) as plane:
        kept = plane.start("echo", value=1)
        plane.client.wait_for_execution(kept, timeout=20)
        assert run("backup", str(tmp_path / "copy.db")).code == 0
        lost = plane.start("echo", value=2)
        plane.client.wait_for_execution(lost, timeout=20)
    assert run("restore", str(tmp_path / "copy.db")).code == 5
    said = run("restore", str(tmp_path / "copy.db"), "--replace", "--json")
    assert said.code == 0, said.err
    with planes(database) as plane:
        assert [it.execution_id for it in plane.client.iter_executions()] == [kept]
    with planes(Path(said.json["replaced"])) as plane:
        assert {it.execution_id for it in plane.client.iter_executions()} == {kept, lost}
    database.unlink()
    assert run("restore", str(tmp_path / "copy.db")).code == 0
    assert database.exists()


DAMAGES = {
    "an event was changed": "UPDATE events SET data = '{}' WHERE seq = 1",
    "the tail was cut": "DELETE FROM events WHERE type = 'execution.succeeded'",
    "newer": "INSERT INTO schema_migrations VALUES (9999, 'later')",
    "an execution is gone": "DELETE FROM nodes",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_copy_that_is_not_whole_is_refused(
    run: Run, database: Path, tmp_path: Path, damage: str
) -> None:
    with planes(database) as plane:
        plane.client.wait_for_execution(plane.start("echo", value=1), timeout=20)
        assert run("backup", str(tmp_path / "copy.db")).code == 0
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection, connection:
        connection.execute(DAMAGES[damage])
    before = database.stat()
    refused = run("restore", str(tmp_path / "copy.db"), "--replace")
    assert (refused.code, refused.out) == (9, "")
    assert database.stat() == before
    assert [path for path in tmp_path.iterdir() if "restored" in path.name] == []


def test_what_is_no_database_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but a text that is long enough\n" * 99)
    assert "no database" in run("restore", str(tmp_path / "text.db")).err
    assert "there is no file" in run("restore", str(tmp_path / "nothing.db")).err
    assert "there is no database" in run("backup", str(tmp_path / "copy.db")).err
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE mine (id INT)")
    assert "no database of signoff" in run("restore", str(tmp_path / "other.db")).err


def test_a_folder_that_is_not_there_is_told(run: Run, working: Plane, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = run("backup", str(tmp_path / "file" / "copy.db"))
    assert refused.code == 9
    assert "can't be written" in refused.err


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_postgresql_brings_its_own(run: Run, tmp_path: Path, command: str) -> None:
    url = "postgresql://ann:secret@db.example.com/signoff"
    refused = run(command, str(tmp_path / "copy.db"), "--database", url)
    assert refused.code == 9
    assert {"backup": "pg_dump", "restore": "pg_restore"}[command] in refused.err
    assert "secret" not in refused.err
