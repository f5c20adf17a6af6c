"""Two servers on one database: what one hears counts for both, and what is due is done once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from signoff.server.domain.event import SERVER
from signoff.server.domain.execution import SUCCEEDED
from signoff.server.domain.store import Change
from signoff.server.maintenance.hearing import SWEEP_MS
from signoff.server.maintenance.liveness import recall
from signoff.server.operations import claims, expiry, leases
from signoff.server.operations.approvals import HOUR_MS
from signoff.server.operations.context import InstanceKey
from signoff.server.operations.endings import end
from signoff.server.operations.tree import Tree
from signoff.server.operations.waiting import wait_for
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn
from tests.server.operations.stage import soon
from tests.server.operations.world import NODE, together

pytestmark = pytest.mark.postgres

KEY = InstanceKey(NODE, "i-1")
TO = {"execution_id": None, **KEY._asdict()}


async def elapse(ms: int, *houses: House) -> None:
    for house in houses:
        house.clock.advance(ms)
        house.clock.advance_monotonic(ms)
    for house in houses:
        await house.maintenance._hearing.run_due()
        await house.maintenance._leases.run_due()


async def test_who_is_heard_by_one_is_heard_by_all(pair: list[House], agent: StandIn) -> None:
    here, there = pair
    execution_id = await here.handed(agent)
    await elapse(1_000, *pair)
    assert there.liveness.takes_work(KEY)
    for _ in range(10):  # for a minute and a half it beats there only
        await elapse(9_000, *pair)
        await there.beat()
    assert (await here.execution(execution_id))["lease_instance"] == "i-1"
    await elapse(29_999, *pair)
    assert here.liveness.is_live(KEY)
    await elapse(1, *pair)
    assert await here.statuses(execution_id) == ["queued"]
    row = await here.store.one("get_instance", **KEY._asdict())
    assert row is not None
    assert row["state"] == "away"
    # It was only slow: its next heartbeat brings it back, here and there.
    await there.beat()
    await elapse(1_000, *pair)
    assert [each.liveness.takes_work(KEY) for each in pair] == [True, True]


async def test_a_restart_of_one_server_moves_nothing(pair: list[House], agent: StandIn) -> None:
    here, there = pair
    await here.join(agent)
    await here.beat(status="offline")
    await here.join(agent, "i-2", own=False)
    await elapse(4_000, *pair)
    left = [here.liveness.lease_left_ms(KEY._replace(instance_id=i)) for i in ("i-1", "i-2")]
    there.liveness.forget()
    served = await there.maintenance._servers.join()
    await recall(there.liveness, there.store, there.clock, served=served)
    after = [there.liveness.lease_left_ms(KEY._replace(instance_id=i)) for i in ("i-1", "i-2")]
    assert (served, after) == (True, left)
    assert left == [0, 26_000]  # the first one is replaced and was silent for more than 3 s


async def start_again(house: House) -> bool:
    """The server dies and starts again; whether another one was there meanwhile."""
    house.liveness.forget()
    served = await house.maintenance._servers.join()
    await recall(house.liveness, house.store, house.clock, served=served)
    return served


async def test_after_a_time_without_any_server_the_second_one_ends_no_lease_either(
    pair: list[House], agent: StandIn
) -> None:
    execution_id = await pair[0].handed(agent)
    for house in pair:  # a power cut: nobody was there to be told
        house.clock.advance(60_000)
        house.clock.advance_monotonic(60_000)
    assert [await start_again(house) for house in pair] == [False, True]
    await elapse(59_999, *pair)
    assert (await pair[0].execution(execution_id))["lease_instance"] == "i-1"
    await elapse(1, *pair)
    assert await pair[0].statuses(execution_id) == ["queued"]


async def test_a_server_that_starts_when_the_database_is_back_ends_no_lease(
    pair: list[House], agent: StandIn
) -> None:
    """The agents could be heard by nobody, and the other server has excused them."""
    here, there = pair
    execution_id = await here.handed(agent)
    await elapse(1_000, *pair)
    for house in pair:
        house.clock.advance(60_000)
        house.clock.advance_monotonic(60_000)
    here.liveness.excuse(60_000)
    await here.maintenance._servers.run_due()
    assert await start_again(there)
    await elapse(1_000, *pair)
    await here.beat()
    await elapse(20_000, *pair)
    assert (await here.execution(execution_id))["lease_instance"] == "i-1"


async def test_no_step_of_a_clock_ends_a_lease(pair: list[House], agent: StandIn) -> None:
    here, there = pair
    execution_id = await here.handed(agent)
    await elapse(1_000, *pair)
    for house in pair:  # the database's clock is an hour ahead, and both follow it
        house.clock.advance(HOUR_MS)
    await here.beat()
    await elapse(1_000, *pair)
    assert there.liveness.lease_left_ms(KEY) >= 29_000
    for house in pair:
        house.clock.advance(-2 * HOUR_MS)
    await here.beat()
    await elapse(1_000, *pair)
    assert there.liveness.lease_left_ms(KEY) >= 29_000
    assert await here.statuses(execution_id) == ["running"]


async def test_work_is_handed_out_once(pair: list[House], agent: StandIn) -> None:
    here = pair[0]
    await here.join(agent)
    await elapse(1, *pair)
    executions = [(await here.start())["execution_id"] for _ in range(30)]
    await together(*(house.maintenance.settle() for house in pair))
    sent = Counter(heard.headers["x-execution-id"] for heard in agent.heard)
    assert sent == Counter(executions)
    rows = [await here.execution(each) for each in executions]
    assert {(row["attempt"], row["claimed_until"]) for row in rows} == {(1, None)}


async def test_what_is_due_is_shared(pair: list[House]) -> None:
    here, there = pair
    requests = [await here.create(f"r-{n}", expires_in_hours=1) for n in range(60)]
    await elapse(HOUR_MS, *pair)
    now = here.clock.now()
    some, others = await together(
        claims.expiries(here.context, now, limit=40), claims.expiries(there.context, now, limit=40)
    )
    assert not {row["id"] for row in some} & {row["id"] for row in others}
    assert len(some) + len(others) == 60
    # Both died with it: a few seconds later anybody may.
    assert await expiry.expire_due(there.context, now, limit=100) == 0
    await elapse(claims.CLAIM_MS, *pair)
    await together(*(house.maintenance._timers.run_due() for house in pair))
    for request in requests:
        assert await here.types(request["id"]) == ["approval.requested", "approval.expired"]


async def test_what_is_overdue_and_taken_is_looked_at_again_soon(pair: list[House]) -> None:
    here, there = pair
    await here.create("r", expires_in_hours=1)
    await elapse(2 * HOUR_MS, *pair)
    assert len(await claims.expiries(here.context, here.clock.now(), limit=10)) == 1
    await there.maintenance._timers.run_due()
    due = await there.maintenance._timers.next_due()
    assert due is not None
    assert due > there.clock.now()


async def test_messages_are_sent_by_one(pair: list[House], agent: StandIn) -> None:
    here = pair[0]
    for n in range(40):
        await here.message_to(f"{agent.base_url}/{n}", **TO)
    await together(*(house.maintenance.settle() for house in pair))
    assert sorted(int(heard.path[1:]) for heard in agent.heard) == list(range(40))
    assert {row["state"] for row in await here.messages()} == {"delivered"}


async def test_a_message_that_waited_for_too_long_is_anybodys(
    pair: list[House], agent: StandIn
) -> None:
    here, there = pair
    await here.message_to(f"{agent.base_url}/m", **TO)
    [row] = await claims.messages(here.context, limit=10)
    await elapse(claims.SEND_MS, *pair)
    assert await here.maintenance._outgoing.delivery._deliver(row["id"]) is None
    assert agent.heard == []
    await there.settle()
    assert len(agent.heard) == 1


async def test_leases_end_once_and_what_another_is_at_is_left_to_it(
    pair: list[House], agent: StandIn
) -> None:
    here, there = pair
    await here.join(agent)
    executions = [(await here.start())["execution_id"] for _ in range(10)]
    await here.settle()
    await there.maintenance._hearing.run_due()
    for house in pair:
        house.clock.advance_monotonic(30_000)
        house.clock.advance(30_000)
    held = await claims.leases_of(there.context, KEY, limit=4)
    await here.maintenance._leases.run_due()
    assert Counter(await here.statuses(*executions)) == {"queued": 6, "running": 4}
    row = await here.store.one("get_instance", **KEY._asdict())
    assert row is not None
    assert row["state"] == "live"  # it still holds something
    at = await here.maintenance._leases.next_due()
    assert at is not None
    assert at > here.clock.monotonic()
    for lease in held:
        await leases.end_lease(there.context, *lease)
    await here.maintenance._leases.run_due()
    assert await here.statuses(*executions) == ["queued"] * 10
    for execution_id in executions:
        assert (await here.types(execution_id)).count("execution.requeued") == 1
    # Who ended a lease has done what it claimed the execution for: anybody may dispatch it now.
    assert {(await here.execution(each))["claimed_until"] for each in executions} == {None}


async def test_a_lost_notification_costs_seconds(
    pair: list[House], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    request = await here.create("r")
    execution_id = await here.running()
    with there.store.watch("told") as told:
        change = Change()
        change.wake("told")
        await here.store.apply(change)
        await soon(told.event.wait())  # and with it all that came before
    monkeypatch.setattr(here.store._channel, "tell", lambda _: None)  # type: ignore[attr-defined]

    async def decided() -> bool:
        return (await there.request(request["id"]))["decided_at"] is not None

    async def finished() -> bool:
        return (await there.execution(execution_id))["completed_at"] is not None

    waits = [
        asyncio.ensure_future(
            wait_for(there.context, f"apr:{request['id']}", decided, bool, 60),
        ),
        asyncio.ensure_future(wait_for(there.context, f"exec:{execution_id}", finished, bool, 60)),
    ]
    await there.clock.until_waiting(2)
    sweep = there.maintenance._waiters
    await sweep.run_due()
    await here.decide(request["id"])
    tree = await Tree.load(here.context, execution_id)
    await end(here.context, tree, SERVER, SUCCEEDED, result="1")
    await here.store.apply(tree.change())
    assert not any(wait.done() for wait in waits)
    there.clock.advance_monotonic(SWEEP_MS)
    await sweep.run_due()
    assert await soon(asyncio.gather(*waits)) == [True, True]
    assert await sweep.next_due() == there.clock.monotonic() + SWEEP_MS
