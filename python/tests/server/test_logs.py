"""One line a record: JSON for programs, text for a terminal."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from signoff.server import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    names = ("signoff", "uvicorn.error")
    before = root.handlers[:], root.level, [logging.getLogger(name).level for name in names]
    yield
    root.handlers[:], level, levels = before
    root.setLevel(level)
    for name, each in zip(names, levels, strict=True):
        logging.getLogger(name).setLevel(each)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_json_lines_carry_what_was_given():
    stream = io.StringIO()
    logs.configure("info", None, stream)
    logging.getLogger("signoff.http").info("ready on %s", "x", extra={"url": "http://x", "n": {1}})
    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "signoff.http",
        "message": "ready on x",
        "url": "http://x",
        "n": "{1}",
    }


def test_an_exception_is_part_of_its_line():
    stream = io.StringIO()
    logs.configure("info", "json", stream)
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logging.getLogger("signoff").exception("failed")
    [line] = stream.getvalue().splitlines()
    assert "ZeroDivisionError: by zero" in json.loads(line)["exception"]


def test_a_terminal_gets_text():
    stream = Terminal()
    logs.configure("debug", None, stream)
    logging.getLogger("signoff").debug("ready", extra={"url": "http://x"})
    assert stream.getvalue().endswith("debug   ready url=http://x\n")
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError:
        logging.getLogger("signoff").exception("failed")
    assert "Traceback" in stream.getvalue()


def test_levels_are_the_servers_own():
    stream = io.StringIO()
    logs.configure("warning", "text", stream)
    logging.getLogger("signoff").info("unheard")
    logging.getLogger("elsewhere").info("unheard")
    logging.getLogger("uvicorn.error").warning("unheard")
    assert stream.getvalue() == ""
    logging.getLogger("elsewhere").warning("heard")
    assert "heard" in stream.getvalue()


def test_the_default_is_standard_error(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    logging.getLogger("signoff").info("heard")
    assert json.loads(stream.getvalue())["message"] == "heard"
