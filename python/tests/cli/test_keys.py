"""`signoff keys`: made once, shown once, and what they open."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from signoff.cli.exits import Exit
from signoff.cli.keys import Role
from signoff.server.domain import principal
from tests.cli.conftest import Run, planes, run_with


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "keys.db"


def url(database: Path) -> str:
    return f"sqlite:///{database}"


def test_a_key_is_printed_once_and_kept_as_its_hash(run_alone: Run, database: Path):
    where = ("--database", url(database))
    made = run_alone("keys", "create", "--role", "admin", "--name", "duty officer", *where)
    assert made.code == Exit.OK
    key = made.out.strip()
    assert key.startswith("signoff_")
    # On standard error it is not repeated: logs of a build keep that.
    assert key not in made.err
    assert key.encode() not in database.read_bytes()
    stored = sqlite3.connect(database).execute("SELECT hash FROM keys").fetchall()
    assert stored == [(hashlib.sha256(key.encode()).hexdigest(),)]
    for listed in (run_alone("keys", "list", *where), run_alone("keys", "list", "--json", *where)):
        assert "duty officer" in listed.out
        assert key not in listed.out
        assert stored[0][0] not in listed.out


def test_json_has_one_shape_for_programs(
    run_alone: Run, database: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SIGNOFF_DATABASE_URL", url(database))
    agent = ("--role", "agent", "--name", "desk", "--node", "b", "--node", "a")
    made = run_alone("keys", "create", *agent, "--json").json
    assert set(made) == {"key_id", "key", "name", "role", "nodes"}
    assert made["nodes"] == ["a", "b"]
    (listed,) = run_alone("keys", "list", "--json").json["items"]
    assert listed.pop("created_at").endswith("Z")
    assert listed == {
        "key_id": made["key_id"],
        "name": "desk",
        "role": "agent",
        "nodes": ["a", "b"],
    }
    assert "a, b" in run_alone("keys", "list").out


def test_a_revoked_key_stays_in_the_list_and_revoking_is_safe_to_repeat(
    run_alone: Run, database: Path
):
    where = ("--database", url(database))
    made = run_alone("keys", "create", "--role", "client", "--name", "shop", "--json", *where).json
    first = run_alone("keys", "revoke", made["key_id"], "--json", *where)
    assert first.code == Exit.OK
    again = run_alone("keys", "revoke", made["key_id"], *where)
    assert again.out.rstrip() == f"{made['key_id']} (shop) is revoked"
    (listed,) = run_alone("keys", "list", "--json", *where).json["items"]
    assert listed == first.json
    assert "revoked_at" in listed


def test_what_is_wrong_is_said(run_alone: Run, database: Path):
    where = ("--database", url(database))
    unbound = run_alone("keys", "create", "--role", "agent", "--name", "x", *where)
    assert unbound.code == Exit.USAGE
    assert "--node NODE goes with --role agent" in unbound.err
    bound = run_alone("keys", "create", "--role", "client", "--name", "x", "--node", "n", *where)
    assert bound.code == Exit.USAGE
    assert run_alone("keys", "create", "--role", "king", "--name", "x", *where).code == Exit.USAGE
    missing = run_alone("keys", "revoke", "key_none", *where)
    assert missing.code == Exit.NOT_FOUND
    assert "there is no key key_none" in missing.err
    empty = run_alone("keys", "list", *where)
    assert "no keys: the server is open to this machine" in empty.err
    other = run_alone("keys", "list", "--database", "mysql://x")
    assert other.code == Exit.USAGE
    assert "--database is 'mysql://x'; it must be sqlite:///" in other.err


def test_a_file_that_is_no_database_is_refused(run_alone: Run, database: Path):
    database.write_text("hello, I am a letter to a friend, not a database at all" * 100)
    said = run_alone("keys", "list", "--database", url(database))
    assert said.code == Exit.CANNOT_START
    assert f"{database}: the file is no SQLite database" in said.err


def test_the_environment_is_checked(run_alone: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIGNOFF_PORT", "high")
    said = run_alone("keys", "list")
    assert said.code == Exit.USAGE
    assert "SIGNOFF_PORT is 'high'" in said.err


def test_the_roles_are_those_of_the_server():
    assert {role.value for role in Role} == {role.value for role in principal.Role}


def test_a_keyed_server_lets_each_role_do_its_own(
    run_alone: Run, database: Path, monkeypatch: pytest.MonkeyPatch
):
    where = ("--database", url(database))
    keys = {
        role: run_alone("keys", "create", "--role", role, "--name", role, "--json", *where).json
        for role in ("client", "reviewer", "admin")
    }
    with planes(database, keyed=True) as plane:
        run = run_with(plane.url, monkeypatch)
        without = run("approvals", "list")
        assert without.code == Exit.FORBIDDEN
        assert "SIGNOFF_API_KEY" in without.err
        wrong = run("approvals", "list", "--api-key", "signoff_other", "--json")
        assert (wrong.code, wrong.error["code"]) == (Exit.FORBIDDEN, "unauthorized")
        assert "signoff_other" not in wrong.err
        monkeypatch.setenv("SIGNOFF_API_KEY", keys["client"]["key"])
        plane_client = type(plane.client)(plane.url, api_key=keys["client"]["key"])
        with plane_client:
            asked = plane_client.create_approval_request("keyed")
        refused = run("approvals", "approve", asked.id)
        assert refused.code == Exit.FORBIDDEN
        assert "signoff keys create --role" in refused.err
        monkeypatch.setenv("SIGNOFF_API_KEY", keys["reviewer"]["key"])
        decided = run("approvals", "approve", "keyed", "--json").json
        assert decided["approval"]["reviewer"]["name"] == "reviewer"
        run("keys", "revoke", keys["reviewer"]["key_id"], *where)
        assert run("approvals", "list").code == Exit.FORBIDDEN
        used = {
            key["name"]: "last_used_at" in key
            for key in run("keys", "list", "--json", *where).json["items"]
        }
        assert used == {"client": True, "reviewer": True, "admin": False}
        for said in (without, wrong, refused):
            for made in keys.values():
                assert made["key"] not in said.out + said.err


def test_a_key_that_no_header_can_carry_is_a_matter_of_usage(run_alone: Run):
    said = run_alone("approvals", "list", "--api-key", "a b")
    assert said.code == Exit.USAGE
    assert "a b" not in said.err
