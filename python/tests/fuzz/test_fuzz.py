"""schemathesis against the contract: every phase, with links, as an admin on a closed server."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from signoff.server.http import contract
from signoff.server.main import key_ring
from signoff.server.settings import Settings
from tests.acceptance.agent_processes import AgentProcess
from tests.acceptance.processes import environment, free_port
from tests.acceptance.servers import Server
from tests.fuzz.traffic import Traffic
from tests.fuzz.world import NODE

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1]
CONTRACT = PACKAGE.parent / "openapi.yaml"

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
SECONDS = 900
"""When it is given up. On two cores that have nothing else to do it takes a tenth of that."""

PHASES = ("stateful", "examples,coverage,fuzzing")
"""One run each. Scenarios are given up, in silence, when a repeated one is answered otherwise than
the first time. With values from the other phases that happens; on its own it does not."""

EXCLUDED = {"streamExecutionEvents"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 30, method="signal")]


class Run(NamedTuple):
    """How schemathesis ended, what it said, and the report of what it sent."""

    code: int
    output: str
    report: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Run]]:
    folder = tmp_path_factory.mktemp("fuzz")
    sink = f"http://127.0.0.1:{free_port()}"
    allowed = environment(SIGNOFF_ALLOWED_HOSTS=sink.removeprefix("http://"))
    admin, bound = asyncio.run(_keys(folder / "server.db"))
    server = Server(folder, secret=SECRET, env=allowed, key=admin)
    agent = AgentProcess(server, NODE, HERE / "agent.py", folder, SIGNOFF_API_KEY=bound)
    try:
        server.start()
        agent.start()
        yield [_schemathesis(folder, server, agent, sink, phases) for phases in PHASES]
    finally:
        agent.close()
        server.close()


async def _keys(database: Path) -> tuple[str, str]:
    """Keys of an admin and of the agent."""
    async with key_ring(Settings(database=database)) as keys:
        admin = await keys.create("fuzz", "admin")
        return admin.token, (await keys.create("agent", "agent", [NODE])).token


def _schemathesis(folder: Path, server: Server, agent: AgentProcess, sink: str, phases: str) -> Run:
    report = folder / f"{phases}.ndjson"
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", str(CONTRACT)]
    command += ["--phases", phases, "--url", server.url, "--no-color"]
    command += ["--report-ndjson-path", str(report)]
    told = {
        "PYTHONPATH": str(PACKAGE),
        "FUZZ_URL": server.url,
        "FUZZ_API_KEY": str(server.key),
        "FUZZ_WEBHOOK_SECRET": SECRET,
        "FUZZ_AGENT_URL": f"http://127.0.0.1:{agent.port}",
        "FUZZ_SINK_URL": sink,
    }
    ran = subprocess.run(
        command,
        env={**os.environ, **told},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Run(ran.returncode, ran.stdout, report)


def links() -> Iterator[str]:
    """The ids that schemathesis gives to the links of the contract."""
    read = contract.load()
    for where, operation in operations():
        said = read.tree["paths"][operation.path][operation.method.lower()]
        for status, answer in said["responses"].items():
            for name, link in _resolved(answer).get("links", {}).items():
                target = read.operations[_resolved(link)["operationId"]]
                if target.id not in EXCLUDED:
                    yield f"{where} -> [{status}] {name} -> {target.method} {target.path}"


def _resolved(node: Any) -> Any:
    while "$ref" in node:
        target: Any = contract.load().tree
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def operations() -> Iterator[tuple[str, Any]]:
    for operation in contract.load().operations.values():
        if operation.id not in EXCLUDED:
            yield f"{operation.method} {operation.path}", operation


@pytest.fixture(scope="module")
def traffic(runs: list[Run]) -> Traffic:
    return Traffic(each.report for each in runs)


def test_nothing_is_found(runs: list[Run]) -> None:
    for run in runs:
        assert run.code == 0, run.output[-20_000:]


def test_every_phase_was_run(traffic: Traffic) -> None:
    assert set(traffic.phases) == {"examples", "coverage", "fuzzing", "stateful"}


def test_every_operation_answered_with_success(traffic: Traffic) -> None:
    without = [
        where
        for where, _ in operations()
        if not any(200 <= status < 300 for status in traffic.answers[where])
    ]
    assert not without, [(where, traffic.answers[where]) for where in without]


def test_every_link_of_the_contract_was_followed(traffic: Traffic) -> None:
    assert not [link for link in links() if not traffic.links[link]]


def test_links_lead_to_what_is_there(traffic: Traffic) -> None:
    """Another answer than 404 shows that the id was taken over; others say nothing of it."""
    led: defaultdict[str, set[int]] = defaultdict(set)
    for link in links():
        source, _, rest = link.partition(" -> [")
        led[f"{source} {rest.partition('] ')[2]}"] |= traffic.links[link].keys()
    assert not [link for link, heard in led.items() if not heard - {400, 401, 404, 422}]


def test_the_contract_has_links_at_all() -> None:
    assert len(list(links())) >= 35
