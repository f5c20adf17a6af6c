"""What is printed: exact for programs, harmless and readable for people."""

import io
import json
import sys

import pytest

from signoff.cli import output, times

NOW = 1767605400.0  # 2026-01-05T09:30:00Z
TRICKS = "a\x1b[31mb\rc\x9bd\u202ee\u2066f\tg\x7f"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    "at, said",
    [
        ("2026-01-05T09:30:00.000Z", "now"),
        ("2026-01-05T09:30:00.400Z", "now"),
        ("2026-01-05T09:29:57.000Z", "3 s ago"),
        ("2026-01-05T09:30:59.600Z", "in 1 min"),
        ("2026-01-05T09:27:30.000Z", "2 min 30 s ago"),
        ("2026-01-08T09:30:00.000Z", "in 3 d"),
        ("2026-01-07T10:29:00.000Z", "in 2 d"),
        ("2025-01-05T08:30:00.000Z", "365 d 1 h ago"),
    ],
)
def test_times_as_people_say_them(at: str, said: str):
    assert times.relative(at, NOW) == said


@pytest.mark.parametrize(
    "seconds, said", [(0, "0 ms"), (0.0154, "15 ms"), (1, "1 s"), (3.21, "3.2 s"), (59.9, "59 s")]
)
def test_lengths_of_time_are_as_exact_as_matters(seconds: float, said: str):
    assert times.span(seconds) == said


def test_a_time_is_shown_by_the_clock_of_this_machine_and_how_far_off():
    said = output.when("2026-01-05T09:29:00.000Z", NOW)
    assert said is not None
    assert said.endswith("(1 min ago)")
    assert output.when(None, NOW) is None
    assert times.utc(NOW) == "2026-01-05T09:30:00.000Z"


def test_control_characters_are_made_visible():
    assert output.safe(TRICKS) == "a\\x1b[31mb\\rc\\u009bd\\u202ee\\u2066f\\tg\\u007f"
    assert output.safe_lines("one\r\ntwo\x1b") == "one\ntwo\\x1b"
    assert output.safe("é 👍 日本") == "é 👍 日本"


def test_json_on_a_terminal_is_the_same_value_and_paints_nothing(monkeypatch: pytest.MonkeyPatch):
    value = {"text": TRICKS, "n": 2**70, "f": 1.0}
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    output.print_json(value)
    output.print_json_line(value)
    text = screen.getvalue()
    assert not set(text) & set("\x1b\r\x9b\u202e\u2066\t\x7f")
    indented, line, _ = text.rsplit("\n", 2)
    assert json.loads(indented) == json.loads(line) == value


def test_a_table_is_folded_on_a_terminal_and_whole_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    row = ("exec_" + "0" * 36, "long " * 40)
    output.table(("ID", "TITLE"), [row])
    whole = capsys.readouterr().out.splitlines()
    assert len(whole) == 2
    assert whole[1] == f"{row[0]}  {row[1].rstrip()}"
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    output.table(("ID", "TITLE"), [row])
    folded = screen.getvalue().splitlines()
    assert len(folded) > 2
    assert row[0] in screen.getvalue()


def test_markup_in_what_others_wrote_is_text(capsys: pytest.CaptureFixture[str]):
    output.say(output.safe("[bold]x[/bold] :smile:"))
    output.facts([("title", "[red]x"), ("none", None)])
    assert capsys.readouterr().out == "[bold]x[/bold] :smile:\ntitle  [red]x\n"
