"""What happens at a time that is written down, to the millisecond."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from signoff.server.domain.approval import Request
from signoff.server.domain.store import Change
from signoff.server.maintenance import timers
from signoff.server.operations import closing, dispatching
from signoff.server.operations.context import Context
from signoff.server.operations.tree import Draft
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn
from tests.server.operations.world import HOUR, NOW


async def test_a_request_expires_when_its_time_is_over(house: House) -> None:
    request = await house.create(expires_in_hours=1)
    await house.control.advance_clock(HOUR - 1)
    assert (await house.request(request["id"]))["status"] == "pending"
    await house.control.advance_clock(1)
    row = await house.request(request["id"])
    assert (row["status"], row["decided_at"]) == ("expired", NOW + HOUR)
    assert await house.types(request["id"]) == ["approval.requested", "approval.expired"]


async def test_it_expires_with_the_agent_dead_and_the_next_one_hears_of_it(
    house: House, agent: StandIn
) -> None:
    execution_id = await house.handed(agent)
    await house.ask(execution_id, expires_in_hours=1)
    await house.control.advance_leases(30_000)
    await house.control.advance_clock(HOUR)
    assert await house.statuses(execution_id) == ["running"]
    await house.join(agent, "i-2")
    await house.settle()
    assert agent.heard[0].headers["x-execution-id"] == f"{execution_id}~2"


async def test_what_came_due_while_the_server_was_down_expires_at_the_start(house: House) -> None:
    request = await house.create(expires_in_hours=1)
    house.clock.advance(2 * HOUR)
    await house.maintenance.start()
    async with asyncio.timeout(10):
        with house.store.watch(f"apr:{request['id']}") as watch:
            while (await house.request(request["id"]))["status"] == "pending":
                await watch.event.wait()
                watch.event.clear()
    assert (await house.types(request["id"])).count("approval.expired") == 1


async def test_everything_fires_in_the_order_of_time(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent, timeout_seconds=5_400)
    ids = [(await house.create(f"r-{n}", expires_in_hours=n))["id"] for n in (3, 1, 2)]
    await house.control.advance_clock(4 * HOUR)
    closed = [(await house.request(request_id))["decided_at"] - NOW for request_id in ids]
    assert closed == [3 * HOUR, HOUR, 2 * HOUR]
    row = await house.execution(execution_id)
    assert (row["status"], row["completed_at"] - NOW) == ("timeout", 5_400_000)


async def test_thousands_due_at_once_are_closed_in_portions(house: House) -> None:
    count = 3 * timers.AT_ONCE + 1
    await asyncio.gather(*(house.create(f"r-{n}", expires_in_hours=0.001) for n in range(count)))
    turns = 0
    done = asyncio.create_task(house.control.advance_clock(3_600))
    while not done.done():
        turns += 1  # others get their turn meanwhile
        await asyncio.sleep(0)
    await done
    rows = await house.store.all("list_approval_requests", limit=1_000, status="expired")
    assert len(rows) == count
    assert turns > 3


async def test_what_breaks_at_one_does_not_hold_up_the_others(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug must cost what it hits, and nothing behind it."""
    broken, fine = [await house.handed(agent, timeout_seconds=1) for _ in range(2)]
    bad, good = [(await house.create(n, expires_in_hours=0.0001))["id"] for n in ("a", "b")]
    end, expire = dispatching.time_out, closing.expire

    async def break_time_out(context: Context, execution_id: str) -> bool:
        if execution_id == broken:
            raise RuntimeError("a bug")
        return await end(context, execution_id)

    async def break_expiry(context: Context, draft: Draft, request: Request) -> None:
        if request.row["id"] == bad:
            raise RuntimeError("a bug")
        await expire(context, draft, request)

    monkeypatch.setattr(dispatching, "time_out", break_time_out)
    monkeypatch.setattr(closing, "expire", break_expiry)
    house.clock.advance(HOUR)
    with pytest.raises(RuntimeError, match="a bug"):
        await house.maintenance.run_due()
    assert await house.statuses(broken, fine) == ["running", "timeout"]
    states = [(await house.request(request_id))["status"] for request_id in (bad, good)]
    assert states == ["pending", "expired"]


async def test_running_for_too_long_is_a_timeout_and_waiting_does_not_count(
    house: House, agent: StandIn
) -> None:
    execution_id = await house.handed(agent, timeout_seconds=60)
    await house.control.advance_clock(59_999)
    request = await house.ask(execution_id)
    await house.control.advance_clock(10 * HOUR)
    assert await house.statuses(execution_id) == ["waiting"]
    await house.decide(request["id"])
    assert await house.statuses(execution_id) == ["running"]
    await house.control.advance_clock(1)
    assert await house.statuses(execution_id) == ["timeout"]


async def test_many_time_out_at_once(house: House, agent: StandIn) -> None:
    await house.join(agent)
    count = timers.AT_ONCE + 1
    started = await asyncio.gather(*(house.start(timeout_seconds=1) for _ in range(count)))
    await house.settle()
    await house.control.advance_clock(1_000)
    statuses = await house.statuses(*(one["execution_id"] for one in started))
    assert statuses == ["timeout"] * count


async def test_what_is_long_over_is_forgotten(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "PORTION", 2)

    async def receive(webhook_id: str) -> None:
        change = Change()
        change.add(
            "insert_receipt",
            webhook_id=webhook_id,
            body_sha256="s",
            status_code=200,
            answer="{}",
            at=house.clock.now(),
        )
        await house.store.apply(change)

    async def is_known(webhook_id: str) -> bool:
        return await house.store.one("get_receipt", webhook_id=webhook_id) is not None

    await house.settle()
    for portion in range(timers.PORTION + 1):
        await receive(f"w{portion}")
    await house.control.advance_clock(24 * HOUR - 1)
    assert await is_known("w1")
    await house.control.advance_clock(1)  # over now, but not looked at again so soon
    assert await is_known("w1")
    await receive("late")
    await house.control.advance_clock(HOUR)
    assert [await is_known(one) for one in ("w1", f"w{portion}", "late")] == [False, False, True]


async def test_idempotency_keys_are_kept_for_a_day_and_while_unfinished(
    house: House, agent: StandIn
) -> None:
    await house.join(agent)
    same: dict[str, Any] = {"idempotency_key": "k", "timeout_seconds": 604_800}
    first = await house.start(**same)
    await house.control.advance_clock(25 * HOUR)
    assert (await house.start(**same))["execution_id"] == first["execution_id"]
    await house.report(first["execution_id"], result=1)
    await house.control.advance_clock(HOUR)
    assert (await house.start(**same))["execution_id"] != first["execution_id"]
