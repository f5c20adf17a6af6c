"""What becomes of the code of a run that is suspended, and of what comes between."""

from typing import Any

import pytest
from tests.shop import AFTER, Shop, selling, soon

from signoff import AsyncClient, ExecutionFinishedError, SignoffError
from signoff.testing import ControlPlane


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
