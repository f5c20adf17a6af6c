"""What comes while the store is read or written: refusals, shutdowns, registrations."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from signoff.server.operations import claims, nodes
from signoff.server.operations.context import InstanceKey
from tests.server.maintenance.house import House
from tests.server.maintenance.stand_in import StandIn, answer, stand_in
from tests.server.operations.world import AGENT, NODE

KEY = InstanceKey(NODE, "i-1")

Event = Callable[[], Awaitable[Any]]


async def shut_down(house: House) -> None:
    await nodes.shutdown_node(house.context, AGENT, NODE, {"instance_id": "i-1"})


def before_each(patch: pytest.MonkeyPatch, where: Any, name: str, event: Event) -> None:
    """Have something happen just before each call of a function."""
    begin = getattr(where, name)

    async def later(*args: Any, **options: Any) -> Any:
        await event()
        return await begin(*args, **options)

    patch.setattr(where, name, later)


async def refused_once_looked_for(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An execution whose refusal comes while its server reads what is due; its id."""
    looked = asyncio.Event()

    async def refuse_then(request: web.Request) -> web.StreamResponse:
        await looked.wait()
        return await answer(503, Retry_After="60")(request)

    async def refused() -> None:
        looked.set()
        await asyncio.wait(outgoing.calls)  # it is due again

    agent.script = [refuse_then]
    await house.join(agent)
    execution_id: str = (await house.start())["execution_id"]
    outgoing = house.maintenance._outgoing
    await outgoing.run_due()
    await agent.until_heard(1)
    with monkeypatch.context() as patch:
        before_each(patch, claims, "dispatches", refused)
        await outgoing.run_due()
    return execution_id


async def test_a_refusal_keeps_the_refused_work_too(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await refused_once_looked_for(house, agent, monkeypatch)
    await house.control.advance_clock(59_999)
    assert len(agent.heard) == 1
    await house.control.advance_clock(1)
    assert len(agent.heard) == 2


@pytest.mark.postgres
async def test_what_one_server_does_not_send_after_all_is_left_to_the_others(
    pair: list[House], agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    execution_id = await refused_once_looked_for(here, agent, monkeypatch)
    assert (await here.execution(execution_id))["claimed_until"] is None
    async with stand_in() as other:
        await there.join(other, "i-0")
        await there.settle()
        assert other.heard[0].headers["x-execution-id"] == f"{execution_id}~2"
    assert len(agent.heard) == 1


async def test_who_drains_while_work_is_looked_for_gets_none(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.join(agent)
    execution_id = (await house.start())["execution_id"]
    with monkeypatch.context() as patch:
        before_each(patch, claims, "dispatches", lambda: shut_down(house))
        await house.settle()
    assert agent.heard == []
    assert await house.statuses(execution_id) == ["queued"]


async def test_who_drains_gets_nothing_that_comes_before_its_shutdown_is_stored(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.join(agent)
    with monkeypatch.context() as patch:

        async def start() -> None:
            patch.undo()
            await house.start()
            await house.settle()

        before_each(patch, house.store, "apply", start)
        await shut_down(house)
    await house.settle()
    assert agent.heard == []


@pytest.mark.postgres
async def test_rows_that_were_read_before_a_shutdown_do_not_undo_it(
    pair: list[House], agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = pair[0]
    hearing = here.maintenance._hearing
    await here.join(agent)
    read = here.store.all

    async def shut_down_then(query: str, **params: Any) -> Any:
        rows = await read(query, **params)
        if query == "list_instances" and "states" in params:
            await shut_down(here)
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(here.store, "all", shut_down_then)
        await hearing.run_due()
    assert not here.liveness.takes_work(KEY)
    await hearing.run_due()
    assert not here.liveness.takes_work(KEY)


@pytest.mark.postgres
async def test_nor_do_rows_that_were_read_before_its_commit(
    pair: list[House], agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = pair[0]
    await here.join(agent)
    with monkeypatch.context() as patch:
        before_each(patch, here.store, "apply", here.maintenance._hearing.run_due)
        await shut_down(here)
    assert not here.liveness.takes_work(KEY)


async def test_a_heartbeat_of_one_that_was_away_does_not_undo_a_shutdown(
    house: House, agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.join(agent)
    await house.control.advance_leases(30_000)
    assert (await instance(house))["state"] == "away"
    with monkeypatch.context() as patch:

        async def once() -> None:
            patch.undo()
            await shut_down(house)

        before_each(patch, house.store, "apply", once)
        await house.beat()
    assert (await instance(house))["state"] == "draining"
    assert not house.liveness.takes_work(KEY)


async def instance(house: House) -> Any:
    return await house.store.one("get_instance", **KEY._asdict())
