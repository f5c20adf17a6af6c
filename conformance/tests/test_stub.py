"""A server that says yes to everything keeps nothing of the contract, and the report says so."""

import json
import subprocess
import sys
from pathlib import Path

STUB = Path(__file__).with_name("stub.py")


def check(*arguments):
    command = [sys.executable, "-m", "signoff_conformance", "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_stub_that_answers_200_to_everything_is_red_everywhere(tmp_path):
    report = tmp_path / "report.json"
    told = check(
        *("--server-cmd", f"{sys.executable} {STUB} {{port}}"),
        *("--keys-cmd", "echo key", "--json", str(report)),
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


def test_nothing_that_is_selected_is_exit_4():
    told = check("--server-cmd", f"{sys.executable} {STUB} {{port}}", "--only", "SRV-NOTHING")
    assert told.returncode == 4
    assert "nothing_ran" in told.stdout


def test_a_server_that_does_not_start_is_no_verdict_on_it():
    told = check("--server-cmd", f"{sys.executable} -c pass", "--only", "SRV-SYS")
    assert told.returncode == 3
    assert "the server ended at once" in told.stdout


def test_without_a_subject_the_command_line_is_wrong():
    assert check().returncode == 2
