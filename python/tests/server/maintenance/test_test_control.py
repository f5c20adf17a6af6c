"""What tests may do to a server: clocks, reset, the outbox, fail points."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest

from signoff.server.domain.errors import NotFound, Refusal
from signoff.server.domain.store import Change, StoreUnavailable
from signoff.server.maintenance import test_control
from signoff.server.maintenance.timers import Timers
from tests.server.maintenance.house import House, said
from tests.server.maintenance.stand_in import StandIn, answer
from tests.server.operations.world import HOUR, NOW, seen


async def test_the_clock_is_set_and_advanced(house: House) -> None:
    assert await house.control.set_clock(NOW + 5) == NOW + 5
    assert await house.control.advance_clock(10) == NOW + 15
    assert await house.control.set_clock(NOW - HOUR) == NOW - HOUR
    assert house.clock.monotonic() == 1_000_000


async def test_the_clock_is_set_although_what_fell_due_could_not_be_done(house: House) -> None:
    await house.create(expires_in_hours=1)
    house.control.arm("before_commit", 100)
    with pytest.raises(StoreUnavailable):
        await house.control.advance_clock(2 * HOUR)
    assert house.clock.now() == NOW + 2 * HOUR


async def test_what_follows_from_what_fell_due_is_done_too(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    await house.ask(execution_id, expires_in_hours=1)
    agent.script = [answer(500), answer(200)]
    await house.control.advance_clock(HOUR)
    assert [said(heard)["decision"] for heard in agent.heard] == ["expired"]
    await house.control.advance_clock(500)
    assert len(agent.heard) == 2


async def test_others_who_wait_on_the_clock_see_every_time(house: House) -> None:
    seen_at: list[int] = []

    async def wait(at: int) -> None:
        await house.clock.wait_until(at)
        seen_at.append(house.clock.now())

    waits = [asyncio.create_task(wait(NOW + after)) for after in (300, 100, 200)]
    await house.clock.until_waiting(3)
    await house.control.advance_clock(1_000)
    await asyncio.gather(*waits)
    assert seen_at == [NOW + 100, NOW + 200, NOW + 300]


async def test_years_pass_quickly_even_with_something_that_is_tried_for_ever(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_control, "MOST_RETRIES", 20)
    execution_id = await house.handed(agent, timeout_seconds=604_800)
    first = await house.ask(execution_id, expires_in_hours=87_600)
    await house.ask(execution_id, "other")
    await house.decide(first["id"])
    agent.respond = answer(500)
    other = await house.create(expires_in_hours=87_600)
    await house.control.advance_clock(87_600 * HOUR)
    row = await house.request(other["id"])
    assert (row["status"], row["decided_at"]) == ("expired", NOW + 87_600 * HOUR)
    assert len(agent.heard) < 40


async def test_leases_do_not_go_back(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        await house.control.advance_leases(-1)
    assert (refused.value.code, refused.value.errors[0].pointer) == (
        "invalid_request",
        "/advance_ms",
    )


async def test_leases_move_and_the_clock_stands(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    await house.control.advance_leases(30_000)
    assert house.clock.now() == NOW
    assert await house.statuses(execution_id) == ["queued"]


async def test_settle_brings_what_was_just_decided(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    request = await house.ask(execution_id)
    await house.decide(request["id"])
    await house.control.settle()
    assert len(agent.heard) == 1


async def test_reset_leaves_an_empty_server_that_works(house: House, agent: StandIn) -> None:
    await house.handed(agent)
    child_of = await house.handed(agent)
    await house.child_of(child_of)
    await house.ask(child_of)
    await house.create()
    await house.control.reset()
    for query in ("list_executions", "list_approval_requests", "list_messages", "list_nodes"):
        assert await house.store.all(query, limit=10) == []
    assert house.liveness.next_end() is None
    with pytest.raises(NotFound):
        await house.beat()
    await house.handed(agent)


async def test_after_a_reset_no_server_is_there_but_this_one(house: House) -> None:
    change = Change()
    change.add("put_server", server_id="killed", now=NOW)
    await house.store.apply(change)
    await house.settle()
    await house.control.reset()
    assert [row["server_id"] for row in await house.store.all("list_servers")] == [
        house.context.server_id
    ]
    assert not house.context.peers


async def test_settling_waits_for_what_a_loop_has_begun(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = asyncio.Event(), asyncio.Event()

    async def slow(self: Timers) -> None:
        begun.set()
        await free.wait()

    with monkeypatch.context() as patch:
        patch.setattr(Timers, "run_due", slow)
        loop = asyncio.create_task(house.maintenance._timers.run_due())
        await begun.wait()
    settling = asyncio.create_task(house.control.settle())
    await house.create()  # it takes longer than a look at an empty server
    await asyncio.sleep(0)
    assert not settling.done()
    free.set()
    await asyncio.gather(loop, settling)


async def test_reset_breaks_off_what_is_on_its_way(house: House, agent: StandIn) -> None:
    begun = asyncio.Event()

    async def slow(request: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    agent.respond = slow
    await house.join(agent)
    await house.start()
    await house.maintenance.run_due()
    async with asyncio.timeout(10):
        await begun.wait()
    await house.control.reset()
    await agent.until(lambda: agent.open == 0)
    assert house.context.in_flight == set()


async def test_nothing_that_a_loop_begins_during_a_reset_outlives_it(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.decide((await house.ask(await house.handed(agent)))["id"])
    apply = house.store.apply

    async def late(change: Change) -> Any:
        await house.settle()  # as a loop may: the message is sent, its secret is known
        return await apply(change)

    monkeypatch.setattr(house.store, "apply", late)
    await house.control.reset()
    monkeypatch.undo()
    await house.decide((await house.ask(await house.handed(agent)))["id"])
    await house.settle()
    await house.check_signature(agent.heard[-1])


async def test_the_outbox_shows_bodies(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    for own_id in ("one", "two"):
        request = await house.ask(execution_id, own_id)
        await house.decide(request["id"], response={"exact": 10**30})
    listed = seen(await house.control.outbox())
    assert [one["body"]["approval_request_id"] for one in listed] == ["one", "two"]
    assert listed[0]["body"]["response"] == {"exact": 10**30}
    assert (listed[0]["kind"], listed[0]["state"]) == ("approvalCallback", "pending")
    assert len(await house.control.outbox(limit=1)) == 1


async def test_a_fail_point_before_the_commit_undoes_it(house: House) -> None:
    house.control.arm("before_commit", 2)
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await house.create()
    assert await house.store.all("list_approval_requests", limit=10) == []
    await house.create()


async def test_a_fail_point_after_the_commit_loses_the_answer(house: House) -> None:
    house.control.arm("after_commit")
    with pytest.raises(StoreUnavailable):
        await house.create()
    assert len(await house.store.all("list_approval_requests", limit=10)) == 1


async def test_a_fail_point_is_disarmed(house: House) -> None:
    house.control.arm("before_commit")
    house.control.arm("before_commit", 0)
    await house.create()


@pytest.mark.parametrize("name", ["crash_before_commit", "crash_after_commit"])
async def test_a_crash_is_sigkill(house: House, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))
    house.control.arm(name)
    with pytest.raises(StoreUnavailable):
        await house.create()
    assert killed == [(os.getpid(), signal.SIGKILL)]


async def test_an_unknown_fail_point_is_refused(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        house.control.arm("before_lunch")
    assert refused.value.errors[0].pointer == "/name"
