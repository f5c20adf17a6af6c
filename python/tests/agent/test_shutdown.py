"""A process that is told to end hands back what it cannot finish; the next one goes on."""

import asyncio

import pytest

from signoff import AsyncClient, PauseTimeoutError, ProtocolError, SignoffError
from signoff.agent import Agent
from signoff.agent.run import require
from signoff.testing import ControlPlane


def worker(gate: asyncio.Event, started: asyncio.Event, seconds: float) -> Agent:
    app = Agent("worker", shutdown_seconds=seconds)

    @app.reasoner()
    async def work() -> str:
        started.set()
        await gate.wait()
        return "done"

    @app.reasoner()
    async def boss() -> str:
        return str(await app.call("worker.work"))

    return app


async def test_what_can_finish_in_time_does(plane: ControlPlane) -> None:
    gate, started = asyncio.Event(), asyncio.Event()
    app = worker(gate, started, 20)
    async with plane.serving(app):
        run = await plane.client.execute_async("worker.work")
        await started.wait()
        asyncio.get_running_loop().call_later(0.05, gate.set)
    done = await plane.client.get_execution(run.execution_id)
    assert (done.status, done.attempt) == ("succeeded", 1)


async def test_what_cannot_is_finished_by_the_next_process(plane: ControlPlane) -> None:
    gate, started = asyncio.Event(), asyncio.Event()
    async with plane.serving(worker(gate, started, 0.01)):
        run = await plane.client.execute_async("worker.boss")
        await started.wait()
    assert (await plane.client.get_execution(run.execution_id)).status == "queued"
    gate.set()
    async with plane.serving(worker(gate, started, 0.01)):
        done = await plane.client.wait_for_execution(run.execution_id, timeout=20)
        children = [it async for it in plane.client.iter_executions(run_id=run.run_id)]
    assert (done.status, done.result, done.attempt) == ("succeeded", "done", 2)
    assert len(children) == 2


async def test_what_breaks_because_it_is_stopped_has_not_failed(plane: ControlPlane) -> None:
    app, started = Agent("worker", shutdown_seconds=0.01), asyncio.Event()

    @app.reasoner()
    async def work() -> str:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("the model hung up") from None
        return "never"

    async with plane.serving(app):
        run = await plane.client.execute_async("worker.work")
        await started.wait()
    assert (await plane.client.get_execution(run.execution_id)).status == "queued"


async def test_a_step_that_is_broken_off_is_not_recorded_as_failed(plane: ControlPlane) -> None:
    app, started = Agent("worker", shutdown_seconds=0.01), asyncio.Event()

    async def ask() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError("the model hung up") from None

    @app.reasoner()
    async def work() -> None:
        await app.step("ask", ask)

    async with plane.serving(app):
        run = await plane.client.execute_async("worker.work")
        await started.wait()
    events = [it.type async for it in plane.client.iter_execution_events(run.execution_id)]
    assert "step.recorded" not in events
    assert "execution.requeued" in events


async def test_a_shutdown_that_is_answered_strangely_still_hands_back(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def strange(*_: object, **__: object) -> None:
        raise ProtocolError("a proxy answered")

    monkeypatch.setattr(AsyncClient, "shutdown_node", strange)
    gate, started = asyncio.Event(), asyncio.Event()
    async with plane.serving(worker(gate, started, 0.01)):
        run = await plane.client.execute_async("worker.work")
        await started.wait()
    # It may be on its way again: this process was not known to end, and refused it.
    events = [it async for it in plane.client.iter_execution_events(run.execution_id)]
    reasons = [it.data["reason"] for it in events if it.type == "execution.requeued"]
    assert reasons[0] == "handed_back"


async def test_while_it_ends_it_takes_no_new_work(plane: ControlPlane) -> None:
    gate, started = asyncio.Event(), asyncio.Event()
    app = worker(gate, started, 20)
    async with plane.serving(app):
        first = await plane.client.execute_async("worker.work")
        await started.wait()
        assert app._life is not None
        app._life.incoming.closing.set()
        second = await plane.client.execute_async("worker.work")
        with plane.server.context.store.watch(f"exec:{second.execution_id}") as watch:
            while (await plane.client.get_execution(second.execution_id)).event_head.seq < 3:
                await watch.event.wait()
                watch.event.clear()
        events = [it async for it in plane.client.iter_execution_events(second.execution_id)]
        gate.set()
    assert [it.type for it in events][:3] == [
        "execution.created",
        "execution.dispatched",
        "execution.requeued",
    ]
    assert (await plane.client.get_execution(first.execution_id)).status == "succeeded"


async def test_a_step_that_somebody_else_recorded_otherwise_is_named(plane: ControlPlane) -> None:
    app = Agent("worker")

    @app.reasoner()
    async def work() -> None:
        await plane.client.record_step(
            require("it").attempt_id, "step.one.1", kind="step", name="one", input_sha256="0" * 64
        )
        await app.step("one", lambda: 1)

    async with plane.serving(app):
        done = await plane.client.execute("worker.work", wait_seconds=20)
    assert done.error is not None
    assert done.error.startswith("NondeterministicReplayError")
    assert "step.one.1 with another input" in done.error


async def test_a_note_that_is_refused_does_not_hold_up_the_run(plane: ControlPlane) -> None:
    app = Agent("worker")

    @app.reasoner()
    async def work() -> str:
        app.note("x" * 200_001)
        app.note("fits")
        return "done"

    async with plane.serving(app):
        done = await plane.client.execute("worker.work", wait_seconds=20)
        notes = [
            it.content
            async for it in plane.client.iter_execution_events(done.execution_id)
            if it.type == "note"
        ]
    assert done.status == "succeeded"
    assert notes == [{"message": "fits", "tags": []}]


async def test_a_note_that_breaks_does_not_lose_the_result(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def strange(*_: object, **__: object) -> None:
        raise ProtocolError("a proxy answered")

    monkeypatch.setattr(AsyncClient, "add_note", strange)
    app = Agent("worker")

    @app.reasoner()
    async def work() -> str:
        app.note("one")
        app.note("two")
        return "done"

    async with plane.serving(app):
        done = await plane.client.execute("worker.work", wait_seconds=20)
    assert (done.status, done.result, done.attempt) == ("succeeded", "done", 1)


async def test_calls_of_a_reasoner_with_a_long_name_are_told_apart(plane: ControlPlane) -> None:
    app, name = Agent("n" * 128), "r" * 120
    counted: list[int] = []

    @app.reasoner(name=name)
    async def count() -> int:
        counted.append(1)
        return len(counted)

    @app.reasoner()
    async def twice() -> list[int]:
        return [await app.call(f"{app.node_id}.{name}") for _ in range(2)]

    async with plane.serving(app):
        done = await plane.client.execute(f"{app.node_id}.twice", wait_seconds=20)
    assert done.result == [1, 2]


async def test_a_withdrawal_that_is_not_heard_is_said(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Agent("worker")
    heard: list[bool] = []

    class Deaf(SignoffError):
        """No answer."""

    async def deaf(*_: object, **__: object) -> None:
        raise Deaf

    @app.reasoner()
    async def work() -> None:
        monkeypatch.setattr(AsyncClient, "cancel_approval_request", deaf)
        try:
            await app.pause("q", timeout=0.01)
        except PauseTimeoutError as late:
            heard.append(late.withdrawn)

    async with plane.serving(app):
        assert (await plane.client.execute("worker.work", wait_seconds=1)).execution_id
        while not heard:
            await asyncio.sleep(0)
    assert heard == [False]
