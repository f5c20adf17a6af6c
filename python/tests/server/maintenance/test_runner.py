"""The loops as they run in a server: woken by commits, stopped by nothing but the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from signoff.server.domain.clock import SystemClock
from signoff.server.domain.store import StoreUnavailable
from signoff.server.maintenance import loop
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.loop import Loop
from signoff.server.store.sqlite import SqliteStore
from tests.server.maintenance.house import House, said
from tests.server.maintenance.stand_in import StandIn, answer, hang
from tests.server.operations.world import HOUR


@pytest.fixture
async def live(store: SqliteStore, http: HttpClient) -> AsyncIterator[House]:
    """A house on the system's clock, its loops at work."""
    house = House(store, http)
    house.use(SystemClock(), sweep_ms=5_000)
    await house.maintenance.start()
    yield house
    await house.maintenance.stop()


async def test_a_commit_wakes_them_at_once(live: House, agent: StandIn) -> None:
    await live.join(agent)
    execution_id = (await live.start())["execution_id"]
    await agent.until_heard(1)
    await live.until(execution_id, "running")
    request = await live.ask(execution_id)
    await live.decide(request["id"])
    heard = (await agent.until_heard(2))[1]
    assert said(heard)["decision"] == "approved"
    assert live.tally.waited == [] or live.tally.waited[0] < 1


async def test_a_request_expires_by_itself(live: House, agent: StandIn) -> None:
    await live.join(agent)
    execution_id = (await live.start())["execution_id"]
    await live.until(execution_id, "running")
    await live.ask(execution_id, expires_in_hours=0.2 / 3_600)
    heard = (await agent.until_heard(2))[1]
    assert said(heard)["decision"] == "expired"


async def test_a_failed_message_is_tried_again_by_itself(live: House, agent: StandIn) -> None:
    await live.join(agent)
    execution_id = (await live.start())["execution_id"]
    await agent.until_heard(1)
    agent.script = [answer(500)]
    request = await live.ask(execution_id)
    await live.decide(request["id"])
    await agent.until_heard(3)


async def test_a_registration_wakes_the_dispatcher(house: House, agent: StandIn) -> None:
    await house.maintenance.start()
    key = await house.join(agent)
    house.clock.advance_monotonic(3_000)
    execution_id = (await house.start())["execution_id"]
    assert await house.statuses(execution_id) == ["queued"]
    house.liveness.seen(key)
    await house.until(execution_id, "running")


async def test_loops_on_a_manual_clock_wake_when_it_moves(house: House, agent: StandIn) -> None:
    await house.maintenance.start()
    await house.join(agent)
    execution_id = (await house.start(timeout_seconds=1))["execution_id"]
    await house.until(execution_id, "running")
    await house.clock.until_waiting(3)
    house.clock.advance(1_000)
    await house.until(execution_id, "timeout")


async def test_leases_end_by_themselves(house: House, agent: StandIn) -> None:
    await house.maintenance.start()
    await house.join(agent)
    execution_id = (await house.start())["execution_id"]
    await house.until(execution_id, "running")
    await house.clock.until_waiting(3)
    house.clock.advance_monotonic(30_000)
    await house.until(execution_id, "queued")


async def test_stop_is_quick_with_calls_in_flight_and_may_be_called_twice(
    house: House, agent: StandIn
) -> None:
    await house.maintenance.start()
    agent.respond = hang
    await house.join(agent)
    await house.start()
    await agent.until_heard(1)
    async with asyncio.timeout(5):
        await house.maintenance.stop()
        await house.maintenance.stop()
    await agent.until(lambda: agent.open == 0)


