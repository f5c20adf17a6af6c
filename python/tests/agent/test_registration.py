"""The server may be away, forget, or miss something: the agent makes itself known again."""

import asyncio
import json
import logging
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from signoff import AsyncClient, ProtocolError, UnauthorizedError
from signoff.agent import Agent
from signoff.agent.in_hand import REMEMBERED, InHand, pages
from signoff.agent.waits import Waits
from signoff.clock import AsyncSystemClock
from signoff.testing import ControlPlane, control_plane
from signoff.webhook import sign_webhook


class Hasty(AsyncSystemClock):
    """Real time whose sleeps are short, so that heartbeats and retries follow at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 50)


def hasty() -> tuple[Agent, asyncio.Event]:
    app = Agent("worker", clock=Hasty())
    gate = asyncio.Event()

    @app.reasoner()
    async def work() -> str:
        await gate.wait()
        return "done"

    return app, gate


async def test_a_server_that_forgot_is_told_again(plane: ControlPlane) -> None:
    app, gate = hasty()
    gate.set()
    async with plane.serving(app):
        async with control_plane() as other:
            # The same process, at a server that has never heard of it.
            app._life.registration._client._calls.transport.server_url = other.url  # type: ignore[union-attr]
            app._life.registration.known.clear()  # type: ignore[union-attr]
            await asyncio.wait_for(app.registered(), 10)
            assert [node.node_id async for node in other.client.iter_nodes()] == ["worker"]
            # Back, before that one ends.
            app._life.registration._client._calls.transport.server_url = plane.url  # type: ignore[union-attr]


async def test_it_waits_for_a_server_that_is_not_there_yet(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "signoff.agent")
    async with control_plane(database=tmp_path / "a.db") as first:
        port = int(first.url.rpartition(":")[2])
    app, gate = hasty()
    gate.set()
    app.server_url, app.public_url = first.url, "http://127.0.0.1:9"
    async with app.lifespan():
        while "cannot register yet" not in caplog.text:
            await asyncio.sleep(0)
        assert f"127.0.0.1:{port}" in caplog.text
        async with control_plane(database=tmp_path / "a.db", port=port) as second:
            await asyncio.wait_for(app.registered(), 10)
            node = await second.client.get_node("worker")
        assert [reasoner.id for reasoner in node.reasoners] == ["work"]
    assert "was not told of the shutdown" in caplog.text
    said = [entry.message for entry in caplog.records if entry.levelno >= logging.WARNING]
    # Once each, however often it was tried.
    assert [message.split(":")[0] for message in said] == [
        "worker cannot register yet, and tries on",
        "worker and the server hear each other again",
    ]


async def test_refused_heartbeats_are_said_once_and_when_they_are_heard_again(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heartbeat = AsyncClient.heartbeat_node
    beats: asyncio.Queue[None] = asyncio.Queue()

    async def refuse_three(self: AsyncClient, *args: Any, **given: Any) -> Any:
        beats.put_nowait(None)
        if beats.qsize() <= 3:
            raise UnauthorizedError(401, "unauthorized", "send one key")
        return await heartbeat(self, *args, **given)

    monkeypatch.setattr(AsyncClient, "heartbeat_node", refuse_three)
    app, _ = hasty()
    async with plane.serving(app), asyncio.timeout(10):
        while "hear each other again" not in caplog.text:
            await asyncio.sleep(0)
    assert caplog.text.count("worker is refused by the server and gets no work: 401") == 1


async def test_a_registration_that_is_refused_is_said_and_tried_again(
    plane: ControlPlane, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = hasty()
    app.server_url, app.public_url = plane.url, "http://169.254.169.254"
    async with app.lifespan():
        while caplog.text.count("invalid_base_url") < 2:
            await asyncio.sleep(0)
    with pytest.raises(Exception, match="not running"):
        await app.registered()


async def test_a_report_that_is_lost_is_made_good_by_the_next_attempt(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    report = AsyncClient.report_execution_status
    lost: list[str] = []

    async def lose_the_first(self: AsyncClient, execution_id: str, *args: Any, **given: Any) -> Any:
        if not lost:
            lost.append(execution_id)
            raise ProtocolError("a proxy answered")
        return await report(self, execution_id, *args, **given)

    monkeypatch.setattr(AsyncClient, "report_execution_status", lose_the_first)
    app, gate = hasty()
    gate.set()
    async with plane.serving(app):
        done = await plane.client.execute("worker.work", wait_seconds=20)
    assert (done.status, done.result, done.attempt) == ("succeeded", "done", 2)
    assert "was not taken: a proxy answered" in caplog.text


async def test_the_list_of_what_is_in_hand_is_sent_when_the_server_asks(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    heartbeat = AsyncClient.heartbeat_node
    lists: asyncio.Queue[Any] = asyncio.Queue()

    async def watch(self: AsyncClient, node_id: str, **given: Any) -> Any:
        if "executions" in given["in_hand"]:
            lists.put_nowait(given["in_hand"])
        return await heartbeat(self, node_id, **given)

    monkeypatch.setattr(AsyncClient, "heartbeat_node", watch)
    app, gate = hasty()
    async with plane.serving(app) as url:
        secret = app._life.registration.secret or ""  # type: ignore[union-attr]
        # An attempt that the server knows nothing of.
        signed = sign_webhook(secret, "exec_1", int(time.time()), b"{}")
        async with httpx.AsyncClient(base_url=url) as http:
            answer = await http.post(
                "/reasoners/work", content=b"{}", headers={"X-Execution-ID": "exec_1"} | signed
            )
        assert answer.status_code == 202
        said = await asyncio.wait_for(lists.get(), 10)
        gate.set()
    assert (said["count"], said["executions"], said["page"], said["pages"]) == (
        1,
        ["exec_1"],
        1,
        1,
    )


async def test_nothing_ends_the_heartbeats(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    heartbeat = AsyncClient.heartbeat_node
    beats: asyncio.Queue[None] = asyncio.Queue()

    async def break_the_first(self: AsyncClient, *args: Any, **given: Any) -> Any:
        beats.put_nowait(None)
        if beats.qsize() == 1:
            raise RuntimeError("nobody expects this")
        return await heartbeat(self, *args, **given)

    monkeypatch.setattr(AsyncClient, "heartbeat_node", break_the_first)
    app, _ = hasty()
    async with plane.serving(app):
        async with asyncio.timeout(10):
            while beats.qsize() < 2:
                await asyncio.sleep(0)
    assert "nobody expects this" in caplog.text


def test_long_lists_come_in_pages() -> None:
    ids = [f"exec_{n:04}" for n in range(2_001)]
    assert [len(page) for page in pages(ids)] == [1000, 1000, 1]
    assert pages([]) == [[]]


def test_the_digest_is_of_the_sorted_ids_each_with_a_line_feed() -> None:
    examples = json.loads(
        (Path(__file__).parents[3] / "conformance/vectors/contract_examples.json").read_text()
    )
    empty = next(e for e in examples if e["schema"] == "InHand")
    assert InHand().digest() == json.loads(empty["value"])["digest"]


def test_what_was_reported_is_remembered_for_long_but_not_for_ever() -> None:
    hand = InHand()
    for number in range(REMEMBERED + 1):
        exec_id = f"exec_{number}"
        run: Any = SimpleNamespace(
            attempt_id=exec_id, execution_id=exec_id, attempt=1, waits=Waits()
        )
        hand._forget(run)
    assert not hand.has_had("exec_0")
    assert hand.has_had(f"exec_{REMEMBERED}")
    assert len(hand) == 0
