"""What happens to the work of instances that fall silent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from signoff.server.domain.errors import NotFound
from signoff.server.domain.store import Change
from signoff.server.maintenance import leases
from signoff.server.maintenance.liveness import Liveness, recall
from signoff.server.operations import leases as operations
from signoff.server.operations import nodes
from signoff.server.operations.context import Context, InstanceKey
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn, stand_in
from tests.server.operations.world import AGENT, NODE

HERE = InstanceKey(NODE, "i-1")


async def test_the_work_of_a_silent_instance_goes_to_the_next(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    await house.control.advance_leases(29_999)
    assert await house.statuses(execution_id) == ["running"]
    await house.control.advance_leases(1)
    assert await house.statuses(execution_id) == ["queued"]
    [event] = [e for e in await house.events(execution_id) if e["type"] == "execution.requeued"]
    assert json.loads(event["data"])["reason"] == "lease_ended"
    async with stand_in() as other:
        await house.join(other, "i-2")
        await house.settle()
        [heard] = other.heard
        assert heard.headers["x-execution-id"] == f"{execution_id}~2"


@pytest.mark.parametrize("own, silent", [(True, 3_000), (False, 6_000)])
async def test_a_replaced_instance_loses_its_work_sooner(
    house: House, agent: StandIn, own: bool, silent: int
) -> None:
    await house.join(agent, own=own)
    execution_id = (await house.start())["execution_id"]
    await house.settle()
    await house.join(agent, "i-2", own=own)
    await house.control.advance_leases(silent - 1)
    assert (await house.execution(execution_id))["lease_instance"] == "i-1"
    await house.beat("i-2")
    await house.control.advance_leases(1)
    row = await house.execution(execution_id)
    assert (row["lease_instance"], row["attempt"]) == ("i-2", 2)


async def test_a_waiting_run_stays_and_costs_nothing_until_its_decision(
    house: House, agent: StandIn
) -> None:
    execution_id = await house.handed(agent)
    request = await house.ask(execution_id)
    await house.control.advance_leases(30_000)
    row = await house.execution(execution_id)
    assert (row["status"], row["lease_instance"], row["dispatch_at"]) == ("waiting", None, None)
    await house.join(agent, "i-2")
    await house.settle()
    assert agent.heard == []
    await house.decide(request["id"])
    await house.settle()
    [heard] = agent.heard
    assert heard.headers["x-execution-id"] == f"{execution_id}~2"


async def test_leases_end_in_the_order_of_time(house: House, agent: StandIn) -> None:
    await house.join(agent)
    first = (await house.start())["execution_id"]
    await house.settle()
    house.clock.advance_monotonic(3_000)
    async with stand_in() as other:
        await house.join(other, "i-2")
        second = (await house.start())["execution_id"]
        await house.settle()
    ended: list[str] = []
    for execution_id in (first, second):
        with house.store.watch(f"exec:{execution_id}") as watch:
            await house.control.advance_leases(27_000 if execution_id == first else 3_000)
            ended += [execution_id] if watch.event.is_set() else []
    assert ended == [first, second]


async def test_many_leases_end_in_portions(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "AT_ONCE", 3)
    await house.join(agent)
    executions = [(await house.start())["execution_id"] for _ in range(10)]
    await house.settle()
    await house.control.advance_leases(30_000)
    assert await house.statuses(*executions) == ["queued"] * 10


async def test_who_is_heard_meanwhile_keeps_the_rest(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "AT_ONCE", 4)
    key = await house.join(agent)
    executions = [(await house.start())["execution_id"] for _ in range(10)]
    await house.settle()
    house.clock.advance_monotonic(30_000)
    end_lease = operations.end_lease

    async def end_and_beat(*args: Any) -> bool:
        house.liveness.seen(key)
        return await end_lease(*args)

    monkeypatch.setattr(operations, "end_lease", end_and_beat)
    await house.maintenance._leases.run_due()
    assert (await house.statuses(*executions)).count("running") == 6
    assert house.liveness.is_live(key)


async def test_after_a_start_there_is_grace(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    house.liveness.forget()
    await recall(house.liveness, house.store, house.clock)
    await house.control.advance_leases(59_999)
    assert await house.statuses(execution_id) == ["running"]
    await house.control.advance_leases(1)
    assert await house.statuses(execution_id) == ["queued"]


async def test_a_heartbeat_after_a_start_keeps_what_was_held(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    house.liveness.forget()
    await recall(house.liveness, house.store, house.clock)
    await house.control.advance_leases(59_000)
    await house.beat()
    await house.control.advance_leases(29_999)
    row = await house.execution(execution_id)
    assert (row["status"], row["attempt"], row["lease_instance"]) == ("running", 1, "i-1")


async def test_a_draining_instance_keeps_its_work_for_its_time(
    house: House, agent: StandIn
) -> None:
    execution_id = await house.handed(agent)
    await nodes.shutdown_node(
        house.context, AGENT, NODE, {"instance_id": "i-1", "timeout_seconds": 60}
    )
    await house.control.advance_leases(69_999)
    assert await house.statuses(execution_id) == ["running"]
    await house.control.advance_leases(1)
    assert await house.statuses(execution_id) == ["queued"]


async def test_who_comes_back_from_away_drains_no_more(house: House, agent: StandIn) -> None:
    await house.handed(agent)
    said = {"instance_id": "i-1", "timeout_seconds": 60}
    await nodes.shutdown_node(house.context, AGENT, NODE, said)
    await house.control.advance_leases(70_000)
    await house.beat()
    row = await house.store.one("get_instance", **HERE._asdict())
    assert row is not None
    assert (row["state"], row["drain_ms"], row["draining_since"]) == ("live", None, None)
    # Going away once more it names no time: what it named then is over.
    told = await nodes.heartbeat_node(
        house.context, AGENT, NODE, {"instance_id": "i-1", "status": "offline"}
    )
    assert told["lease_seconds"] == 10.0


async def test_nobody_is_over_when_nobody_is_there(house: House) -> None:
    assert await house.maintenance.next_lease_end() is None
    await house.control.advance_leases(10**9)
    assert isinstance(house.liveness, Liveness)
    assert NODE not in {key.node_id for key in house.liveness.workers()}


async def test_what_breaks_at_one_lease_does_not_keep_the_others_from_ending(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = [await house.handed(agent) for _ in range(2)]
    async with stand_in() as other:
        await house.join(other, "i-2")
        elsewhere = await house.queued()
        await house.claim(elsewhere, "i-2")
        end = operations.end_lease

        async def break_one(context: Context, execution_id: str, attempt: int) -> bool:
            if execution_id == broken:
                raise RuntimeError("a bug")
            return await end(context, execution_id, attempt)

        monkeypatch.setattr(operations, "end_lease", break_one)
        house.clock.advance_monotonic(30_000)
        with pytest.raises(RuntimeError, match="a bug"):
            await house.maintenance.run_due()
    assert await house.statuses(broken, fine, elsewhere) == ["running", "queued", "queued"]


async def test_what_nobody_waits_for_is_found(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    await house.maintenance.run_due()
    change = Change()
    change.add(
        "update_instance",
        **HERE._asdict(),
        last_heartbeat_at=house.clock.now(),
        state="away",
        was=None,
    )
    await house.store.apply(change)
    house.liveness.forget()
    await house.maintenance._leases.run_due()
    assert await house.statuses(execution_id) == ["running"]  # not looked for all the time
    house.clock.advance_monotonic(leases.STRAYS_MS)
    await house.maintenance._leases.run_due()
    assert await house.statuses(execution_id) == ["queued"]


async def test_who_falls_silent_is_marked_away_and_forgotten_after_a_day(
    house: House, agent: StandIn
) -> None:
    await house.handed(agent)
    await house.control.advance_leases(30_000)
    row = await house.store.one("get_instance", **HERE._asdict())
    assert row is not None
    assert row["state"] == "away"
    house.maintenance._timers.work._pruned_at = None
    house.clock.advance(86_400_000)
    await house.maintenance._timers.run_due()
    assert await house.store.one("get_instance", **HERE._asdict()) is None
    with pytest.raises(NotFound):
        await house.beat()  # it registers again


async def test_a_heartbeat_brings_back_who_was_away(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    await house.control.advance_leases(30_000)
    await house.beat()
    await house.settle()
    row = await house.store.one("get_instance", **HERE._asdict())
    assert row is not None
    assert row["state"] == "live"
    assert (await house.execution(execution_id))["attempt"] == 2


async def test_a_server_that_could_not_hear_takes_nothing_from_anybody(
    house: House, agent: StandIn
) -> None:
    execution_id = await house.handed(agent)
    attentive = leases.Leases(house.context, house.liveness, deaf_ms=leases.DEAF_MS)
    await attentive.run_due()
    house.clock.advance_monotonic(45_000)  # it stood still, or its database was away
    await attentive.run_due()
    assert await house.statuses(execution_id) == ["running"]
    for _ in range(5):
        house.clock.advance_monotonic(6_000)
        await attentive.run_due()
    assert await house.statuses(execution_id) == ["queued"]


async def test_a_report_that_says_running_renews_the_lease(house: House, agent: StandIn) -> None:
    execution_id = await house.handed(agent)
    house.clock.advance_monotonic(29_999)
    await house.report(execution_id, "running")
    await house.control.advance_leases(29_999)
    assert await house.statuses(execution_id) == ["running"]
