"""One own id, one waiter, in each process of a foreign agent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from signoff.server.domain.errors import Conflict
from signoff.server.operations import waiters
from signoff.server.operations.cancellations import cancel_execution
from tests.server.maintenance.house import House, said
from tests.server.maintenance.stand_in import StandIn, answer, stand_in
from tests.server.operations.world import CLIENT, NODE

OWN_ID = "draft-review"
HEARD = answer(200, b'{"status":"received","resolved":true}')


async def take(request: web.Request) -> web.StreamResponse:
    """Take work, and hear everything else."""
    sent = answer(202) if request.path.startswith("/reasoners/") else HEARD
    return await sent(request)


@pytest.fixture
def foreign(house: House, agent: StandIn) -> StandIn:
    agent.respond = take
    return agent


async def begun(house: House, agent: StandIn, instance_id: str = "i-1") -> str:
    await house.join(agent, instance_id, own=False)
    execution_id: str = (await house.start())["execution_id"]
    await house.settle()
    return execution_id


async def put_back(house: House, execution_id: str, own_id: str = OWN_ID) -> asyncio.Future[Any]:
    """A question that is not answered; what will be, should anybody still listen."""
    attempt = (await house.execution(execution_id))["attempt"]
    attempt_id = execution_id if attempt < 2 else f"{execution_id}~{attempt}"
    asking = asyncio.ensure_future(house.ask(attempt_id, own_id))
    with house.store.watch(f"exec:{execution_id}") as watch:
        async with asyncio.timeout(10):
            while (await house.execution(execution_id))["lease_instance"] is not None:
                await watch.event.wait()
                watch.event.clear()
    assert not asking.done()
    return asking


async def test_a_second_run_under_a_held_id_is_stopped_and_comes_when_it_is_free(
    house: House, foreign: StandIn
) -> None:
    first = await begun(house, foreign)
    asked = await house.ask(first, OWN_ID)
    second = await begun(house, foreign)
    foreign.heard.clear()
    asking = await put_back(house, second)
    await house.settle()
    [stop] = foreign.heard
    assert stop.path == f"/_internal/executions/{second}/cancel"
    assert said(stop)["reason"] == "request_id_busy"
    row = await house.execution(second)
    assert (row["status"], row["idle_attempts"], row["started_at"]) == ("queued", 0, None)
    assert row["dispatch_at"] is not None
    foreign.heard.clear()
    await house.decide(asked["id"])
    await house.settle()
    told, start = foreign.heard
    assert said(told)["approval_request_id"] == OWN_ID
    assert start.headers["x-execution-id"] == f"{second}~2"
    question = await house.ask(f"{second}~2", OWN_ID)
    assert question["status"] == "pending"
    assert question["id"] != asked["id"]
    house.clock.advance(waiters.HOLD_MS)
    with pytest.raises(Conflict) as refused:
        await asking
    assert refused.value.code == "stale_attempt"


async def test_it_goes_to_another_process_where_the_id_is_free(
    house: House, foreign: StandIn
) -> None:
    await house.ask(await begun(house, foreign), OWN_ID)
    second = await begun(house, foreign)
    asking = await put_back(house, second)
    async with stand_in() as other:
        await house.join(other, "i-2", own=False)
        await house.settle()
        assert [heard.headers["x-execution-id"] for heard in other.heard] == [f"{second}~2"]
        await house.ask(f"{second}~2", OWN_ID)
        # Now it is held in both.
        third = await begun(house, foreign)
        row = await house.execution(third)
        more = [asking, await put_back(house, third)]
        await house.settle()
        assert (await house.execution(third))["lease_instance"] is None
        assert row["lease_instance"] is not None
    for each in more:
        each.cancel()


@pytest.mark.parametrize("how", ["reported", "lease_ended", "cancelled", "handed_back"])
async def test_the_id_is_free_when_its_run_is_there_no_more(
    house: House, foreign: StandIn, how: str
) -> None:
    first = await begun(house, foreign)
    await house.ask(first, OWN_ID)
    asking = await put_back(house, second := await begun(house, foreign))
    foreign.heard.clear()
    if how == "reported":
        await house.report(first, "succeeded")
    elif how == "handed_back":
        await house.report(first, "cancelled")
    elif how == "cancelled":
        await cancel(house, first)
    else:
        await house.beat()
        await house.control.advance_leases(30_000)
        await house.beat()
    await house.settle()
    assert (await house.execution(second))["lease_instance"] == "i-1"
    asking.cancel()


async def cancel(house: House, execution_id: str) -> None:
    await cancel_execution(house.context, CLIENT, execution_id, {})
    # The waiter that it left behind holds the id until its process has been told.
    assert len(await rows(house)) == 1
    await house.settle()


async def rows(house: House) -> list[Any]:
    return list(await house.store.all("list_waiters", node_id=NODE, approval_request_id=OWN_ID))


async def test_of_many_that_wait_for_an_id_one_comes_at_a_time(
    house: House, foreign: StandIn
) -> None:
    first = await begun(house, foreign)
    asked = await house.ask(first, OWN_ID)
    others = [await begun(house, foreign) for _ in range(3)]
    asking = [await put_back(house, each) for each in others]
    order = []
    for _ in others:
        await house.decide(asked["id"])
        await house.settle()
        held = [(await house.execution(each))["lease_instance"] for each in others]
        [now] = [each for each, by in zip(others, held, strict=True) if by and each not in order]
        order.append(now)
        attempt = (await house.execution(now))["attempt"]
        asked = await house.ask(f"{now}~{attempt}", OWN_ID)
    assert order == others
    for each in asking:
        each.cancel()


async def test_a_loop_over_one_gate_keeps_its_id(house: House, foreign: StandIn) -> None:
    first = await begun(house, foreign)
    asked = await house.ask(first, OWN_ID)
    await house.decide(asked["id"])
    # It asks again before the answer to its callback is written down.
    again = await house.ask(first, OWN_ID)
    assert again["id"] != asked["id"]
    await house.settle()
    assert len(await rows(house)) == 1
    await house.decide(again["id"])
    await house.settle()
    assert await rows(house) == []


async def test_a_refused_dispatch_gives_the_id_back(house: House, foreign: StandIn) -> None:
    first = await begun(house, foreign)
    asked = await house.ask(first, OWN_ID)
    asking = await put_back(house, second := await begun(house, foreign))
    await house.settle()
    foreign.script = [HEARD, answer(503)]
    await house.decide(asked["id"])
    await house.settle()
    assert (await house.execution(second))["lease_instance"] is None
    assert await rows(house) == []
    asking.cancel()


async def test_agents_of_this_project_share_an_own_id(house: House, agent: StandIn) -> None:
    requests = []
    for _ in range(2):
        execution_id = await house.handed(agent)
        requests.append(await house.ask(execution_id, OWN_ID))
    assert len({each["id"] for each in requests}) == 2
    assert await rows(house) == []


async def test_an_agent_that_becomes_one_of_this_project_gets_what_was_held(
    house: House, foreign: StandIn
) -> None:
    await house.ask(await begun(house, foreign), OWN_ID)
    asking = await put_back(house, second := await begun(house, foreign))
    await house.join(foreign, "i-2", own=True)
    await house.settle()
    assert (await house.execution(second))["lease_instance"] == "i-2"
    asking.cancel()


async def test_a_server_that_stops_answers_who_still_listens(
    house: House, foreign: StandIn
) -> None:
    await house.ask(await begun(house, foreign), OWN_ID)
    asking = await put_back(house, await begun(house, foreign))
    house.context.stop()
    with pytest.raises(Conflict, match="held by another run"):
        await asking
