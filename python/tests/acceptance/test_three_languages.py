"""Agents in Python, Go and TypeScript call each other, each of them is killed, and all runs finish
once."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from signoff import Client
from tests.acceptance.agent_processes import AGENTS, AgentProcess
from tests.acceptance.conftest import StartAgent
from tests.acceptance.environments import run
from tests.acceptance.processes import signoff_command, until
from tests.acceptance.servers import Json, Server, response_body, signed

TYPESCRIPT: Final = Path(__file__).parents[3] / "typescript"

LANGUAGES: Final = ("python", "go", "typescript")
"""The nodes: each is named by its language and calls the next one, the last calls the first."""

FEEDBACK: Final = 'so "sei" es: <fünf> & 6 €'

ONCE: Final = (
    "execution.created",
    "approval.requested",
    "approval.decided",
    "execution.succeeded",
)

PATIENCE_SECONDS: Final = 60.0

# Two compilers run before, and on a busy machine nine gates take their time.
pytestmark = pytest.mark.timeout(600, method="signal")


def by_rest(server: Server, request: Json) -> None:
    with Client(server_url=server.url) as client:
        client.decide(request["id"], "approved", feedback=FEEDBACK)


def by_webhook(server: Server, request: Json) -> None:
    body = response_body(request["approval_request_id"], "approved", feedback=FEEDBACK)
    answer = server.http.post(
        "/api/v1/webhooks/approval-response", content=body, headers=signed(body)
    )
    assert answer.json()["status"] == "processed", answer.text


def by_command(server: Server, request: Json) -> None:
    where = ("--server", server.url, "--feedback", FEEDBACK)
    run(signoff_command(), "approvals", "approve", request["id"], *where)


CHANNELS: Final[tuple[Callable[[Server, Json], None], ...]] = (by_rest, by_webhook, by_command)


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str | None, Path]]:
    """What runs the agent of each language, and its file; built as its users build it."""
    folder = tmp_path_factory.mktemp("relay")
    run("go", "build", "-o", str(folder / "relay"), ".", cwd=AGENTS / "relay_go")
    sdk = TYPESCRIPT / "sdk"
    run("npm", "run", "--silent", "build", cwd=sdk)
    tsc = str(TYPESCRIPT / "node_modules" / ".bin" / "tsc")
    run(tsc, "-p", str(sdk / "tsconfig.acceptance.json"), "--outDir", str(folder))
    (folder / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    return {
        "python": (sys.executable, AGENTS / "relay.py"),
        "go": (None, folder / "relay"),
        "typescript": ("node", folder / "relay.mjs"),
    }


@pytest.fixture
def agents(
    server: Server, start_agent: StartAgent, programs: dict[str, tuple[str | None, Path]]
) -> dict[str, AgentProcess]:
    return {
        node: start_agent(server, node, script, runner=runner, NODE=node)
        for node, (runner, script) in programs.items()
    }


def path(first: int) -> list[str]:
    """The languages that a run goes through."""
    return [*LANGUAGES[first:], *LANGUAGES[:first]]


def asked(server: Server, own_id: str) -> Json:
    """The pending request under this id, once it is there."""

    def pending() -> Json | None:
        found = server.items("/approval-requests", status="pending", approval_request_id=own_id)
        return next(found, None)

    return until(pending, PATIENCE_SECONDS, f"{own_id} is asked", every=0.05)


def outcome(name: str, nodes: list[str]) -> Json | None:
    """What a run comes to that has gone through these nodes."""
    if not nodes:
        return None
    then = outcome(name, nodes[1:])
    return {"asked": f"{name}-{nodes[0]}", "heard": "approved", "feedback": FEEDBACK, "then": then}


def test_runs_through_three_languages_finish_once_though_each_agent_is_killed(
    server: Server, agents: dict[str, AgentProcess]
) -> None:
    paths = {f"from-{path(first)[0]}": path(first) for first in range(3)}
    begun = {
        name: server.begin(f"{nodes[0]}.relay", own_id=name, onwards=nodes[1:])
        for name, nodes in paths.items()
    }
    held: list[str] = []
    for stage, killed in enumerate(LANGUAGES):
        requests = [asked(server, f"{name}-{nodes[stage]}") for name, nodes in paths.items()]
        held += running_at(server, killed)
        # It has one gate open, and in the later stages waits for agents that it has called.
        agents[killed].kill()
        for turn, request in enumerate(requests):
            # Every run, every language and every stage has each channel once.
            CHANNELS[(stage + 2 * turn) % 3](server, request)
        agents[killed].start()
    for name, nodes in paths.items():
        assert server.succeeded(begun[name], PATIENCE_SECONDS) == outcome(name, nodes)
        finished_once(server, begun[name], nodes)
    assert len(held) == 1 + 2 + 3
    assert all(server.execution(each)["attempt"] > 1 for each in held)
    for node, agent in agents.items():
        done = [f"{what} {name}-{node}" for name in paths for what in ("before", "after", "end")]
        assert sorted(agent.effects()) == sorted(done)


def running_at(server: Server, node: str) -> list[str]:
    """The executions that an agent has in hand."""
    found = server.items("/executions", node_id=node)
    return [each["execution_id"] for each in found if "completed_at" not in each]


def finished_once(server: Server, execution_id: str, nodes: list[str]) -> None:
    """Of a run: one execution at each node, called by the one before, with one question and end."""
    run_id = server.execution(execution_id)["run_id"]
    members = {each["node_id"]: each for each in server.items("/executions", run_id=run_id)}
    assert sorted(members) == sorted(nodes)
    parent = None
    for node in nodes:
        member = members[node]
        assert (member["status"], member.get("parent_execution_id")) == ("succeeded", parent)
        parent = member["execution_id"]
        counted = Counter(server.events(parent))
        assert {counted[event] for event in ONCE} == {1}, counted
    assert members[nodes[0]]["execution_id"] == execution_id
