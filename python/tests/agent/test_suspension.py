"""Runs that wait for long leave the process, and come back with the decision."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.fake_clock import SteppedClock

from signoff import AsyncClient, ExecutionFinishedError, SignoffError
from signoff.agent import Agent
from signoff.contract_gen import Approval, Execution
from signoff.testing import ControlPlane

AFTER = 300.0


class Shop:
    """A node whose runs are suspended when its clock is stepped; `done` is what its code did."""

    def __init__(self, plane: ControlPlane, **options: Any) -> None:
        self.plane = plane
        self.clock = SteppedClock()
        self.app = Agent("shop", clock=self.clock, **options)
        self.done: list[str] = []

    async def begin(self, name: str = "sell", **given: Any) -> Execution:
        return await self.plane.client.execute_async(f"shop.{name}", input=given)

    async def finished(self, run: Execution) -> Execution:
        return await self.plane.client.wait_for_execution(run.execution_id, timeout=30)

    async def parked(self, runs: int = 1) -> None:
        """All of so many attempts in hand do nothing but wait."""
        hand = self.app._in_hand._runs
        await soon(
            lambda: len(hand) == runs and all(run.waits.only(timed=True) for run in hand.values())
        )

    async def suspended(self, *runs: Execution) -> None:
        """Let so much time pass that they are given back; nothing of them is left here."""
        self.clock.step(AFTER)
        for run in runs:
            await self.released(run)
        hand = self.app._in_hand
        await soon(lambda: not any(run.execution_id in key for key in hand.ids() for run in runs))

    async def released(self, run: Execution) -> None:
        with self.plane.server.context.store.watch(f"exec:{run.execution_id}") as watch:
            while "released" not in await self.reasons(run):
                watch.event.clear()
                if "released" not in await self.reasons(run):
                    await asyncio.wait_for(watch.event.wait(), 20)

    async def reasons(self, run: Execution) -> list[str]:
        events = self.plane.client.iter_execution_events(run.execution_id)
        return [e.data["reason"] async for e in events if e.type == "execution.requeued"]

    async def asked(self, own_id: str) -> Approval:
        return await self.plane.next_request(lambda it: it.approval_request_id == own_id)

    async def approve(self, own_id: str | None = None) -> Approval:
        request = await self.plane.next_request(lambda it: own_id in (None, it.approval_request_id))
        await self.plane.client.decide_approval_request(request.id, "approved")
        return request


async def soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.001)


def selling(plane: ControlPlane, **options: Any) -> Shop:
    shop = Shop(plane, **options)

    @shop.app.step
    async def reserve(number: int) -> int:
        shop.done.append("reserve")
        return number + 1

    @shop.app.reasoner()
    async def sell(number: int = 1) -> dict[str, Any]:
        reserved = await reserve(number)
        result = await shop.app.pause("sell", title="Sell?")
        shop.done.append("sell")
        return {"reserved": reserved, "decision": result.decision}

    return shop


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


async def test_what_is_unwound_cleans_up_but_does_nothing_that_lasts(plane: ControlPlane) -> None:
    shop = Shop(plane)

    async def release() -> None:
        shop.done.append("released")

    @shop.app.reasoner()
    async def sell() -> str:
        try:
            return (await shop.app.pause("sell")).decision
        except Exception:
            shop.done.append("failed")
            raise
        finally:
            shop.done.append("closed")
            shop.app.note("closed")
            await shop.app.step("release", release)

    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        await shop.suspended(run)
        assert shop.done == ["closed"]
        events = [e async for e in plane.client.iter_execution_events(run.execution_id)]
        # What it said is in the history before it is given back.
        assert [e.type for e in events[-2:]] == ["note", "execution.requeued"]
        await shop.approve()
        done = await shop.finished(run)
    assert (done.status, done.result) == ("succeeded", "approved")
    assert shop.done == ["closed", "closed", "released"]


@pytest.mark.parametrize("made_of_it", ["a result", "an error", "another try"])
async def test_what_its_code_makes_of_being_unwound_is_no_result(
    plane: ControlPlane, made_of_it: str
) -> None:
    shop = Shop(plane)

    @shop.app.reasoner()
    async def sell() -> str:
        for _ in range(3):
            try:
                return (await shop.app.pause("sell")).decision
            except BaseException as caught:  # noqa: BLE001 - what nobody should write
                shop.done.append(type(caught).__name__)
                if made_of_it == "a result":
                    return "nobody asked"
                if made_of_it == "an error":
                    raise LookupError("nobody there") from None
        return "never"

    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        await shop.suspended(run)
        assert {*shop.done} == {"CancelledError"}
        asked = [it async for it in plane.client.iter_approval_requests()]
        await shop.approve()
        done = await shop.finished(run)
    assert (done.status, done.result, len(asked)) == ("succeeded", "approved", 1)


async def test_a_decision_between_the_choice_and_the_release_is_not_lost(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = selling(plane)
    report = AsyncClient.report_execution_status

    async def late(self: AsyncClient, attempt_id: str, status: str, **said: Any) -> Any:
        if status == "waiting":
            await shop.approve()
        return await report(self, attempt_id, status, **said)

    monkeypatch.setattr(AsyncClient, "report_execution_status", late)
    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        shop.clock.step(AFTER)
        done = await shop.finished(run)
    assert (done.status, done.attempt, shop.done) == ("succeeded", 2, ["reserve", "sell"])


async def test_a_cancel_between_the_choice_and_the_release_is_not_lost(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = selling(plane)
    report = AsyncClient.report_execution_status
    answers: list[Any] = []

    async def late(self: AsyncClient, attempt_id: str, status: str, **said: Any) -> Any:
        await plane.client.cancel_execution(attempt_id)
        try:
            return await report(self, attempt_id, status, **said)
        except ExecutionFinishedError as refused:
            answers.append((status, refused.code))
            raise

    monkeypatch.setattr(AsyncClient, "report_execution_status", late)
    async with plane.serving(shop.app):
        run = await shop.begin()
        await plane.next_request()
        await shop.parked()
        shop.clock.step(AFTER)
        done = await shop.finished(run)
        await soon(lambda: len(shop.app._in_hand) == 0)
    assert (done.status, answers) == ("cancelled", [("waiting", "execution_finished")])


async def test_a_server_that_is_asked_in_vain_is_asked_again(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = selling(plane)

    @shop.app.reasoner()
    async def boss() -> Any:
        return await shop.app.call("shop.sell")

    get = AsyncClient.get_execution
    refusals: list[str] = []

    async def refused(self: AsyncClient, execution_id: str, **options: Any) -> Any:
        if execution_id == run.execution_id and not options and not refusals:
            refusals.append(execution_id)
            raise SignoffError("a proxy answered")
        return await get(self, execution_id, **options)

    async with plane.serving(shop.app):
        run = await shop.begin("boss")
        await plane.next_request()
        await shop.parked(2)
        monkeypatch.setattr(AsyncClient, "get_execution", refused)
        shop.clock.step(AFTER)
        await soon(lambda: bool(refusals))
        await shop.suspended(run)
        await shop.approve()
        assert (await shop.finished(run)).status == "succeeded"


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
