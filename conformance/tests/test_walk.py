"""The walk finds answers that are a little wrong, and none where all are right."""

import asyncio
import json
import os
from dataclasses import replace

import pytest

from signoff_conformance import reference
from signoff_conformance.contract import Contract
from signoff_conformance.control import parse, render
from signoff_conformance.endpoints import Host
from signoff_conformance.oracle.answers import Answer, Request
from signoff_conformance.profiles import PROFILES
from signoff_conformance.target import Started
from signoff_conformance.traffic import Exchange
from signoff_conformance.walk import polls
from signoff_conformance.walk.cells import Seen, documented
from signoff_conformance.walk.moves import Move
from signoff_conformance.walk.server import Server
from signoff_conformance.walk.shrinking import shrink
from signoff_conformance.walk.walking import Difference, Walk

CONTRACT = Contract.load()
OPERATIONS = 150

# The server starts once for all walks: its keys are made by processes of their own.
pytestmark = pytest.mark.timeout(400)


class Bench:
    """One server, and the loop that all walks on it run in."""

    def __init__(self, runner, server):
        self._runner, self._server = runner, server

    def walk(self, change=None, operations=OPERATIONS, seed=1):
        """What a walk comes to, with the shortest path to its difference."""
        return self._runner.run(self._walked(change, operations, seed))

    def difference(self, change=None, operations=OPERATIONS):
        """The first difference; not every walk meets what is wrong soon."""
        found = (self.walk(change, operations, seed).difference for seed in range(1, 9))
        return next((one for one in found if one is not None), None)

    async def _walked(self, change, operations, seed):
        found = await Walk(CONTRACT, self._server, change).by_chance(seed, operations)
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
    assert len(found.seen.kinds) > 40


@pytest.mark.parametrize(
    "change,says",
    [
        (stored_is_200, "status: 202 is right, was 200"),
        (feedback_dropped, "/approval/feedback"),
        (expires_a_ms_late, "/expires_at"),
    ],
)
def test_an_answer_that_is_a_little_wrong_is_found(bench, change, says):
    difference = bench.difference(change)
    assert difference is not None
    assert says in difference.lines[0]
    assert len(difference.path) <= 6, difference.shown()
    assert difference.right.sentence


def answered_at_once(server, request):
    return HOLD(server, replace(request, query={}))


async def held_for_ever(server, request):
    del server, request
    return asyncio.create_task(asyncio.Event().wait())


HOLD = Server.hold


@pytest.mark.parametrize(
    "hold,says",
    [
        (answered_at_once, "the poll: held is right, was answered"),
        (held_for_ever, "no answer: it is held still"),
    ],
)
def test_a_poll_that_ends_too_early_or_not_at_all_is_found(bench, monkeypatch, hold, says):
    monkeypatch.setattr(Server, "hold", hold)
    monkeypatch.setattr(polls, "SECONDS", 0.05)
    difference = bench.difference()
    assert difference is not None
    assert difference.lines == [says]
    assert "wait_seconds" in str(difference.move)


def failing_is_200(request, exchange):
    if exchange.status == 503:
        exchange.status, exchange.answer = 200, b"{}"


def test_a_failing_commit_that_is_acknowledged_is_found(bench):
    difference = bench.difference(failing_is_200)
    assert difference is not None
    assert difference.lines == ["status: 503 is right, was 200"]


def test_some_walks_have_polls_that_something_ends_and_commits_that_fail(bench, monkeypatch):
    ends: set[str] = set()
    failed = 0

    async def ended(self, now):
        found = await ENDED(self, now)
        told = [one.right.body for one in found if one.right is not None]
        ends.update(body["status"] for body in told if isinstance(body, dict))
        return found

    monkeypatch.setattr(polls.Polls, "ended", ended)
    for seed in range(2, 8):
        found = bench.walk(operations=300, seed=seed)
        assert found.difference is None, found.difference.shown()
        kinds = found.seen.kinds.items()
        failed += sum(count for (_, status, _), count in kinds if status == 503)
        if len(ends) >= 2 and failed >= 2:
            return
    pytest.fail(f"six walks had {len(ends)} ends of polls and {failed} commits that failed")


ENDED = polls.Polls.ended


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


def test_a_walk_is_over_when_all_was_seen_and_nothing_new_comes():
    seen = Seen({("getHealth", 200), ("getNode", 404)})
    for operation, status, number in (("getHealth", 200, 1), ("getNode", 404, 3)):
        assert not seen.is_over(2)
        seen.operations = number
        seen.see(Request(operation), Answer(status))
    assert (seen.missing(), seen.quiet) == ([], 0)
    seen.operations = 5
    assert seen.is_over(2)
    seen.see(Request("getNode"), Answer(403, code="forbidden"))
    assert not seen.is_over(2)


def test_each_2xx_and_4xx_is_wanted_but_for_what_says_why_not():
    wanted = documented(CONTRACT)
    assert {("execute", 202), ("listNodes", 422), ("streamExecutionEvents", 204)} <= wanted
    assert ("getHealth", 403) not in wanted
    assert ("getReadiness", 403) not in wanted  # all roles may call it
    assert not any(status >= 500 for _, status in wanted)
