"""What an agent does with what it is sent: only the server's own word counts, and counts once."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from signoff import AsyncClient
from signoff.agent import Agent
from signoff.agent.in_hand import InHand
from signoff.agent.run import Run
from signoff.agent.waits import Waits
from signoff.testing import ControlPlane
from signoff.webhook import new_secret, sign_webhook


class Node:
    """A served agent, and requests to it signed as the server signs them."""

    def __init__(self, app: Agent, url: str) -> None:
        self.app = app
        self.url = url
        self.runs: list[int] = []
        self.gate = asyncio.Event()

    async def post(self, path: str, body: Any, *, secret: str = "", **options: Any) -> Any:
        headers = options.get("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert self.app._life is not None
        real = self.app._life.registration.secret
        message = headers.get("X-Execution-ID", "msg_1") or "msg_1"
        at = int(time.time()) + options.get("skew", 0)
        signed = sign_webhook(secret or real or "", message, at, content)
        if options.get("unsigned"):
            signed = {}
        async with httpx.AsyncClient(base_url=self.url) as http:
            return await http.post(
                path, content=options.get("sent", content), headers=headers | signed
            )


@pytest.fixture
async def node(plane: ControlPlane) -> AsyncIterator[Node]:
    app = Agent("counter")
    async with plane.serving(app) as url:
        made = Node(app, url)

        @app.reasoner()
        async def count(number: int) -> int:
            made.runs.append(number)
            await made.gate.wait()
            return number

        yield made
        made.gate.set()


RUN = {"X-Execution-ID": "exec_1", "X-Run-ID": "run_1"}


@pytest.mark.parametrize(
    "options",
    [
        {"unsigned": True},
        {"secret": new_secret()},
        {"skew": -301},
        {"skew": 302},
        {"sent": b'{"number": 2}'},
    ],
)
@pytest.mark.parametrize(
    "path", ["/reasoners/count", "/webhooks/approval", "/_internal/executions/exec_1/cancel"]
)
async def test_unsigned_work_is_refused(node: Node, path: str, options: dict[str, Any]) -> None:
    answer = await node.post(path, {"number": 1}, headers=RUN, **options)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_signature")
    assert node.runs == []


async def test_a_signature_is_for_one_attempt_only(node: Node) -> None:
    answer = await node.post("/reasoners/count", {"number": 1}, headers=RUN)
    assert answer.status_code == 202
    signed = dict(answer.request.headers) | {"x-execution-id": "exec_2"}
    async with httpx.AsyncClient() as http:
        again = await http.post(answer.request.url, content=answer.request.content, headers=signed)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_signature")


async def test_an_attempt_in_hand_is_not_run_twice(node: Node) -> None:
    for _ in range(3):
        answer = await node.post("/reasoners/count", {"number": 1}, headers=RUN)
        assert (answer.status_code, answer.json()) == (
            202,
            {"status": "processing", "execution_id": "exec_1"},
        )
    assert node.runs == [1]


async def test_nor_is_one_that_was_reported(node: Node) -> None:
    node.gate.set()
    await node.post("/reasoners/count", {"number": 1}, headers=RUN)
    await asyncio.gather(*node.app._in_hand._tasks.values())
    answer = await node.post("/reasoners/count", {"number": 1}, headers=RUN)
    assert answer.status_code == 202
    assert node.runs == [1]


@pytest.mark.parametrize(
    "path, body, headers, status, code",
    [
        ("/reasoners/other", {}, RUN, 404, "not_found"),
        ("/elsewhere", {}, RUN, 404, "not_found"),
        ("/reasoners/count", {"number": 1}, {}, 400, "invalid_request"),
        ("/reasoners/count", b"{", RUN, 400, "invalid_json"),
        ("/reasoners/count", {"number": "x"}, RUN, 422, "invalid_input"),
        ("/webhooks/approval", b"{", {}, 400, "invalid_request"),
        ("/webhooks/approval", {"decision": "approved"}, {}, 400, "invalid_request"),
        ("/_internal/executions/exec_1/cancel", b"{", {}, 400, "invalid_json"),
        (
            "/_internal/executions/exec_1/cancel",
            {"execution_id": "exec_2"},
            {},
            400,
            "invalid_request",
        ),
        ("/_internal/executions/exec_1/cancel", [], {}, 400, "invalid_request"),
        ("/_internal/executions/exec_1/cancel", {"execution_id": "exec_1"}, {}, 404, "not_found"),
    ],
)
async def test_what_does_not_fit_is_refused_by_name(
    node: Node, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await node.post(path, body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["title"] == HTTPStatus(status).phrase
    assert node.runs == []


async def test_bad_input_names_the_field(node: Node) -> None:
    answer = await node.post("/reasoners/count", {"number": "x", "more": 1}, headers=RUN)
    assert [at["pointer"] for at in answer.json()["errors"]] == ["/number", "/more"]


async def test_an_answer_for_nobody_is_received_and_not_resolved(node: Node) -> None:
    callback = {
        "execution_id": "exec_9",
        "id": "apr_1",
        "approval_request_id": "q",
        "decision": "approved",
        "new_status": "running",
        "event_head": {"seq": 1, "hash": "0" * 64},
    }
    answer = await node.post("/webhooks/approval", callback)
    assert (answer.status_code, answer.json()) == (200, {"status": "received", "resolved": False})


async def test_a_cancelled_run_stops_and_hears_no_decision(plane: ControlPlane) -> None:
    app = Agent("waiter")
    heard: list[str] = []

    @app.reasoner()
    async def wait() -> None:
        try:
            heard.append((await app.pause("q")).decision)
        except asyncio.CancelledError:
            heard.append("cancelled")
            raise

    async with plane.serving(app):
        run = await plane.client.execute_async("waiter.wait")
        request = await plane.next_request()
        await plane.client.cancel_execution(run.execution_id, reason="never mind")
        await asyncio.gather(*app._in_hand._tasks.values())
        done = await plane.client.get_execution(run.execution_id)
        withdrawn = await plane.client.get_approval_request(request.id)
    assert heard == ["cancelled"]
    assert (done.status, withdrawn.status) == ("cancelled", "cancelled")


async def test_a_reasoner_that_cancels_itself_has_failed(plane: ControlPlane) -> None:
    app = Agent("odd")

    @app.reasoner()
    async def stop() -> None:
        raise asyncio.CancelledError

    async with plane.serving(app):
        done = await plane.client.execute("odd.stop", wait_seconds=20)
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.startswith("CancelledError")


async def test_a_result_over_the_limit_is_a_failure_that_says_so(plane: ControlPlane) -> None:
    app = Agent("big")

    @app.reasoner()
    async def grow() -> str:
        return "x" * (10 * 1024 * 1024)

    async with plane.serving(app):
        done = await plane.client.execute("big.grow", wait_seconds=20)
    assert (done.status, done.error) == ("failed", "the result is over the limit")


async def test_what_is_cancelled_before_it_began_is_reported_and_let_go(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dispatch and the notice to stop it may come in the same turn of the event loop."""
    app = Agent("late")
    begun: list[int] = []

    @app.reasoner()
    async def work() -> None:
        begun.append(1)

    async with plane.serving(app):
        hand = app._in_hand
        start = hand.start

        def start_and_cancel(run: Run, *more: Any) -> None:
            start(run, *more)
            assert hand.cancel(run.attempt_id)

        monkeypatch.setattr(hand, "start", start_and_cancel)
        run = await plane.client.execute_async("late.work", max_attempts=1)
        # Nobody cancelled it at the server, so that it is a hand-back, and the last one.
        done = await plane.client.wait_for_execution(run.execution_id, timeout=20)
        assert len(hand) == 0
    assert (done.status, done.status_reason, begun) == ("failed", "attempts_exhausted", [])


