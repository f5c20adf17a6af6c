"""A server that says yes to everything keeps nothing of the contract, and the report says so."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from signoff_conformance import reference, target
from signoff_conformance.cli import app

STUB = Path(__file__).with_name("stub.py")


def check(*arguments):
    command = [sys.executable, "-m", "signoff_conformance", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def stub():
    """The address of one that runs already."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-I", "-S", str(STUB), str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"listens\n"
        yield f"http://127.0.0.1:{port}"
        running.kill()


@pytest.mark.timeout(400)
def test_a_stub_that_answers_200_to_everything_is_red_everywhere(stub, tmp_path):
    report = tmp_path / "report.json"
    told = check(
        *("--server-url", stub, "--key", "key", "--json", str(report)),
        *("--junit", str(tmp_path / "report.xml"), "--html", str(tmp_path / "report.html")),
    )
    assert told.returncode == 1, told.stdout[-2000:] + told.stderr
    found = json.loads(report.read_text())
    assert found["status"] == "not_conformant"
    assert found["timing"] == "real"
    assert found["counts"]["pass"] == 0
    assert found["counts"]["harness_error"] == 0
    assert found["counts"]["fail"] > 1_000
    for result in found["results"]:
        assert len(result["reason"]) > 20, result
    assert "transcript" in found["results"][0]
    page = (tmp_path / "report.html").read_text()
    assert page.count("<article>") == len(found["results"]) - found["counts"]["not_supported"]
    assert "not conformant" in page
    (suite,) = ElementTree.parse(tmp_path / "report.xml").getroot().findall("testsuite")
    messages = [one.get("message", "") for one in suite.iterfind("testcase/failure")]
    assert len(messages) == int(suite.get("failures", "0")) > 1_000
    assert all(len(message) > 20 for message in messages)


def test_a_stub_that_is_started_for_each_case_is_red_too(tmp_path):
    report = tmp_path / "report.json"
    told = check(
        *("--server-cmd", f"{sys.executable} -I -S {STUB} {{port}}", "--keys-cmd", "echo key"),
        *("--json", str(report), "--only", "SRV-EXP", "--only", "SRV-KEY", "--only", "SRV-SYS"),
    )
    assert told.returncode == 1, told.stdout[-2000:] + told.stderr
    counts = json.loads(report.read_text())["counts"]
    assert (counts["pass"], counts["harness_error"]) == (0, 0)
    assert counts["fail"] > 20


def test_a_server_that_keeps_the_contract_is_exit_0():
    told = check(
        *("--server-cmd", reference.SERVER, "--keys-cmd", reference.KEYS, "--only", "SRV-SYS-001")
    )
    assert told.returncode == 0, told.stdout
    assert told.stdout.startswith("conformant: ")


def test_a_file_that_cannot_be_used_is_exit_2(tmp_path):
    known = tmp_path / "known.yaml"
    known.write_text("- {id: SRV-SYS-001}")
    server = f"{sys.executable} -I -S {STUB} {{port}}"
    told = check("--server-cmd", server, "--only", "SRV-SYS-001", "--known", str(known))
    assert told.returncode == 2, told.stdout
    assert "known.yaml" in told.stderr


def test_nothing_that_is_selected_is_exit_4():
    told = check("--server-cmd", f"{sys.executable} -I -S {STUB} {{port}}", "--only", "SRV-NOTHING")
    assert told.returncode == 4
    assert "nothing_ran" in told.stdout


def test_a_server_that_does_not_start_is_no_verdict_on_it():
    told = check("--server-cmd", f"{sys.executable} -c pass", "--only", "SRV-SYS")
    assert told.returncode == 3
    assert "the server ended at once" in told.stdout


def test_a_server_that_never_answers_is_waited_for_once(monkeypatch):
    monkeypatch.setattr(target, "START_SECONDS", 0.2)
    command = f"{sys.executable} -c 'import time; time.sleep(100)'"
    done = CliRunner().invoke(
        app, ["check", "--server-cmd", command, "--only", "SRV-SYS", "--workers", "1"]
    )
    assert done.exit_code == 3
    assert done.output.count("no answer at http://127.0.0.1:") == 4


@pytest.mark.parametrize(
    "database,said",
    [
        ("sh -c 'echo {name} is full >&2; exit 1'", "is full"),
        ("true", "made no database"),
        ("/no/such/program", "No such file"),
    ],
)
def test_a_database_that_cannot_be_made_is_no_verdict_on_the_server(database, said):
    told = check(
        *("--server-cmd", f"{sys.executable} -I -S {STUB} {{port}} {{database}}"),
        *("--database", database, "--only", "SRV-SYS"),
    )
    assert told.returncode == 3
    assert said in told.stdout


def test_a_server_is_started_with_the_database_that_was_made_for_it(tmp_path):
    script = tmp_path / "start.py"
    script.write_text(
        f"import sys, runpy\nopen({str(tmp_path / 'seen')!r}, 'a').write(sys.argv[2] + '\\n')\n"
        f"runpy.run_path({str(STUB)!r}, run_name='__main__')\n"
    )
    check(
        *("--server-cmd", f"{sys.executable} {script} {{port}} {{database}}"),
        *("--database", "echo db://{name}", "--only", "SRV-SYS"),
    )
    seen = (tmp_path / "seen").read_text().split()
    assert seen
    assert all(one.startswith("db://conformance_") for one in seen)
    assert len(set(seen)) == len(seen)


def test_no_server_at_a_url_is_no_verdict_on_it():
    told = check("--server-url", "http://127.0.0.1:1", "--only", "SRV-SYS")
    assert told.returncode == 3
    assert "there is no server at http://127.0.0.1:1" in told.stdout


def test_without_a_subject_the_command_line_is_wrong():
    assert check().returncode == 2
