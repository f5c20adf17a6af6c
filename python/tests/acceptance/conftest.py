"""Servers and agents for the tests; all are ended with the test, and their logs are shown when it
fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.processes import Process, unmeasured
from tests.acceptance.servers import Server

PROCESSES = pytest.StashKey[list[list[Process]]]()

StartServer = Callable[..., Server]
StartAgent = Callable[..., AgentProcess]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.get_closest_marker("timeout") is None:
            # By signal, so that a test that hangs still ends its processes.
            item.add_marker(pytest.mark.timeout(240, method="signal"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.failed:
        for started in (
            each for node in item.listchain() for each in node.stash.get(PROCESSES, [])
        ):
            for process in started:
                report.sections.append((f"output of {process.name}", process.output()[-6000:]))
    return report


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coverage of processes that start from here on is not measured: others show it."""
    for name in {*os.environ} - {*unmeasured(os.environ)}:
        monkeypatch.delenv(name)


@pytest.fixture
def processes(request: pytest.FixtureRequest) -> Iterator[list[Process]]:
    """Every process of the test; the one that was started last is ended first."""
    with ended(request.node) as started:
        yield started


@pytest.fixture(scope="module")
def shared_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server for all tests of a module that leave each other alone."""
    with ended(request.node) as started:
        server = Server(tmp_path_factory.mktemp("shared"))
        started.append(server)
        server.start()
        yield server


@pytest.fixture(scope="module")
def start_shared_agent(
    request: pytest.FixtureRequest, shared_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartAgent]:
    """Start an agent at the shared server that stays for all tests of a module."""
    with ended(request.node) as started:

        def start(node_id: str, script: Path, **told: str) -> AgentProcess:
            folder = tmp_path_factory.mktemp(node_id)
            agent = AgentProcess(shared_server, node_id, script, folder, **told)
            started.append(agent)
            agent.start()
            return agent

        yield start


@contextmanager
def ended(node: pytest.Item | pytest.Collector) -> Iterator[list[Process]]:
    """Processes that are ended with the block, and shown with the failures of a test or module."""
    started: list[Process] = []
    shown = node.stash.setdefault(PROCESSES, [])
    shown.append(started)
    try:
        yield started
    finally:
        for process in reversed(started):
            process.close()


@pytest.fixture
def start_server(processes: list[Process], tmp_path: Path) -> StartServer:
    """Start a server; see `Server` for what it takes."""

    def start(**given: Any) -> Server:
        server = Server(tmp_path, **given)
        processes.append(server)
        server.start()
        return server

    return start


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A server without keys, with the webhook's secret."""
    return start_server()


@pytest.fixture
def start_agent(processes: list[Process], tmp_path: Path) -> StartAgent:
    """Start an agent; see `AgentProcess` for what it takes."""

    def start(
        server: Server, node_id: str = "gates", script: Path = AGENTS / "gates.py", **told: Any
    ) -> AgentProcess:
        agent = AgentProcess(server, node_id, script, tmp_path, **told)
        processes.append(agent)
        agent.start()
        return agent

    return start


@pytest.fixture
def agent(server: Server, start_agent: StartAgent) -> AgentProcess:
    """An agent with the reasoners of agents/gates.py, at `server`."""
    return start_agent(server)


@pytest.fixture
def pair(processes: list[Process], fresh: str, tmp_path: Path) -> list[Server]:
    """Two servers on one PostgreSQL database."""
    servers = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        server = Server(tmp_path / name, database_url=fresh)
        processes.append(server)
        server.start()
        servers.append(server)
    return servers
