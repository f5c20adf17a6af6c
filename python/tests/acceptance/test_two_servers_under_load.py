"""Two servers under load, and one after the other goes: clients only ever have to ask again."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance import loading
from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.balancer import balanced
from tests.acceptance.conftest import StartAgent
from tests.acceptance.processes import Process, environment, unmeasured, until
from tests.acceptance.servers import Json, Server

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("fast")]

MANY: Final = 16
"""Runs that end before the next thing happens: as many as the two clients have in hand."""

NOBODY_THERE: Final = {502, 503, 504}


class Client(Process):
    """Half of the load, as a process of its own; it prefers one of the servers."""

    def __init__(self, name: str, servers: list[Server], folder: Path) -> None:
        self._out = folder / f"{name}.out"
        env = environment(
            SERVERS=" ".join(server.url for server in servers),
            NAME=name,
            OUT=str(self._out),
            STOP=str(folder / "stop"),
        )
        command = [sys.executable, str(Path(loading.__file__))]
        super().__init__(name, command, unmeasured(env), folder)

    def said(self, kind: str) -> list[Json]:
        """What it has written down: each `run` that ended, or what `failed`."""
        lines = self._out.read_text().splitlines(keepends=True) if self._out.exists() else []
        whole = (json.loads(line) for line in lines if line.endswith("\n"))
        return [line for line in whole if kind in line]

    def ended(self) -> bool:
        return not self.alive


class Load:
    """Two clients, one agent, two servers."""

    def __init__(
        self, servers: list[Server], agent: AgentProcess, clients: list[Client], folder: Path
    ) -> None:
        self.servers, self.agent, self.clients = servers, agent, clients
        self._stop = folder / "stop"

    def ended(self) -> list[Json]:
        return [line for client in self.clients for line in client.said("run")]

    def goes_on(self) -> None:
        """Wait until many more runs have ended."""
        due = len(self.ended()) + MANY
        until(lambda: len(self.ended()) >= due, seconds=60, what=f"{due} runs have ended")

    def failures(self) -> list[Json]:
        return [line for client in self.clients for line in client.said("failed")]

    def comes_to_its_end(self) -> None:
        """Every run ends once, with what was decided; clients only had to ask again."""
        self._stop.touch()
        for client in self.clients:
            until(client.ended, seconds=60, what=f"{client.name} ends")
            assert client.output() == ""
        for failure in self.failures():
            if "status" in failure:
                assert failure["status"] in NOBODY_THERE, failure
                assert failure["retry_after"] is not None, failure
        (server, _) = self.servers
        for line in self.ended():
            assert line["status"] == "succeeded"
            assert line["result"] == {"decision": "approved", "feedback": line["run"]}
            events = Counter(server.events(line["execution_id"]))
            assert events["approval.decided"] == events["execution.succeeded"] == 1
        runs = [line["run"] for line in self.ended()]
        expected = sorted(f"{when} {run}" for run in runs for when in ("before", "after"))
        assert sorted(self.agent.effects()) == expected
        assert len(list(server.items("/executions"))) == len(runs)


@pytest.fixture
def load(
    pair: list[Server], start_agent: StartAgent, processes: list[Process], tmp_path: Path
) -> Iterator[Load]:
    here, there = pair
    with balanced([here.port, there.port]) as both:
        agent = start_agent(here, "gates", AGENTS / "gates.py", by_way_of=both)
        clients = [Client("one", [here, there], tmp_path), Client("two", [there, here], tmp_path)]
        for client in clients:
            processes.append(client)
            client.spawn()
        yield Load(pair, agent, clients, tmp_path)
        agent.close()  # while it still finds a server


def test_one_is_killed_and_clients_see_nothing_that_a_repeat_does_not_mend(load: Load) -> None:
    load.goes_on()
    for server in load.servers:
        server.kill()
        load.goes_on()  # by the other alone
        server.start()
    load.goes_on()
    load.comes_to_its_end()
    assert load.failures(), "the kills met nobody"


def test_both_are_restarted_one_after_the_other_and_nothing_is_lost(load: Load) -> None:
    load.goes_on()
    for server in load.servers:
        assert server.terminate() == 0
        load.goes_on()
        server.start()
    load.goes_on()
    load.comes_to_its_end()
