"""Runs that wait for long leave the process, and come back with the decision."""

import asyncio
from typing import Any

import pytest
from tests.shop import AFTER, Shop, selling, soon

from signoff.agent import Agent
from signoff.testing import ControlPlane


async def test_a_long_pause_is_unwound_and_comes_back_with_the_decision(
    plane: ControlPlane,
) -> None:
    shop = selling(plane)
    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        shop.clock.step(AFTER - 60)
        assert len(shop.app._in_hand) == 1
        await shop.suspended(run)
        state = await plane.client.get_execution(run.execution_id)
        assert (state.status, state.attempt) == ("waiting", 1)
        assert len(shop.app._in_hand) == 0
        await shop.approve()
        done = await shop.finished(run)
    assert done.result == {"reserved": 2, "decision": "approved"}
    assert (done.attempt, shop.done) == (2, ["reserve", "sell"])


async def test_it_may_be_suspended_more_often_than_an_attempt_may_fail(
    plane: ControlPlane,
) -> None:
    shop = Shop(plane)

    @shop.app.reasoner()
    async def sell() -> list[str]:
        return [(await shop.app.pause(f"gate-{n}")).decision for n in range(5)]

    async with plane.serving(shop.app):
        run = await plane.client.execute_async("shop.sell", max_attempts=2)
        for gate in range(5):
            await shop.asked(f"gate-{gate}")
            await shop.parked()
            shop.clock.step(AFTER)
            await soon(lambda: len(shop.app._in_hand) == 0)
            await shop.approve(f"gate-{gate}")
        done = await shop.finished(run)
    assert (done.result, done.attempt) == (["approved"] * 5, 6)


async def test_it_may_be_switched_off(plane: ControlPlane) -> None:
    shop = selling(plane, suspend_after_seconds=None)
    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        shop.clock.step(1e6)
        await shop.approve()
        assert (await shop.finished(run)).attempt == 1


async def test_another_process_may_take_it_up(plane: ControlPlane) -> None:
    first = selling(plane)
    async with plane.serving(first.app):
        run = await first.begin()
        await plane.next_request()
        await first.parked()
        await first.suspended(run)
    # Nothing is held back for the process that is gone, however it went.
    assert "handed_back" not in await first.reasons(run)
    second = selling(plane)
    async with plane.serving(second.app):
        await second.approve()
        done = await second.finished(run)
    assert (done.status, done.attempt, second.done) == ("succeeded", 2, ["sell"])


async def test_two_pauses_at_once_are_suspended_together(plane: ControlPlane) -> None:
    shop = Shop(plane)

    @shop.app.reasoner()
    async def sell() -> list[str]:
        both = await asyncio.gather(shop.app.pause("legal"), shop.app.pause("finance"))
        return [each.decision for each in both]

    async with plane.serving(shop.app):
        run = await shop.begin()
        for own_id in ("legal", "finance"):
            await shop.asked(own_id)
        await shop.parked()
        await shop.suspended(run)
        await shop.approve("finance")
        # It comes back for the first, waits for the second, and may be suspended again.
        await soon(lambda: f"{run.execution_id}~2" in shop.app._in_hand.ids())
        await shop.parked()
        shop.clock.step(AFTER)
        await soon(lambda: len(shop.app._in_hand) == 0)
        await shop.approve("legal")
        done = await shop.finished(run)
    assert (done.result, done.attempt) == (["approved", "approved"], 3)


async def test_what_works_beside_a_pause_is_not_broken_off(plane: ControlPlane) -> None:
    shop, gate = Shop(plane), asyncio.Event()

    async def pack() -> str:
        await gate.wait()
        shop.done.append("packed")
        return "packed"

    @shop.app.reasoner()
    async def sell() -> Any:
        answer, packed = await asyncio.gather(shop.app.pause("sell"), shop.app.step("pack", pack))
        return [answer.decision, packed]

    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await soon(lambda: shop.app._in_hand.running == 0)  # of its two branches one waits
        shop.clock.step(AFTER)
        gate.set()
        await soon(lambda: shop.done == ["packed"])
        assert await shop.reasons(run) == []
        # From then on nothing but the pause is left.
        await shop.parked()
        await shop.suspended(run)
        await shop.approve()
        done = await shop.finished(run)
    assert (done.result, shop.done) == (["approved", "packed"], ["packed"])


