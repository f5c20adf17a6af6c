"""Expiry: on time, in order, exactly once, with everybody told."""

from __future__ import annotations

import asyncio

import pytest

from signoff.server.domain.errors import Conflict
from signoff.server.domain.store import Store, StoreUnavailable
from signoff.server.operations.expiry import _expire, expire_due, next_expiry
from tests.server.operations.world import HOUR, NOW, World, together


async def test_with_nothing_pending_there_is_no_next_expiry(world: World) -> None:
    assert await next_expiry(world.context) is None
    request = await world.create()
    await world.decide(request["id"])
    assert await next_expiry(world.context) is None
    assert await expire_due(world.context, NOW + 1000 * HOUR) == 0


@pytest.mark.parametrize("offset", [-1, 0, 1])
async def test_a_request_expires_at_its_end_and_not_before(world: World, offset: int) -> None:
    execution_id = await world.running()
    request = await world.ask(execution_id, expires_in_hours=1)
    assert await next_expiry(world.context) == NOW + HOUR
    world.clock.set(NOW + HOUR + offset)
    due = 0 if offset < 0 else 1
    assert await expire_due(world.context, world.clock.now()) == due
    row = await world.request(request["id"])
    assert row["status"] == ("expired" if due else "pending")
    assert row["decided_at"] == (world.clock.now() if due else None)
    assert await world.statuses(execution_id) == ["running" if due else "waiting"]
    assert await expire_due(world.context, world.clock.now()) == 0


async def test_whoever_waits_is_told(store: Store) -> None:
    world = World(store, notify_url="https://hooks.example.com/")
    root = await world.running()
    execution_id = await world.running(root)
    request = await world.ask(execution_id, expires_in_hours=1)
    world.clock.advance(HOUR)
    await expire_due(world.context, world.clock.now())
    assert await world.statuses(root, execution_id) == ["running", "running"]
    expired, resumed = (await world.events(execution_id))[-2:]
    assert (expired["type"], resumed["type"]) == ("approval.expired", "execution.resumed")
    assert (expired["data"], expired["content"]) == ('{"status":"expired"}', None)
    assert expired["actor_source"] == "system"
    _, callback, notification = await world.messages()
    assert callback["body"]["decision"] == "expired"
    assert (callback["body"]["new_status"], callback["body"]["id"]) == ("running", request["id"])
    assert "feedback" not in callback["body"]
    assert "reviewer" not in callback["body"]
    assert notification["body"]["type"] == "approval.expired"
    assert notification["body"]["data"]["status"] == "expired"


async def test_with_the_agent_gone_the_execution_is_due_for_dispatch(world: World) -> None:
    execution_id = await world.running()
    await world.ask(execution_id, expires_in_hours=1)
    await world.release(execution_id)
    world.clock.advance(HOUR)
    await expire_due(world.context, world.clock.now())
    row = await world.execution(execution_id)
    assert (row["status"], row["dispatch_at"]) == ("running", NOW + HOUR)
    assert await world.messages() == []


async def test_what_was_closed_since_it_was_found_due_is_left_alone(world: World) -> None:
    """By another server, which shares no lock: only what is read anew may be judged."""
    execution_id = await world.running()
    request = await world.ask(execution_id, expires_in_hours=1)
    found = await world.request(request["id"])
    await world.decide(request["id"])
    world.clock.advance(HOUR)
    await _expire(world.context, found)
    assert (await world.request(request["id"]))["status"] == "approved"
    row = await world.execution(execution_id)
    assert (row["status"], row["pending_own"]) == ("running", 0)


async def test_they_expire_in_the_order_of_their_ends(world: World) -> None:
    hours = [5, 3, 4, 1, 2]
    execution_id = await world.running()
    ids = {
        hour: (await world.ask(execution_id, f"{hour}", expires_in_hours=hour))["id"]
        for hour in hours
    }
    world.clock.advance(4 * HOUR)
    assert await expire_due(world.context, world.clock.now(), limit=2) == 2
    assert await expire_due(world.context, world.clock.now(), limit=10) == 2
    expired = [
        event["approval_id"]
        for event in await world.events(execution_id)
        if event["type"] == "approval.expired"
    ]
    assert expired == [ids[hour] for hour in (1, 2, 3, 4)]
    assert await next_expiry(world.context) == NOW + 5 * HOUR


async def test_competing_expiries_and_decisions_close_each_request_once(world: World) -> None:
    execution_id = await world.running()
    requests = [await world.ask(execution_id, f"{n}", expires_in_hours=1) for n in range(100)]
    requests += [await world.create(f"claim-{n}", expires_in_hours=1) for n in range(100)]
    world.clock.advance(HOUR)
    now = world.clock.now()
    answers = await together(
        expire_due(world.context, now),
        *(world.decide(request["id"]) for request in requests),
        expire_due(world.context, now),
    )
    assert answers[0] == 200
    assert answers[-1] <= 200
    assert {type(answer) for answer in answers[1:-1]} == {Conflict}
    types = await world.types(execution_id)
    assert types.count("approval.expired") == 100
    assert types.count("execution.resumed") == 1
    assert len(await world.messages("approvalCallback")) == 100
    for request in requests[100:]:
        assert await world.types(request["id"]) == ["approval.requested", "approval.expired"]


async def test_what_somebody_else_closed_meanwhile_is_left_alone(world: World) -> None:
    """A decision is on its way to the disk when the expiry begins to look."""
    request = await world.create(expires_in_hours=1)
    world.clock.set(NOW + HOUR - 1)
    deciding = asyncio.create_task(world.decide(request["id"]))
    while world.context.locks.is_free(request["id"]) and not deciding.done():
        await asyncio.sleep(0)
    answers = await together(deciding, expire_due(world.context, NOW + HOUR))
    assert answers[0]["status"] == "processed"
    assert (await world.request(request["id"]))["status"] == "approved"
    assert await world.types(request["id"]) == ["approval.requested", "approval.decided"]


async def test_what_cannot_be_stored_stays_due(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await world.create(expires_in_hours=1)
    world.clock.advance(HOUR)

    async def full(change: object) -> None:
        raise StoreUnavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "apply", full)
        with pytest.raises(StoreUnavailable):
            await expire_due(world.context, world.clock.now())
    assert (await world.request(request["id"]))["status"] == "pending"
    assert await expire_due(world.context, world.clock.now()) == 1
