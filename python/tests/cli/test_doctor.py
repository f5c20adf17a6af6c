"""`signoff doctor` and `signoff migrate`: on the settings, the database, the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome, Plane, Run, planes, run_with

SECRET = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/signoff.db"
        return
    yield request.getfixturevalue("fresh")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("SIGNOFF_APPROVAL_WEBHOOK_SECRET", "SIGNOFF_NOTIFY_URL", "SIGNOFF_NOTIFY_SECRET"):
        monkeypatch.delenv(name, raising=False)
    return run_with("http://127.0.0.1:9", monkeypatch)


def levels(said: Outcome) -> dict[str, str]:
    return {each["name"]: each["level"] for each in said.json["findings"]}


def test_migrations_are_shown_then_applied_once(run: Run, url: str) -> None:
    shown = run("migrate", "--check", "--database", url)
    assert shown.code == 1
    assert "pending  0001 foundation" in shown.out
    applied = run("migrate", "--database", url)
    assert (applied.code, applied.out) == (0, shown.out.replace("pending  ", "applied  "))
    again = run("migrate", "--database", url)
    assert (again.code, "up to date" in again.out) == (0, True)
    told = run("migrate", "--check", "--database", url, "--json")
    assert told.code == 0
    assert told.json["pending"] == []
    assert told.json["applied"][0] == {"version": 1, "title": "foundation"}


def test_a_database_of_a_newer_server_is_told(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/signoff.db"
    assert run("migrate", "--database", url).code == 0
    with closing(sqlite3.connect(tmp_path / "signoff.db")) as connection, connection:
        connection.execute("INSERT INTO schema_migrations VALUES (9999, 'later')")
    refused = run("migrate", "--database", url)
    assert refused.code == 9
    assert "run the newer server" in refused.err
    said = run("doctor", "--database", url, "--json")
    assert (said.code, levels(said)["database"]) == (1, "fail")


def test_the_doctor_changes_nothing_and_says_what_to_do(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("doctor", "--database", url)
    assert said.code == 0
    assert "migrations are pending" in said.out
    assert "signoff migrate" in said.out
    assert run("migrate", "--check", "--database", url).code == 1
    assert run("migrate", "--database", url).code == 0
    monkeypatch.setenv("SIGNOFF_APPROVAL_WEBHOOK_SECRET", SECRET)
    found = run("doctor", "--database", url, "--json")
    assert (found.code, found.json["ok"]) == (0, True)
    assert levels(found) == {
        "secrets": "ok",
        "database": "ok",
        "clock": "ok",
        "keys": "warn",
        "agents": "ok",
        "deliveries": "ok",
        "server": "warn",
    }
    assert SECRET not in found.out


def test_keys_and_secrets_that_are_weak_are_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path}/signoff.db"
    assert run("keys", "create", "--role", "client", "--name", "x", "--database", url).code == 0
    monkeypatch.setenv("SIGNOFF_APPROVAL_WEBHOOK_SECRET", "short")
    monkeypatch.setenv("SIGNOFF_NOTIFY_URL", "https://hooks.example.com/")
    (tmp_path / "signoff.db").chmod(0o644)
    said = run("doctor", "--database", url)
    assert said.code == 0
    for text in ("fewer than 32", "are not signed", "no key is an admin's", "chmod 600"):
        assert text in said.out
    assert run("keys", "create", "--role", "admin", "--name", "y", "--database", url).code == 0
    assert "2 in force" in run("doctor", "--database", url).out


def test_a_database_that_cannot_be_used_fails(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but a text that is long enough\n" * 99)
    for url in (f"sqlite:///{tmp_path}/text.db", "postgresql://ann:secret@127.0.0.1:9/x"):
        said = run("doctor", "--database", url)
        assert said.code == 1
        assert "FAIL  database" in said.out
        assert "secret@" not in said.out


def test_a_server_is_asked(run: Run, tmp_path: Path) -> None:
    with planes(tmp_path / "signoff.db") as plane:
        url = f"sqlite:///{tmp_path}/signoff.db"
        said = run("doctor", "--database", url, "--server", plane.url, "--json")
        assert levels(said)["server"] == "ok"
        made = run("keys", "create", "--role", "admin", "--name", "x", "--database", url)
        where = ("--database", url, "--server", plane.url)
        assert made.code == 0
        assert "is ready\n" in run("doctor", *where).out  # without a key


def test_a_plane_is_left_alone(plane: Plane, run: Run, tmp_path: Path) -> None:
    said = run("doctor", "--server", "no url", "--database", f"sqlite:///{tmp_path}/s.db")
    assert said.code == 0
    assert "does not answer" in said.out