async def test_a_parent_whose_child_waits_is_suspended_too(plane: ControlPlane) -> None:
    shop = selling(plane)

    @shop.app.reasoner()
    async def boss() -> Any:
        shop.done.append("boss")
        return await shop.app.call("shop.sell", number=7)

    async with plane.serving(shop.app):
        run = await shop.begin("boss")
        request = await plane.next_request()
        assert request.execution_id is not None
        child = await plane.client.get_execution(request.execution_id)
        await shop.parked(2)
        await shop.suspended(run, child)
        assert (await plane.client.get_execution(run.execution_id)).status == "waiting"
        await shop.approve()
        done = await shop.finished(run)
        children = [it async for it in plane.client.iter_executions(run_id=run.run_id)]
    assert done.result == {"reserved": 8, "decision": "approved"}
    assert (shop.done, len(children)) == (["boss", "reserve", "boss", "sell"], 2)


async def test_a_parent_whose_child_runs_stays(plane: ControlPlane) -> None:
    shop, gate = Shop(plane), asyncio.Event()

    @shop.app.reasoner()
    async def work() -> str:
        await gate.wait()
        return "done"

    @shop.app.reasoner()
    async def boss() -> Any:
        return await shop.app.call("shop.work")

    async with plane.serving(shop.app):
        run = await shop.begin("boss")
        hand = shop.app._in_hand
        await soon(lambda: (len(hand), hand.running) == (2, 1))
        for _ in range(3):
            shop.clock.step(AFTER)
            await plane.client.get_execution(run.execution_id)
        gate.set()
        assert (await shop.finished(run)).attempt == 1


async def test_resuming_and_pausing_with_a_time_limit_are_told_apart(plane: ControlPlane) -> None:
    shop = Shop(plane)

    @shop.app.reasoner()
    async def sell() -> Any:
        asked = asyncio.create_task(shop.app.pause("sell"))
        heard = None
        while heard is None:
            heard = await shop.app.wait_for_resume("sell")
        return [(await asked).decision, heard.decision]

    @shop.app.reasoner()
    async def hurry() -> str:
        return (await shop.app.pause("hurry", timeout=1e6)).decision

    async with plane.serving(shop.app):
        patient, hasty = await shop.begin(), await shop.begin("hurry")
        for own_id in ("sell", "hurry"):
            await shop.asked(own_id)
        await shop.parked(2)
        await soon(lambda: {len(each.waits) for each in shop.app._in_hand._runs.values()} == {1, 2})
        await shop.suspended(patient)
        await shop.approve("hurry")
        await shop.approve("sell")
        assert (await shop.finished(hasty)).attempt == 1
        done = await shop.finished(patient)
    assert (done.result, done.attempt) == (["approved", "approved"], 2)


async def test_more_than_it_may_run_at_a_time_comes_later(plane: ControlPlane) -> None:
    shop, gate = Shop(plane, max_running=2), asyncio.Event()
    most: list[int] = []

    @shop.app.reasoner()
    async def sell() -> str:
        most.append(shop.app._in_hand.running)
        await gate.wait()
        return (await shop.app.pause("sell")).decision

    async with plane.serving(shop.app):
        runs = [await shop.begin() for _ in range(5)]
        await soon(lambda: len(most) == 2)
        gate.set()
        # Those that wait make room for the others.
        await shop.parked(5)
        assert max(most) == 2
        for _ in runs:
            await shop.approve()
        assert {(await shop.finished(run)).status for run in runs} == {"succeeded"}


@pytest.mark.parametrize(
    "option", [{"suspend_after_seconds": -1}, {"max_running": 0}, {"suspend_after_seconds": "x"}]
)
def test_settings_out_of_range_are_refused(option: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Agent("shop", **option)
