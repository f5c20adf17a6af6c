"""The demo's parts, each where it fails: it says so, shows the logs, and leaves nothing behind."""

import importlib.util
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signoff.cli import demo, reviewer, stage
from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.cli.stage import Interrupts, Stage, python
from signoff.cli.teller import Teller
from signoff.clock import SystemClock
from signoff.contract_gen import Approval
from tests.cli.conftest import Plane, Run

HELLO = "import sys; print('hello'); print('there', file=sys.stderr)"
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready'); time.sleep(600)"
)


class Ticking(SystemClock):
    """Each look at the time is a second later; nobody waits."""

    def __init__(self) -> None:
        self.at = 0.0

    def monotonic(self) -> float:
        self.at += 1
        return self.at

    def sleep(self, seconds: float) -> None:
        del seconds


@contextmanager
def on_stage() -> Iterator[Stage]:
    with Interrupts() as interrupts, Stage(interrupts) as on:
        yield on
    assert not on.path.exists()


def test_a_process_that_ends_is_a_failure_with_the_end_of_its_log():
    with on_stage() as on:
        on.start("hello", python("-c", HELLO), {})
        with pytest.raises(Failure, match="it did not happen: a process") as failed:
            on.until(lambda: None, "it", 20)
    assert sorted(failed.value.log) == ["  hello.log  hello", "  hello.log  there"]
    assert failed.value.exit == Exit.NEGATIVE


def test_what_does_not_come_in_time_is_a_failure():
    with on_stage() as on:
        on.clock = Ticking()
        with pytest.raises(Failure, match="tea did not happen within 3 s"):
            on.until(lambda: None, "tea", 3)


def test_what_does_not_end_when_asked_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stage, "STOP_SECONDS", 0.1)
    with on_stage() as on:
        process = on.start("deaf", python("-c", DEAF), {})
        log = on.path / "deaf.log"
        on.until(lambda: log.read_text() or None, "its start", 20)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_block_as_ctrl_c_does(number: int):
    before = signal.getsignal(number)
    with Interrupts(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


def test_a_signal_that_is_held_back_comes_when_what_must_be_whole_is_whole():
    done = []

    def whole(interrupts: Interrupts) -> None:
        with interrupts.held():
            signal.raise_signal(signal.SIGTERM)
            done.append("whole")

    with Interrupts() as interrupts, pytest.raises(KeyboardInterrupt):
        whole(interrupts)
    assert done == ["whole"]


def test_a_signal_while_it_tidies_up_is_too_late(monkeypatch: pytest.MonkeyPatch):
    end = stage._end

    def signalled(process: "subprocess.Popen[bytes]") -> None:
        signal.raise_signal(signal.SIGINT)
        end(process)

    monkeypatch.setattr(stage, "_end", signalled)
    with on_stage() as on:
        process = on.start("deaf", python("-c", "input()"), {})
    assert process.returncode is not None


def test_without_the_packages_of_an_agent_it_names_the_line_that_installs_them(
    run_alone: Run, monkeypatch: pytest.MonkeyPatch
):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        demo, "find_spec", lambda name: None if name == "pydantic_ai" else real(name)
    )
    said = run_alone("demo")
    assert said.code == Exit.CANNOT_START
    assert "pip install 'signoff[all]'" in said.err


def test_without_the_repository_the_copy_in_the_package_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    repository = demo.example(tmp_path)
    assert (repository / "scripted.py").is_file()
    packaged = Path(demo.__file__)
    installed = tmp_path / "lib" / "a" / "b" / "signoff" / "cli"
    installed.mkdir(parents=True)
    (installed / "refund").symlink_to(packaged.with_name("refund"))
    monkeypatch.setattr(demo, "__file__", str(installed / "demo.py"))
    assert demo.example(tmp_path) == tmp_path
    for name in ("main.py", "scripted.py"):
        assert (tmp_path / name).read_bytes() == (repository / name).read_bytes()


@pytest.fixture
def asked(plane: Plane) -> Approval:
    return plane.client.create_approval_request(f"stage-{os.urandom(4).hex()}")


def teller() -> Teller:
    return Teller(SystemClock(), quiet=False)


def test_a_signed_decision_that_is_refused_is_a_failure(plane: Plane, asked: Approval):
    # This server has no webhook secret.
    with pytest.raises(Failure, match=r"refused.*webhook_secret_missing"):
        reviewer.sign(plane.url, "secret", asked, teller())


@pytest.mark.parametrize(
    "typed, status", [("n", "rejected"), ("C", "request_changes"), ("yes", "approved")]
)
def test_what_is_typed_is_the_decision(
    plane: Plane, asked: Approval, monkeypatch: pytest.MonkeyPatch, typed: str, status: str
):
    answers = iter(["perhaps", typed, " see the invoice "])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    decided = reviewer.ask(plane.client, asked, teller())
    assert (decided.status, decided.feedback) == (status, "see the invoice")


def test_ctrl_d_at_the_question_is_ctrl_c(
    plane: Plane, asked: Approval, monkeypatch: pytest.MonkeyPatch
):
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    with pytest.raises(KeyboardInterrupt):
        reviewer.ask(plane.client, asked, teller())
    assert plane.client.get_approval_request(asked.id).status == "pending"


def test_a_program_that_is_not_there_is_named_before_anything_begins(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    monkeypatch.setattr(demo, "Stage", None)
    monkeypatch.setattr(reviewer, "which", lambda name: None if name == "curl" else name)
    with pytest.raises(Failure, match="by curl, not found here"):
        demo.demo()


def test_the_agent_has_ended_before_the_server_is_told_to_end():
    order: list[str] = []

    class Told:
        def __init__(self, name: str) -> None:
            self.name = name

        def terminate(self) -> None:
            order.append(f"{self.name} told")

        def wait(self, _seconds: float) -> None:
            order.append(f"{self.name} ended")

    with on_stage() as on:
        on._running = [Told("server"), Told("agent")]  # type: ignore[list-item]
    assert order == ["agent told", "agent ended", "server told", "server ended"]


def play(on: Stage) -> demo.Play:
    return demo.Play(on, teller())


def test_a_run_that_ends_without_asking_is_a_failure(plane: Plane):
    run_id = plane.start("echo", value=1)
    plane.client.wait_for_execution(run_id)
    with on_stage() as on:
        with pytest.raises(Failure, match="the execution is succeeded already"):
            play(on).wait_for_gate(plane.client, run_id)
        with pytest.raises(Failure, match="is succeeded and not waiting"):
            play(on).still_waiting(plane.client, run_id)


def test_a_run_that_fails_is_a_failure(plane: Plane):
    run_id = plane.start("fail")
    with on_stage() as on, pytest.raises(Failure, match=r"is failed: .*no such account"):
        play(on).finish(plane.client, run_id)


def test_a_side_effect_that_was_done_twice_is_a_failure(plane: Plane):
    run_id = plane.start("echo", value=1)
    execution = plane.client.wait_for_execution(run_id)
    with on_stage() as on:
        (on.path / "reviews.log").write_text("one\ntwo\n")
        with pytest.raises(Failure, match="create_review ran 2 times"):
            play(on).nothing_twice(plane.client, execution)


def test_a_record_that_was_changed_is_a_failure(plane: Plane):
    run_id = plane.start("echo", value=1)
    execution = plane.client.wait_for_execution(run_id)
    execution.event_head.hash = "0" * 64
    with on_stage() as on:
        (on.path / "reviews.log").write_text("one\n")
        with pytest.raises(Failure, match="the chain is another"):
            play(on).nothing_twice(plane.client, execution)
