"""`signoff serve` as a process: what it says when it is ready, and why it does not start."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from signoff._version import __version__
from signoff.blocking.client import Client
from signoff.cli import serve
from signoff.cli.exits import Exit
from signoff.cli.stage import surroundings
from signoff.server.store.sqlite_lock import Lock
from tests.cli.conftest import DEADLINE, Run

NOTHING: Mapping[str, str] = {}
Process = subprocess.Popen[str]


def command(folder: Path, *arguments: str) -> list[str]:
    database = f"sqlite:///{folder / 'signoff.db'}"
    signoff = [sys.executable, "-u", "-m", "signoff.cli"]
    return [*signoff, "serve", "--port", "0", "--database", database, *arguments]


@contextmanager
def served(
    folder: Path, *arguments: str, environment: Mapping[str, str] = NOTHING
) -> Iterator[Process]:
    with subprocess.Popen(
        command(folder, *arguments),
        env=surroundings(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: Process, lines: int) -> str:
    """The first lines on its standard output."""
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(lines))


def refused(folder: Path, *arguments: str) -> list[str]:
    """The lines that it says when it does not start."""
    done = subprocess.run(
        command(folder, *arguments),
        env=surroundings({}),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == Exit.CANNOT_START, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


def test_programs_read_one_line_when_it_is_ready(tmp_path: Path):
    with served(tmp_path, "--json") as process:
        ready = json.loads(said(process, 1))
        assert ready == {
            "url": ready["url"],
            "database": str(tmp_path / "signoff.db"),
            "open": True,
            "signed_decisions": False,
            "version": __version__,
        }
        with Client(ready["url"]) as client:
            assert client.get_health().status == "ok"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == Exit.OK


def test_people_read_where_it_is_and_what_to_set_next(tmp_path: Path):
    with served(tmp_path, "--log-format", "json") as process:
        where, data, access, key, webhook, secret = said(process, 6).splitlines()
        assert where.startswith(f"signoff {__version__} listens on http://127.0.0.1:")
        assert data == f"  data      {tmp_path / 'signoff.db'}"
        assert "open to this machine" in access
        assert "signoff keys create --role admin" in key
        assert "refused" in webhook
        assert "SIGNOFF_APPROVAL_WEBHOOK_SECRET=" in secret
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == Exit.OK
        assert out == ""
        assert [json.loads(line)["message"] for line in err.splitlines()][-1] == "stopped"


def test_with_keys_and_a_secret_there_is_nothing_left_to_set(tmp_path: Path, run_alone: Run):
    database = f"sqlite:///{tmp_path / 'signoff.db'}"
    run_alone("keys", "create", "--role", "admin", "--name", "x", "--database", database)
    secret = {"SIGNOFF_APPROVAL_WEBHOOK_SECRET": "correct horse battery staple"}
    with served(tmp_path, "--log-format", "text", environment=secret) as process:
        _, _, access, webhook = said(process, 4).splitlines()
        assert access == "  access    by key: SIGNOFF_API_KEY, --api-key"
        assert webhook == "  webhook   signed decisions are checked and taken"
        process.terminate()
        out, err = process.communicate(timeout=DEADLINE)
    assert "correct horse" not in out + err


def test_with_keys_it_listens_beyond_this_machine(tmp_path: Path, run_alone: Run):
    database = f"sqlite:///{tmp_path / 'signoff.db'}"
    run_alone("keys", "create", "--role", "admin", "--name", "x", "--database", database)
    with served(tmp_path, "--host", "0.0.0.0", "--json") as process:
        assert json.loads(said(process, 1))["open"] is False


def test_a_port_that_is_taken_is_one_line(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (line,) = refused(tmp_path, "--port", str(port))
    assert line.startswith("signoff: ")
    assert f"127.0.0.1:{port}" in line


def test_a_database_that_cannot_be_used_is_one_line(tmp_path: Path):
    (tmp_path / "signoff.db").mkdir()
    (line,) = refused(tmp_path)
    assert line.startswith(f"signoff: {tmp_path / 'signoff.db'}: ")


def test_a_second_server_for_one_file_is_one_line(tmp_path: Path):
    with Lock.take(tmp_path / "signoff.db"):
        (line,) = refused(tmp_path)
    assert line == (
        f"signoff: {tmp_path / 'signoff.db'}: another server (process {os.getpid()}) works on this"
        " file: stop that one, or give them a PostgreSQL database, which several can share"
    )


def test_beyond_this_machine_it_wants_keys(tmp_path: Path):
    what, to_do = refused(tmp_path, "--host", "0.0.0.0")
    assert "does not listen on 0.0.0.0" in what
    assert "signoff keys create" in to_do


def test_test_control_is_for_this_machine_only(tmp_path: Path):
    (line,) = refused(tmp_path, "--host", "0.0.0.0", "--test-control", "token")
    assert "test control is for loopback only" in line


def test_a_log_format_and_a_port_that_are_none_are_a_matter_of_usage(run_alone: Run):
    assert run_alone("serve", "--log-format", "xml").code == Exit.USAGE
    assert run_alone("serve", "--port", "65536").code == Exit.USAGE
    said = run_alone("serve", "--database", "signoff.db")
    assert said.code == Exit.USAGE
    assert "--database is 'signoff.db'; it must be sqlite:///" in said.err


@pytest.mark.parametrize(
    "command,module",
    [
        (["serve"], "signoff.server.settings"),
        (["serve"], "signoff.server.main"),
        (["keys", "list"], "signoff.server.settings"),
        (["keys", "list"], "signoff.server.database"),
    ],
)
def test_without_its_packages_it_names_the_line_that_installs_them(
    run_alone: Run, monkeypatch: pytest.MonkeyPatch, module: str, command: list[str], tmp_path: Path
):
    monkeypatch.setitem(sys.modules, module, None)
    # `from signoff.server import main` would find what is imported already.
    monkeypatch.delattr(module, raising=False)
    said = run_alone(*command, "--database", f"sqlite:///{tmp_path / 'x.db'}")
    assert said.code == Exit.CANNOT_START
    assert said.err.splitlines()[1] == f"  → {serve.PIP_LINE}"


def test_what_is_meant_for_others_is_not_handed_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SIGNOFF_NOTIFY_URL", "https://hooks.example.com")
    monkeypatch.setenv("OTHER", "stays")
    given = surroundings({"SIGNOFF_SERVER": "here"})
    assert {name for name in given if name.startswith("SIGNOFF_")} == {"SIGNOFF_SERVER"}
    assert given["OTHER"] == os.environ["OTHER"]