async def test_a_notice_to_stop_does_not_break_off_a_report(plane: ControlPlane) -> None:
    app = Agent("reporter")

    @app.reasoner()
    async def work() -> int:
        return 1

    async with plane.serving(app):
        report = AsyncClient.report_execution_status

        async def cancelled_meanwhile(self: AsyncClient, attempt_id: str, **said: Any) -> Any:
            app._in_hand.cancel(attempt_id)
            await asyncio.sleep(0)
            return await report(self, attempt_id, **said)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AsyncClient, "report_execution_status", cancelled_meanwhile)
            done = await plane.client.execute("reporter.work", wait_seconds=20)
    assert (done.status, done.result) == ("succeeded", 1)


async def test_a_later_attempt_ends_the_earlier_one(node: Node) -> None:
    await node.post("/reasoners/count", {"number": 1}, headers=RUN)
    first = node.app._in_hand._tasks["exec_1"]
    later = RUN | {"X-Execution-ID": "exec_1~2"}
    await node.post("/reasoners/count", {"number": 2}, headers=later)
    await asyncio.wait_for(first, 10)
    assert node.app._in_hand.ids() == ["exec_1~2"]


async def test_an_earlier_attempt_that_comes_late_is_not_run(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_: Run) -> None:
        """The server does not know this execution."""

    monkeypatch.setattr(Run, "load_recorded", nothing)
    second, third = (RUN | {"X-Execution-ID": f"exec_1~{number}"} for number in (2, 3))
    await node.post("/reasoners/count", {"number": 3}, headers=third)
    async with asyncio.timeout(10):
        while not node.runs:
            await asyncio.sleep(0.01)
    work = node.app._in_hand._tasks["exec_1~3"]
    for late in (second, RUN):
        answer = await node.post("/reasoners/count", {"number": 1}, headers=late)
        assert (answer.status_code, answer.json()["execution_id"]) == (202, late["X-Execution-ID"])
        assert node.app._in_hand.ids() == ["exec_1~3"]
    assert "exec_1~3" not in node.app._in_hand._stops
    node.gate.set()
    await asyncio.wait_for(work, 10)
    await node.post("/reasoners/count", {"number": 2}, headers=second)
    assert node.app._in_hand.ids() == []
    assert node.runs == [3]


@pytest.mark.parametrize("ends", [(2, 1), (1, 2)], ids=["later first", "earlier first"])
def test_the_newest_attempt_is_known_in_whatever_order_two_end(ends: tuple[int, ...]) -> None:
    hand = InHand()
    for number in ends:
        run: Any = SimpleNamespace(
            attempt_id=f"exec_1~{number}", execution_id="exec_1", attempt=number, waits=Waits()
        )
        hand._forget(run)
    assert [hand.has_had(f"exec_1~{number}") for number in (2, 3)] == [True, False]


async def test_a_report_that_breaks_is_said(
    plane: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    app = Agent("breaker")

    @app.reasoner()
    async def work() -> int:
        return 1

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("nobody expects this")

    async with plane.serving(app):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AsyncClient, "report_execution_status", broken)
            await plane.client.execute_async("breaker.work")
            async with asyncio.timeout(10):
                while "nobody expects this" not in caplog.text:
                    await asyncio.sleep(0)
        assert len(app._in_hand) == 0
