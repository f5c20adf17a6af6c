"""A control plane with an agent in a thread of its own, and the command run in this one."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from signoff.agent import Agent
from signoff.blocking.client import Client
from signoff.cli.app import app
from signoff.contract_gen import Approval, ExecutionStatus
from signoff.testing import control_plane

DEADLINE = 20.0


def agent() -> Agent:
    """An agent whose runs end in every way."""
    made = Agent("desk", version="1.0.0")

    @made.reasoner()
    async def ask(own_id: str, times: int = 1) -> list[str]:
        return [(await made.pause(own_id, title=f"Say {own_id}")).decision for _ in range(times)]

    @made.reasoner()
    async def fail() -> None:
        raise ValueError("no such account")

    @made.reasoner()
    async def echo(value: Any) -> Any:
        made.note("seen", tags=["echo"])
        return value

    return made


class Plane:
    """Where the server is, and a client that speaks to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(url)

    def start(self, target: str, **arguments: object) -> str:
        """Start an execution; its id."""
        return self.client.execute_async(f"desk.{target}", input=arguments).execution_id

    def waiting(self, own_id: str, times: int = 1) -> Approval:
        """The pending request of an execution that was just started."""
        execution_id = self.start("ask", own_id=own_id, times=times)
        return self.next_request(execution_id)

    def next_request(self, execution_id: str) -> Approval:
        """The request that the execution waits for, once it does."""
        for event in self.client.stream_execution_events(execution_id):
            if event.type != "execution.waiting":
                continue
            execution = self.client.get_execution(execution_id)
            if execution.status == ExecutionStatus.WAITING:
                return self.client.get_approval_request(execution.pending_approvals[-1])
        raise AssertionError("it never waited")


@contextmanager
def planes(database: Path | None = None, *, keyed: bool = False) -> Iterator[Plane]:
    """Run a server, and unless it wants keys the agent, until the block ends."""
    urls: list[str] = []
    ready, loops = threading.Event(), []
    stop = asyncio.Event()

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with control_plane(database=database) as plane:
            urls.append(plane.url)
            if keyed:
                ready.set()
                await stop.wait()
                return
            async with plane.serving(agent()):
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(DEADLINE)
        plane = Plane(urls[0])
        with plane.client:
            yield plane
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(DEADLINE)
    assert not thread.is_alive()


@pytest.fixture(scope="session")
def plane() -> Iterator[Plane]:
    """An open server with an agent; tests share it and keep to ids of their own."""
    with planes() as running:
        yield running


class Outcome:
    """What a command said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        return json.loads(self.err)


Run = Callable[..., Outcome]


def run_with(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name in ("SIGNOFF_API_KEY", "SIGNOFF_DATABASE_URL", "SIGNOFF_HOST", "SIGNOFF_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SIGNOFF_SERVER", url)

    def run(*arguments: str, stdin: str | None = None) -> Outcome:
        result = CliRunner().invoke(app, list(arguments), input=stdin, prog_name="signoff")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def run(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `signoff …` against the shared server."""
    return run_with(plane.url, monkeypatch)


@pytest.fixture
def run_alone(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `signoff …` where no server is."""
    return run_with("http://127.0.0.1:9", monkeypatch)
