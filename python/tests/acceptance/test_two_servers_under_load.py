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

RUNS: Final = 48
"""Of each of the two clients."""

NOBODY_THERE: Final = {502, 503, 504}


class Client(Process):
    """Half of the load, as a process of its own; it prefers one of the servers."""

    def __init__(self, name: str, servers: list[Server], folder: Path) -> None:
        self._out = folder / f"{name}.out"
        env = environment(
            SERVERS=" ".join(server.url for server in servers),
            NAME=name,
            RUNS=str(RUNS),
            OUT=str(self._out),
        )
        command = [sys.executable, str(Path(loading.__file__))]
        super().__init__(name, command, unmeasured(env), folder)

    def said(self, kind: str) -> list[Json]:
        """What it has written down: each `run` that ended, or what `failed`."""
        lines = self._out.read_text().splitlines(keepends=True) if self._out.exists() else []
        return [line for line in map(json.loads, lines) if kind in line]

    def ended(self) -> bool:
        return not self.alive


class Load:
    """Two clients, one agent, two servers."""

    def __init__(self, servers: list[Server], agent: AgentProcess, clients: list[Client]) -> None:
        self.servers, self.agent, self.clients = servers, agent, clients

    def passes(self, share: float) -> None:
        """Wait until so much of it is done."""
        due = share * RUNS * len(self.clients)
        until(
            lambda: sum(len(client.said("run")) for client in self.clients) >= due,
            seconds=60,
            what=f"{due} runs have ended",
        )
        assert all(client.alive for client in self.clients), "the load is over already"

    def failures(self) -> list[Json]:
        return [line for client in self.clients for line in client.said("failed")]

    def all_is_done(self) -> None:
        """Every run ended once, with what was decided; clients only had to ask again."""
        for client in self.clients:
            until(client.ended, seconds=60, what=f"{client.name} ends")
            assert client.output() == ""
            assert len(client.said("run")) == RUNS
        for failure in self.failures():
            if "status" in failure:
                assert failure["status"] in NOBODY_THERE, failure
                assert failure["retry_after"] is not None, failure
        (server, _) = self.servers
        for line in (line for client in self.clients for line in client.said("run")):
            assert line["status"] == "succeeded"
            assert line["result"] == {"decision": "approved", "feedback": line["run"]}
            events = Counter(server.events(line["execution_id"]))
            assert events["approval.decided"] == events["execution.succeeded"] == 1
        runs = [f"{client.name}-{number}" for client in self.clients for number in range(RUNS)]
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
        yield Load(pair, agent, clients)
        agent.close()  # while it still finds a server


def test_one_is_killed_and_clients_see_nothing_that_a_repeat_does_not_mend(load: Load) -> None:
    here, there = load.servers
    load.passes(0.1)
    there.kill()
    load.passes(0.4)  # by the other alone
    there.start()
    load.passes(0.5)
    here.kill()
    load.passes(0.8)
    here.start()
    load.all_is_done()
    assert load.failures(), "the kills met nobody"


def test_both_are_restarted_one_after_the_other_and_nothing_is_lost(load: Load) -> None:
    load.passes(0.1)
    for server, share in zip(load.servers, (0.4, 0.7), strict=True):
        assert server.terminate() == 0
        server.start()
        load.passes(share)
    load.all_is_done()
