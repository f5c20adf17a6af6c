"""`signoff demo`, played to its end: without a terminal, on one, and stopped half-way."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from signoff.cli.exits import Exit

LONGEST = 60.0
"""Seconds that a part of it may take on a machine that has much else to do."""

COMMAND = [sys.executable, "-m", "signoff.cli", "demo"]

# The terminal becomes that of the new session, so that Ctrl-C on it reaches the demo, and it alone.
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo makes its temporary folder; what is left there was left behind."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def left_behind(folder: Path) -> list[str]:
    """Files in the folder, and processes that were started with it."""
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in environment and entry.name != str(os.getpid()):
            processes.append((entry / "cmdline").read_bytes().decode())
    return [*map(str, folder.iterdir()), *processes]


class Screen:
    """A terminal with the demo on it."""

    def __init__(self, process: "subprocess.Popen[bytes]", terminal: int) -> None:
        self.process = process
        self.terminal = terminal
        self.text = ""

    def until(self, wanted: str) -> re.Match[str]:
        """Read on until the pattern is there."""
        while True:
            found = re.search(wanted, self.text)
            if found is not None:
                return found
            ready, _, _ = select.select([self.terminal], [], [], LONGEST)
            assert ready, f"{wanted} did not come:\n{self.text}"
            try:
                self.text += os.read(self.terminal, 65536).decode(errors="replace")
            except OSError as ended:
                raise AssertionError(f"{wanted} did not come:\n{self.text}") from ended

    def type(self, text: str) -> None:
        os.write(self.terminal, text.encode())

    def interrupt(self) -> None:
        """Ctrl-C until it is heard: between its prompt and its read Python misses a signal."""
        while self.process.poll() is None:
            self.type("\x03")
            for _ in range(20):
                ready, _, _ = select.select([self.terminal], [], [], 0.1)
                if not ready:
                    continue
                try:
                    self.text += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    return

    def ended(self) -> int:
        """Its exit code, with all that it said read."""
        while True:
            ready, _, _ = select.select([self.terminal], [], [], LONGEST)
            try:
                read = os.read(self.terminal, 65536) if ready else b""
            except OSError:
                break
            self.text += read.decode(errors="replace")
            if not read:
                break
        return self.process.wait(LONGEST)


@contextmanager
def on_a_terminal() -> Iterator[Screen]:
    terminal, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "400"}
    process = subprocess.Popen(
        [sys.executable, "-c", TAKE_TERMINAL, *COMMAND],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Screen(process, terminal)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def test_without_a_terminal_curl_and_openssl_approve(folder: Path):
    done = subprocess.run(
        [*COMMAND, "--json"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    story = done.stderr
    assert done.returncode == Exit.OK, story
    headings = re.findall(r"^✓ (.{14})", story, re.MULTILINE)
    assert [heading.strip() for heading in headings] == [
        "server",
        "agent",
        "ticket",
        "waiting",
        "killed",
        "still waiting",
        "started again",
        "approved",
        "succeeded",
        "nothing twice",
        "audit",
        "tidied up",
    ]
    assert "$4,000 at 0.82 confidence" in story
    # The lines of the seed, with host and secret filled in.
    assert """SIG=$(printf '%s' "$BODY" | openssl dgst -sha256 -hmac "$SIGNOFF_""" in story
    assert re.search(r"curl -sS -X POST http://\S+/api/v1/webhooks/approval-response", story)
    assert '"status":"approved","feedback":"confirmed"' in story
    assert "2 attempts, and create_review wrote 1 line" in story
    told = json.loads(done.stdout)
    assert told["side_effects"] == 1
    assert (told["execution"]["status"], told["execution"]["attempt"]) == ("succeeded", 2)
    assert left_behind(folder) == []


def test_on_a_terminal_the_person_decides(folder: Path):
    with on_a_terminal() as screen:
        screen.until(r"\[y\]es, \[n\]o, \[c\]hanges: ")
        screen.type("maybe\n")
        screen.until(r"(?s)hanges: .*hanges: ")
        screen.type("Y\nlooks right\n")
        assert screen.ended() == Exit.OK
    assert "✓ approved        by local: looks right" in screen.text
    assert '"status":"approved","feedback":"looks right"' in screen.text
    assert "2 attempts, and create_review wrote 1 line" in screen.text
    assert left_behind(folder) == []


def test_the_first_decision_wins_here_too(folder: Path):
    with on_a_terminal() as screen:
        elsewhere = screen.until(r"signoff (approvals approve apr_\S+ --server \S+)")[1].split()
        screen.until("hanges: ")
        command = [sys.executable, "-m", "signoff.cli", *elsewhere, "--feedback", "from elsewhere"]
        subprocess.run(command, check=True, capture_output=True)
        screen.type("n\nno\n")
        assert screen.ended() == Exit.OK
    assert "✓ approved        by local: from elsewhere" in screen.text


def test_ctrl_c_at_the_question_leaves_nothing_behind(folder: Path):
    with on_a_terminal() as screen:
        screen.until("hanges: ")
        screen.interrupt()
        assert screen.ended() == Exit.INTERRUPTED
    assert "Traceback" not in screen.text
    assert left_behind(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_stopped_in_the_middle_it_leaves_nothing_behind(folder: Path, number: int):
    with on_a_terminal() as screen:
        screen.until("✓ server")
        screen.process.send_signal(number)
        # 130 in a shell either way: where KeyboardInterrupt passes an `exec` of source text, as
        # dataclasses do, CPython ends itself by SIGINT later on though the exception was caught.
        assert screen.ended() in (Exit.INTERRUPTED, -signal.SIGINT)
    assert "Traceback" not in screen.text
    assert left_behind(folder) == []
