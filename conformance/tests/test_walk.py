"""The walk finds answers that are a little wrong, and none where all are right."""

import asyncio
import json
import os

import pytest

from signoff_conformance import reference
from signoff_conformance.contract import Contract
from signoff_conformance.control import parse, render
from signoff_conformance.endpoints import Host
from signoff_conformance.oracle.answers import Answer, Request
from signoff_conformance.oracle.world import Oracle
from signoff_conformance.profiles import PROFILES
from signoff_conformance.target import Started
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk.moves import Move
from signoff_conformance.walk.server import START, Server
from signoff_conformance.walk.shrinking import shrink
from signoff_conformance.walk.walking import Difference, Walk, callers
from signoff_conformance.walk.working import REGISTRATION

CONTRACT = Contract.load()
OPERATIONS = 150

# The server starts once for all walks: its keys are made by processes of their own.
pytestmark = pytest.mark.timeout(400)


class Bench:
    """One server, and the loop that all walks on it run in."""

    def __init__(self, runner, server):
        self._runner, self._server = runner, server

    def walk(self, change=None, operations=OPERATIONS):
        """What a walk comes to, with the shortest path to its difference."""
        return self._runner.run(self._walked(change, operations))

    async def _walked(self, change, operations):
        found = await Walk(CONTRACT, self._server, change).by_chance(1, operations)
        if found.difference is not None:
            found.difference = await shrink(
                found.difference, lambda path: Walk(CONTRACT, self._server, change).along(path), 25
            )
        return found


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    host, folder = Host(), tmp_path_factory.mktemp("walk")
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNOFF_")}
    with asyncio.Runner() as runner:
        runner.run(host.start())
        target = Started(
            reference.SERVER, reference.KEYS, PROFILES["keys"], folder, host.address, env
        )
        server = Server(CONTRACT, target, host)
        try:
            runner.run(target.start())
            yield Bench(runner, server)
        finally:
            runner.run(server.close())
            runner.run(target.stop())
            runner.run(host.stop())


def stored_is_200(request, exchange):
    if request.operation == "executeAsync" and exchange.status == 202:
        exchange.status = 200


def feedback_dropped(request, exchange):
    body = exchange.json()
    if request.operation == "decideApprovalRequest" and exchange.status == 200:
        body["approval"].pop("feedback", None)
        exchange.answer = json.dumps(body).encode()


def expires_a_ms_late(request, exchange):
    body = exchange.json()
    if request.operation == "getApprovalRequest" and exchange.status == 200:
        body["expires_at"] = render(parse(body["expires_at"]) + 1)
        exchange.answer = json.dumps(body).encode()


def test_a_server_that_is_right_shows_no_difference(bench):
    found = bench.walk()
    assert found.difference is None, found.difference.shown()
    assert len(found.cells) > 40


@pytest.mark.parametrize(
    "change,says",
    [
        (stored_is_200, "status: 202 is right, was 200"),
        (feedback_dropped, "/approval/feedback"),
        (expires_a_ms_late, "/expires_at"),
    ],
)
def test_an_answer_that_is_a_little_wrong_is_found(bench, change, says):
    found = bench.walk(change)
    assert found.difference is not None
    assert says in found.difference.lines[0]
    assert len(found.difference.path) <= 6, found.difference.shown()
    assert found.difference.right.sentence


async def test_the_shortest_path_keeps_what_it_needs():
    path = [Move(str(number), Request("getApprovalRequest")) for number in range(20)]

    async def again(moves):
        labels = {move.label for move in moves}
        return difference(moves) if {"3", "11", "19"} <= labels else None

    def difference(moves):
        exchange = Exchange("GET", "/", {}, b"", status=200)
        return Difference(moves[-1], ["status: 1"], Answer(201), exchange, list(moves))

    found = await shrink(difference(path), again)
    assert [move.label for move in found.path] == ["3", "11", "19"]


def test_a_rejection_takes_the_execution_back_to_running():
    oracle = Oracle(CONTRACT, callers())
    oracle.answer("0", REGISTRATION, START)
    path = {"target": "conf-agent.work"}
    oracle.answer("1", Request("executeAsync", path, body={}, key="client"), START)
    path = {"node_id": "conf-agent", "execution_id": "exec_o-1"}
    body = {"approval_request_id": "gate"}
    oracle.answer("2", Request("requestExecutionApproval", path, body=body, key="agent"), START)
    assert oracle.running.all["exec_o-1"].status == "waiting"
    path, body = {"id": "apr_o-2"}, {"decision": "rejected"}
    later = START + 5_000
    oracle.answer("3", Request("decideApprovalRequest", path, body=body, key="reviewer"), later)
    shown = oracle.running.all["exec_o-1"].shown(later + 100)
    assert (shown["status"], shown["running_ms"]) == ("running", 100)


def test_the_first_decision_wins_before_its_time_is_over():
    oracle = Oracle(CONTRACT, callers())
    body = {"approval_request_id": "gate", "expires_in_hours": 0.001}
    oracle.answer("0", Request("createApprovalRequest", body=body, key="client"), START)
    oracle.pass_time(START + 3_599)
    assert oracle.approvals.all["apr_o-0"].pending
    oracle.pass_time(START + 3_600)
    ruling = {"decision": "approved"}
    path = {"id": "apr_o-0"}
    told = oracle.answer(
        "1", Request("decideApprovalRequest", path, body=ruling, key="reviewer"), START + 3_600
    )
    assert (told.status, told.code) == (409, "already_decided")
