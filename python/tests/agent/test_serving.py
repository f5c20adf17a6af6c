"""Where an agent listens, and under which URL the server finds it."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from signoff import MissingDependencyError
from signoff.agent import Agent, serving


@contextlib.contextmanager
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_a_taken_port_is_an_error_or_another_port() -> None:
    with taken() as port:
        with pytest.raises(OSError, match="in use"):
            serving.listen("127.0.0.1", port, auto_port=False)
        with serving.listen("127.0.0.1", port, auto_port=True) as sock:
            assert sock.getsockname()[1] not in (0, port)


@pytest.mark.parametrize(
    "host, server, url",
    [
        ("127.0.0.1", "http://10.0.0.1:8080", "http://127.0.0.1:8001"),
        ("::1", "http://127.0.0.1:8080", "http://[::1]:8001"),
        ("0.0.0.0", "http://127.0.0.1:8080", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://localhost:8080", "http://127.0.0.1:8001"),
        ("0.0.0.0", "http://no-such-host.invalid:8080", "http://127.0.0.1:8001"),
    ],
)
def test_the_url_leads_to_this_machine(host: str, server: str, url: str) -> None:
    assert serving.base_url(host, 8001, server) == url


def test_bound_to_all_addresses_it_is_the_one_towards_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Probe:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> "Probe":
            return self

        def __exit__(self, *_: object) -> None: ...
        def connect(self, address: tuple[str, int]) -> None:
            assert address[0] == "server.example.com"

        def getsockname(self) -> tuple[str, int]:
            return "192.0.2.7", 4711

    monkeypatch.setattr("signoff.agent.serving.socket.socket", Probe)
    url = serving.base_url("0.0.0.0", 8001, "http://server.example.com")
    assert url == "http://192.0.2.7:8001"


def test_run_says_in_one_line_that_it_cannot_listen() -> None:
    with taken() as port, pytest.raises(SystemExit, match=rf"worker cannot listen .*:{port}"):
        Agent("worker").run(port=port, auto_port=False)


def test_run_names_a_port_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(SystemExit, match="PORT=http is no port"):
        Agent("worker").run()


def test_run_names_what_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.setenv("PORT", "0")
    with pytest.raises(SystemExit, match=r"app.run\(\) .*: pip install 'signoff\[agent\]'"):
        Agent("worker").run()
    assert capsys.readouterr().out == ""


def test_run_says_in_one_line_that_the_url_of_the_server_is_none() -> None:
    with pytest.raises(SystemExit, match="worker cannot start: the server's URL must start with"):
        Agent("worker", server_url="localhost:8080").run(port=0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_comes_back_and_raises_no_signal_again(number: signal.Signals) -> None:
    again: list[int] = []
    before = signal.signal(number, lambda got, _frame: again.append(got))

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        os.kill(os.getpid(), number)
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    try:
        with serving.listen("127.0.0.1", 0, auto_port=False) as sock:
            serving.server(app).run(sockets=[sock])
        assert again == []
        # What was there before is there again.
        signal.raise_signal(number)
        assert again == [number]
    finally:
        signal.signal(number, before)


def test_outside_of_the_main_thread_it_leaves_signals_alone() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[Any] = []
    made = serving.server(None)

    def look() -> None:
        with made.capture_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(10)
    assert seen == [before]


async def test_ai_names_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'signoff\[ai\]'"):
        await Agent("worker", model="openai:gpt-5").ai(user="?")
