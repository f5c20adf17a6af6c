"""A later attempt goes on where the earlier one stopped: what is recorded is not done again."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_ai.models.test import TestModel

from signoff.agent import Agent
from signoff.testing import ControlPlane, override_model


class Order(BaseModel):
    number: int


class Shop:
    """A node whose process is replaced while its run waits; `done` counts the side effects."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane
        self.done: list[str] = []
        self.change = ""

    def process(self) -> Agent:  # noqa: C901 - one node, whole
        app = Agent("shop", model=TestModel(custom_output_args={"number": 7}))

        @app.step
        def reserve(order: Order) -> Order:
            self.done.append("reserve")
            return Order(number=order.number + 1)

        @app.step
        async def fail() -> None:
            self.done.append("fail")
            raise LookupError("out of stock")

        @app.step
        async def odd() -> None:
            self.done.append("odd")
            raise OddError("odd")

        async def ship(number: int) -> dict[str, int]:
            self.done.append("ship")
            return {"shipped": number}

        @app.reasoner()
        def price(number: int) -> float:
            self.done.append("price")
            return number * 1.5

        @app.reasoner()
        def broken() -> None:
            self.done.append("broken")
            raise RuntimeError("no price")

        @app.reasoner()
        async def sell(number: int) -> dict[str, Any]:
            app.note("selling", tags=["shop"])
            app.note("selling", tags=["shop"])
            order = await reserve(Order(number=number + len(self.change)))
            shipped = await app.step("ship", ship, order.number, key="a")
            price_ = await app.call("shop.price", number=order.number)
            guess = await app.ai(user="how many?", schema=Order)
            failures = []
            for attempt in (fail, odd):
                try:
                    await attempt()
                except Exception as error:  # noqa: BLE001 - recorded as it is
                    failures.append(f"{type(error).__name__}: {error}")
            try:
                await app.call("shop.broken")
            except Exception as error:  # noqa: BLE001 - recorded as it is
                failures.append(str(error))
            result = await app.pause(f"sell-{len(self.done)}", title="Sell?" + self.change)
            return {
                "order": order.number,
                "shipped": shipped,
                "price": price_,
                "guess": guess.number,
                "failures": failures,
                "decision": result.decision,
            }

        return app


class OddError(Exception):
    """Not a built-in one."""


EFFECTS = ["reserve", "ship", "price", "fail", "odd", "broken"]


async def test_the_next_process_finishes_the_run_and_repeats_nothing(plane: ControlPlane) -> None:
    shop = Shop(plane)
    async with plane.serving(shop.process()):
        run = await plane.client.execute_async("shop.sell", input={"number": 1})
        request = await plane.next_request()
    assert shop.done == EFFECTS
    await plane.client.decide_approval_request(request.id, "approved")
    async with plane.serving(shop.process()):
        done = await plane.client.wait_for_execution(run.execution_id, timeout=20)
        notes = [it async for it in plane.client.iter_execution_events(run.execution_id)]
    assert shop.done == EFFECTS
    assert (done.status, done.attempt) == ("succeeded", 2)
    assert done.result == {
        "order": 2,
        "shipped": {"shipped": 2},
        "price": 3.0,
        "guess": 7,
        "failures": [
            "LookupError: out of stock",
            "StepFailedError: step.odd.1 failed: OddError: odd",
            "shop.broken failed: RuntimeError: no price",
        ],
        "decision": "approved",
    }
    assert len([it for it in notes if it.type == "note"]) == 2
    assert [it.id async for it in plane.client.iter_approval_requests()] == [request.id]


@pytest.mark.parametrize("where", ["step", "question"])
async def test_a_way_that_differs_is_named(plane: ControlPlane, where: str) -> None:
    shop = Shop(plane)
    async with plane.serving(shop.process()):
        run = await plane.client.execute_async("shop.sell", input={"number": 1})
        request = await plane.next_request()
    await plane.client.decide_approval_request(request.id, "approved")
    if where == "step":
        shop.change = "!"
    else:
        process = shop.process
        shop.process = lambda: differently(process())  # type: ignore[method-assign]
    async with plane.serving(shop.process()):
        done = await plane.client.wait_for_execution(run.execution_id, timeout=20)
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.startswith("NondeterministicReplayError: nondeterministic_replay")
    assert ("step.reserve.1" if where == "step" else "pause.1") in done.error


def differently(app: Agent) -> Agent:
    pause = app.pause

    async def other(own_id: str, **given: Any) -> Any:
        return await pause(own_id, **{**given, "title": "Sell all?"})

    app.pause = other  # type: ignore[method-assign, assignment]
    return app


async def test_outside_a_run_steps_and_models_are_plain_calls(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Agent("shop")

    @app.step
    def double(number: int) -> int:
        return 2 * number

    caplog.set_level("INFO", "signoff.agent")
    with override_model(TestModel(custom_output_args={"number": 7})):
        assert await app.ai(user="how many?", schema=Order) == Order(number=7)
    app.note("hello", tags=["a"])
    assert await double(2) == 4
    assert await app.step("double", lambda: double(3)) == 6
    assert "note: hello ['a']" in caplog.text


async def test_what_json_cannot_hold_is_refused(plane: ControlPlane) -> None:
    app = Agent("shop")

    @app.reasoner()
    async def bad_argument() -> None:
        await app.step("s", print, object())

    @app.reasoner()
    async def bad_result() -> None:
        await app.step("s", object)

    @app.reasoner()
    async def bad_answer() -> Any:
        return object()

    @app.reasoner()
    async def not_a_number() -> float:
        return float("nan")

    @app.reasoner()
    async def bad_name() -> None:
        await app.step("a/b", print)

    words = {
        "bad_argument": "the arguments of s must be something that JSON can hold",
        "bad_result": "the result of s must be something that JSON can hold",
        "bad_answer": "the result of bad_answer must be something that JSON can hold",
        "not_a_number": "JSON",
        "bad_name": "not 'a/b'",
    }
    async with plane.serving(app):
        for name, word in words.items():
            done = await plane.client.execute(f"shop.{name}", wait_seconds=20)
            assert done.status == "failed", name
            assert done.error is not None
            assert word in done.error


async def test_a_step_without_its_function_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="the function is missing"):
        await Agent("shop").step("double")  # type: ignore[call-overload]


def test_one_name_is_one_reasoner() -> None:
    app = Agent("shop")

    @app.reasoner
    def sell() -> None: ...

    with pytest.raises(ValueError, match="has a reasoner sell already"):
        app.reasoner(name="sell")(sell)


async def test_a_model_has_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIGNOFF_MODEL", raising=False)
    with pytest.raises(Exception, match="SIGNOFF_MODEL"):
        await Agent("shop").ai(user="how many?")


async def test_nothing_is_done_any_more_in_a_run_that_has_ended_elsewhere(
    plane: ControlPlane,
) -> None:
    app, done = Agent("late"), list[str]()
    begun, ended = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        done.append("first")
        begun.set()
        await ended.wait()

    async def compensate() -> None:
        done.append("compensate")

    @app.reasoner()
    async def work() -> None:
        try:
            await app.step("first", first)
        except Exception:  # noqa: BLE001 - as careless code does
            await app.step("compensate", compensate)

    async with plane.serving(app):
        run = await plane.client.execute_async("late.work")
        await begun.wait()
        await plane.client.report_execution_status(
            run.execution_id, status="failed", error="elsewhere"
        )
        ended.set()
        async with asyncio.timeout(20):
            while len(app._in_hand) > 0:
                await asyncio.sleep(0.01)
    assert done == ["first"]
    assert (await plane.client.get_execution(run.execution_id)).error == "elsewhere"
