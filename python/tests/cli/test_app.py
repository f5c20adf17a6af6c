"""The command as a whole: help, version, completion, and what a fault or Ctrl-C looks like."""

import builtins
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from signoff import cli
from signoff._version import __version__
from signoff.cli import executions
from signoff.cli.exits import MEANINGS, Exit
from tests.cli.conftest import Run

NOUNS = {
    "executions": {"list", "show", "cancel", "watch"},
    "approvals": {"list", "show", "approve", "reject", "request-changes", "cancel"},
    "keys": {"create", "list", "revoke"},
    "audit": {"verify", "export"},
}


def commands() -> Iterator[list[str]]:
    yield ["serve"]
    yield ["demo"]
    for noun, verbs in NOUNS.items():
        yield from ([noun, verb] for verb in sorted(verbs))


def test_help_names_every_noun_and_every_exit_code(run_alone: Run):
    said = run_alone("--help")
    assert said.code == Exit.OK
    for word in ("serve", "demo", *NOUNS):
        assert word in said.out
    text = re.sub(r"\s+", " ", said.out)
    for code, meaning in MEANINGS.items():
        assert f"{code.value} {meaning}" in text


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_has_its_verbs(run_alone: Run, noun: str):
    text = run_alone(noun, "--help").out
    assert all(verb in text for verb in NOUNS[noun])
    assert run_alone(noun).code == Exit.USAGE


@pytest.mark.parametrize("command", list(commands()), ids=" ".join)
def test_every_command_offers_json(run_alone: Run, command: list[str]):
    said = run_alone(*command, "--help")
    assert said.code == Exit.OK
    assert "--json" in said.out


def test_version(run_alone: Run):
    assert run_alone("--version").out == f"signoff {__version__}\n"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["executions", "list", "--limit", "0"], ["approvals", "approve"]]
)
def test_wrong_usage_is_2(run_alone: Run, arguments: list[str]):
    said = run_alone(*arguments)
    assert said.code == Exit.USAGE
    assert "--help" in said.err


def test_a_server_that_is_not_there_is_one_line_what_and_one_what_to_do(run_alone: Run):
    said = run_alone("executions", "list")
    assert said.code == Exit.UNREACHABLE
    what, to_do = said.err.splitlines()
    assert what.startswith("signoff: no answer: GET http://127.0.0.1:9/api/v1/executions: ")
    assert "signoff serve" in to_do
    programs = run_alone("executions", "list", "--json")
    assert programs.error["code"] == "unreachable"
    assert programs.error["exit_code"] == Exit.UNREACHABLE


def test_a_url_that_is_none_is_a_matter_of_usage(run_alone: Run):
    assert run_alone("executions", "list", "--server", "localhost").code == Exit.USAGE


def test_ctrl_c_is_quiet(run_alone: Run, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(executions, "connected", interrupted)
    said = run_alone("executions", "list")
    assert (said.code, said.out, said.err) == (Exit.INTERRUPTED, "", "")


def test_a_fault_of_ours_is_a_sentence_and_no_traceback(
    run_alone: Run, monkeypatch: pytest.MonkeyPatch
):
    def faulty(*_: object) -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(executions, "connected", faulty)
    said = run_alone("executions", "list")
    assert said.code == Exit.FAULT
    assert (
        said.err.splitlines()[0] == "signoff: a fault of this command: RuntimeError: out of cheese"
    )
    assert "Traceback" not in said.err
    told = run_alone("--traceback", "executions", "list")
    assert "Traceback" in told.err


def test_completion_knows_nouns_verbs_and_words(run_alone: Run, monkeypatch: pytest.MonkeyPatch):
    def completed(words: str) -> str:
        monkeypatch.setenv("_SIGNOFF_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
        return run_alone().out

    assert "executions" in completed("signoff e").split()
    assert "request-changes" in completed("signoff approvals r").split()
    assert "waiting" in completed("signoff executions list --status w").split()


def test_the_module_runs_as_the_command_does():
    command = [sys.executable, "-m", "signoff.cli", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == f"signoff {__version__}\n"


def test_main_runs_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(sys, "argv", ["signoff", "--version"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"signoff {__version__}\n"


@pytest.mark.parametrize("package", ["typer", "other"])
def test_without_its_packages_the_command_names_the_line_that_installs_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], package: str
):
    real = builtins.__import__

    def without(name: str, *rest: object, **named: object) -> object:
        if name == "signoff.cli.app":
            raise ImportError(f"No module named {package!r}", name=package)
        return real(name, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    if package == "other":
        with pytest.raises(ImportError):
            cli.main()
        return
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == Exit.CANNOT_START
    assert "pip install 'signoff[server]'" in capsys.readouterr().err