async def test_settle_leaves_slow_answers_behind_and_does_not_wait_for_them_again(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    wait = asyncio.wait

    async def no_wait(tasks: Any, **options: Any) -> Any:
        await agent.until_heard(1)
        waits.append(len(tasks))
        return await wait(tasks, timeout=0)

    monkeypatch.setattr(asyncio, "wait", no_wait)
    agent.respond = hang
    await house.join(agent)
    await house.start()
    await house.settle()
    assert agent.open == 1
    known = len(waits)
    await house.settle()
    assert len(waits) == known


async def test_settle_goes_on_until_nothing_follows(house: House, agent: StandIn) -> None:
    # Finished inline, which makes a message, whose delivery is awaited too.
    agent.respond = answer(200, b"1")
    await house.join(agent)
    await house.start(webhook={"url": "https://203.0.113.1.invalid/hook"})
    await house.settle()
    assert house.tally.deliveries == [("execution.finished", "failed")]


async def test_settle_misses_nothing_that_ends_before_it_looks(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    outgoing = house.maintenance._outgoing
    run_due = outgoing.run_due

    async def slow(**said: bool) -> None:
        await run_due(**said)
        while outgoing.calls:
            await asyncio.wait(outgoing.calls)

    monkeypatch.setattr(outgoing, "run_due", slow)
    agent.respond = answer(200, b"1")
    await house.join(agent)
    await house.start(webhook={"url": "https://203.0.113.1.invalid/hook"})
    await house.settle()
    assert house.tally.deliveries == [("execution.finished", "failed")]


async def test_next_due_names_the_earliest(house: House) -> None:
    assert await house.maintenance.next_due() is None
    await house.create(expires_in_hours=2)
    await house.create("other", expires_in_hours=1)
    assert await house.maintenance.next_due() == house.clock.now() + HOUR
    assert await house.maintenance.next_timer() == house.clock.now() + HOUR


async def test_nothing_is_done_while_the_store_is_away(house: House) -> None:
    request = await house.create(expires_in_hours=1)
    house.clock.advance(HOUR)
    house.control.arm("before_commit", 1)
    with pytest.raises(StoreUnavailable):
        await house.maintenance.run_due()
    assert (await house.request(request["id"]))["status"] == "pending"
    await house.maintenance.run_due()
    assert (await house.request(request["id"]))["status"] == "expired"


class Flaky:
    """Work that fails at first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.looks = 0
        self.asked = 0
        self.due: int | None = None

    async def run_due(self) -> None:
        self.looks += 1
        if self.errors:
            raise self.errors.pop(0)

    async def next_due(self) -> int | None:
        self.asked += 1
        return self.due


async def test_no_failure_ends_a_loop(house: House, caplog: pytest.LogCaptureFixture) -> None:
    work = Flaky(StoreUnavailable("disk full"), RuntimeError("a bug"))
    task = asyncio.create_task(Loop(work, house.clock, asyncio.Event(), house.context.failed).run())
    for looks in (1, 2):
        await turns()
        assert work.looks == looks
        house.clock.advance(loop.RETRY_MS)
    await turns()
    assert (work.looks, work.asked) == (3, 1)
    task.cancel()
    assert "disk full" in caplog.text
    assert "a bug" in caplog.text


async def turns() -> None:
    """Let whoever was woken act on it."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_loop_may_rest_and_sweep(house: House) -> None:
    work, event = Flaky(), asyncio.Event()
    loop = Loop(work, house.clock, event, house.context.failed, sweep_ms=1_000, rest_ms=50)
    task = asyncio.create_task(loop.run())
    await turns()
    event.set()
    house.clock.advance(49)
    await turns()
    assert work.looks == 1
    house.clock.advance(1)
    await turns()
    assert work.looks == 2
    house.clock.advance(50)
    await turns()
    house.clock.advance(999)
    await turns()
    assert work.looks == 2
    house.clock.advance(1)
    await turns()
    assert work.looks == 3
    task.cancel()


async def test_a_loop_looks_up_what_is_next_only_when_it_is_quiet(house: House) -> None:
    work, event = Flaky(), asyncio.Event()
    work.due = house.clock.now() + 100
    loop = Loop(work, house.clock, event, house.context.failed, idle_ms=20)
    task = asyncio.create_task(loop.run())
    await turns()
    event.set()
    await turns()
    assert (work.looks, work.asked) == (2, 0)
    house.clock.advance(20)
    await turns()
    assert (work.looks, work.asked) == (2, 1)
    house.clock.advance(80)
    await turns()
    assert work.looks == 3
    task.cancel()
