"""What a server that is gone leaves behind, and who goes on with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from typing import Any

import pytest

from signoff.server.domain.node import digest_in_hand
from signoff.server.domain.store import Store, StoreUnavailable
from signoff.server.maintenance import servers
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.liveness import recall
from signoff.server.maintenance.servers import BEAT_MS, GONE_MS, LOOK_MS
from signoff.server.operations import dispatching, recovery
from signoff.server.operations.context import InstanceKey
from tests.server.maintenance.house import House, said
from tests.server.maintenance.stand_in import StandIn, hang
from tests.server.operations.world import NODE, together

HERE = InstanceKey(NODE, "i-1")


class Shared:
    """A store of which is said that others use it too, or that nobody does."""

    def __init__(self, store: Store, shared: bool) -> None:
        self._store = store
        self.shared = shared

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.fixture
async def houses() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def another(house: House, houses: AsyncExitStack, *, shared: bool = False) -> House:
    """One more server, which has heard of the agents what the database knows."""
    store: Any = Shared(house.store, shared)
    built = House(store, HttpClient())
    built.clock.set(house.clock.now())
    houses.push_async_callback(built.maintenance.stop)
    await built.maintenance._servers.join()
    return built


async def claimed(house: House, **how: Any) -> str:
    """An execution whose server dies right after it was claimed; its id."""
    await house.maintenance._servers.join()
    await house.register("i-1", own=False, **how)
    execution_id: str = (await house.start())["execution_id"]
    assert await dispatching.claim(house.context, execution_id, HERE)
    return execution_id


async def heard_of(house: House, agent: StandIn) -> None:
    """The agent is heard by that server, too."""
    house.liveness.registered(HERE, base_url=agent.base_url, own=False)


async def test_a_foreign_run_that_was_never_sent_is_sent_after_the_next_start(
    house: House, agent: StandIn, houses: AsyncExitStack
) -> None:
    execution_id = await claimed(house, base_url=agent.base_url)
    successor = await another(house, houses)
    await heard_of(successor, agent)
    await successor.settle()
    stop, start = agent.heard
    assert stop.path == f"/_internal/executions/{execution_id}/cancel"
    assert said(stop)["reason"] == "outcome_unknown"
    assert start.headers["x-execution-id"] == f"{execution_id}~2"
    row = await successor.execution(execution_id)
    assert (row["status"], row["attempt"], row["offered_by"]) == ("running", 2, None)


async def test_an_own_agent_says_that_it_never_got_it(
    house: House, agent: StandIn, houses: AsyncExitStack
) -> None:
    await house.maintenance._servers.join()
    await house.join(agent)
    execution_id = (await house.start())["execution_id"]
    assert await dispatching.claim(house.context, execution_id, HERE)
    successor = await another(house, houses)
    await recall(successor.liveness, successor.store, successor.clock)
    nothing = {"count": 0, "digest": digest_in_hand([])}
    await successor.beat(in_hand=nothing)
    await successor.settle()
    assert agent.heard == []
    for _ in range(2):  # whole lists, one after the other
        await successor.beat(in_hand=nothing | {"executions": [], "page": 1, "pages": 1})
    await successor.settle()
    [start] = agent.heard
    assert start.headers["x-execution-id"] == f"{execution_id}~2"


async def test_a_clean_stop_leaves_it_to_the_next_start_too(
    house: House, agent: StandIn, houses: AsyncExitStack
) -> None:
    await house.maintenance.start()
    agent.script = [hang]
    await house.join(agent, own=False)
    execution_id = (await house.start())["execution_id"]
    await agent.until_heard(1)
    await house.maintenance.stop()
    assert await house.store.all("list_servers") == []
    successor = await another(house, houses, shared=True)
    await heard_of(successor, agent)
    await successor.settle()
    row = await successor.execution(execution_id)
    assert (row["status"], row["attempt"]) == ("running", 2)


@pytest.mark.parametrize("sign", ["answered", "asked", "called"])
async def test_a_foreign_run_that_has_begun_is_left_alone(
    house: House, agent: StandIn, houses: AsyncExitStack, sign: str
) -> None:
    execution_id = await claimed(house, base_url=agent.base_url)
    if sign == "answered":
        dispatch = await _dispatch(house, execution_id)
        await dispatching.accepted(house.context, dispatch)
    elif sign == "asked":
        await house.ask(execution_id)
    else:
        await house.child_of(execution_id)
    successor = await another(house, houses)
    await successor.maintenance.run_due()
    await successor.settle()
    assert agent.heard == []
    row = await successor.execution(execution_id)
    assert (row["attempt"], row["lease_instance"], row["offered_by"]) == (1, "i-1", None)


async def _dispatch(house: House, execution_id: str) -> dispatching.Dispatch:
    row = await house.execution(execution_id)
    instance = await house.store.one("get_instance", **HERE._asdict())
    node = await house.store.one("get_node", node_id=NODE)
    assert instance is not None
    assert node is not None
    return dispatching._dispatch(row, instance, node)


async def test_an_agent_that_takes_it_is_written_down_before_its_server_can_forget(
    house: House, agent: StandIn
) -> None:
    await house.join(agent, own=False)
    execution_id = (await house.start())["execution_id"]
    await house.settle()
    row = await house.execution(execution_id)
    assert (row["lease_instance"], row["offered_by"]) == ("i-1", None)


@pytest.mark.parametrize("lost", ["claim", "adoption"])
async def test_a_foreign_run_is_found_though_nobody_heard_that_it_was_taken(
    house: House, agent: StandIn, houses: AsyncExitStack, lost: str
) -> None:
    """The commit happened and its answer was lost: the server does not know that it must send."""
    if lost == "claim":
        await house.maintenance._servers.join()
        await house.join(agent, own=False)
        server = house
        await server.settle()
        execution_id = (await house.start())["execution_id"]
    else:
        execution_id = await claimed(house, base_url=agent.base_url)
        server = await another(house, houses)
        await heard_of(server, agent)
    server.control.arm("after_commit")
    with suppress(StoreUnavailable):
        await server.settle()
    row = await server.execution(execution_id)
    assert (row["lease_instance"], row["offered_by"]) == ("i-1", server.context.server_id)
    server.clock.advance_monotonic(LOOK_MS)
    await server.maintenance._serving.run_due()
    await server.settle()
    stop, start = agent.heard
    assert stop.path == f"/_internal/executions/{execution_id}/cancel"
    assert start.headers["x-execution-id"] == f"{execution_id}~2"
    row = await server.execution(execution_id)
    assert (row["status"], row["attempt"], row["offered_by"]) == ("running", 2, None)


async def test_of_two_servers_one_goes_on(
    house: House, agent: StandIn, houses: AsyncExitStack
) -> None:
    execution_id = await claimed(house, base_url=agent.base_url)
    await house.maintenance._servers.leave()
    both = [await another(house, houses, shared=True) for _ in range(2)]
    [left] = await recovery.list_left(both[0].context, limit=10)
    assert left.execution_id == execution_id
    taken = await together(*(dispatching.adopt(each.context, left) for each in both))
    assert sorted(each is None for each in taken) == [False, True]
    for gone in (left._replace(attempt=2), left._replace(execution_id="exec_none")):
        assert await dispatching.adopt(both[0].context, gone) is None


async def test_what_an_agent_that_is_gone_had_is_left_to_the_end_of_its_lease(
    house: House, agent: StandIn, houses: AsyncExitStack
) -> None:
    execution_id = await claimed(house, base_url=agent.base_url)
    successor = await another(house, houses)
    await house.store.apply(_without_instance())
    await successor.settle()
    assert agent.heard == []
    assert (await successor.execution(execution_id))["attempt"] == 1


def _without_instance() -> Any:
    from signoff.server.domain.store import Change

    change = Change()
    change.add("clear_instances", expect=None)
    return change


async def test_many_are_gone_on_with_in_portions(
    house: House, agent: StandIn, houses: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "AT_ONCE", 2)
    left = [await claimed(house, base_url=agent.base_url) for _ in range(5)]
    successor = await another(house, houses)
    await heard_of(successor, agent)
    await successor.maintenance.start()
    async with asyncio.timeout(10):
        for execution_id in left:
            while (await successor.execution(execution_id))["attempt"] < 2:
                with successor.store.watch(f"exec:{execution_id}") as watch:
                    if (await successor.execution(execution_id))["attempt"] < 2:
                        await watch.event.wait()


async def test_servers_know_each_other_and_notice_who_falls_silent(
    house: House, houses: AsyncExitStack
) -> None:
    woken: list[str] = []
    first, second = [await another(house, houses, shared=True) for _ in range(2)]
    ours = first.maintenance._servers
    ours._gone = lambda: woken.append("gone")
    assert await ours.next_due() == first.clock.monotonic()
    await _pass(BEAT_MS, first, second)
    assert (first.context.peers, second.context.peers) == (
        *({second.context.server_id}, {first.context.server_id}),
    )
    assert await ours.next_due() == first.clock.monotonic() + BEAT_MS
    for _ in range(GONE_MS // BEAT_MS + 1):
        await _pass(BEAT_MS, first)
    assert first.context.peers == set()
    assert woken == ["gone"]
    # It was only slow: it is there again.
    await _pass(BEAT_MS, second)
    await _pass(BEAT_MS, first)
    assert first.context.peers == {second.context.server_id}
    await second.maintenance._servers.leave()
    await _pass(BEAT_MS, first)
    assert (first.context.peers, woken) == (set(), ["gone", "gone"])


async def _pass(ms: int, *houses: House) -> None:
    for house in houses:
        house.clock.advance_monotonic(ms)
        house.clock.advance(ms)
        await house.maintenance._servers.run_due()


async def test_who_speaks_up_in_the_last_moment_is_not_struck_off(
    house: House, houses: AsyncExitStack
) -> None:
    first, second = [await another(house, houses, shared=True) for _ in range(2)]
    row = next(
        each
        for each in await house.store.all("list_servers")
        if each["server_id"] == second.context.server_id
    )
    await _pass(BEAT_MS, second)
    assert await first.maintenance._servers._strike(row) is False
    assert len(await house.store.all("list_servers")) == 2


async def test_a_start_finds_out_whether_another_server_was_there(
    house: House, houses: AsyncExitStack
) -> None:
    house.context = replace(house.context, store=Shared(house.store, True))
    house.maintenance = house._made(None)
    first = house.maintenance._servers
    assert await first.join() is False
    assert await (await another(house, houses, shared=True)).maintenance._servers.join() is True
    house.clock.advance(GONE_MS)
    assert await first.join() is False


async def test_alone_nobody_else_is_kept(house: House, houses: AsyncExitStack) -> None:
    await another(house, houses, shared=True)
    alone = await another(house, houses)
    [row] = await house.store.all("list_servers")
    assert row["server_id"] == alone.context.server_id
    # Nobody listens: it does not write again that it is there.
    await _pass(BEAT_MS, alone)
    assert await house.store.all("list_servers") == [row]
    assert await alone.maintenance._servers.next_due() is None


async def test_after_a_time_without_the_database_nobody_is_said_to_be_gone(
    house: House, houses: AsyncExitStack
) -> None:
    first, second = [await another(house, houses, shared=True) for _ in range(2)]
    await _pass(BEAT_MS, first)
    await _pass(GONE_MS, first)
    assert first.context.peers == {second.context.server_id}
    for _ in range(GONE_MS // BEAT_MS):
        await _pass(BEAT_MS, first)
    assert first.context.peers == set()
