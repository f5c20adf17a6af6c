"""`pause` asks once and returns what a person said; `wait_for_resume` attaches and never asks."""

import asyncio
from typing import Any, cast

import pytest

from signoff import (
    AlreadyDecidedError,
    ApprovalResult,
    InvalidRequestError,
    PauseTimeoutError,
    WaitTimeoutError,
)
from signoff.agent import Agent
from signoff.testing import ControlPlane


def asking(**options: Any) -> tuple[Agent, list[ApprovalResult]]:
    """An agent that asks one question, and what it heard."""
    app = Agent("asker")
    heard: list[ApprovalResult] = []

    @app.reasoner()
    async def ask() -> str:
        result = await app.pause("q-1", **options)
        heard.append(result)
        return result.decision

    return app, heard


async def finished(plane: ControlPlane, execution_id: str) -> Any:
    done = await plane.client.wait_for_execution(execution_id, timeout=20)
    return done.status, done.result if done.error is None else done.error


@pytest.mark.parametrize("decision", ["approved", "rejected", "request_changes"])
async def test_the_decision_comes_back_with_all_that_was_said(
    plane: ControlPlane, decision: str
) -> None:
    app, heard = asking(title="Refund?", description="Twice billed.", payload={"amount": 4000})
    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        request = await plane.next_request()
        await plane.client.decide_approval_request(
            request.id, decision, feedback="see invoice", response={"limit": 10**30}
        )
        assert await finished(plane, run.execution_id) == ("succeeded", decision)
    assert (request.title, request.description, request.payload) == (
        "Refund?",
        "Twice billed.",
        {"amount": 4000},
    )
    (result,) = heard
    assert result.approved == (decision == "approved")
    assert result.changes_requested == (decision == "request_changes")
    assert (result.feedback, result.response) == ("see invoice", {"limit": 10**30})
    assert (result.id, result.approval_request_id) == (request.id, "q-1")
    assert result.reviewer is not None
    assert result.reviewer.id == "local"


async def test_a_question_that_expires_is_a_result(plane: ControlPlane) -> None:
    app, heard = asking(expires_in_hours=0.05 / 3600)
    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        assert await finished(plane, run.execution_id) == ("succeeded", "expired")
    assert heard[0].expired
    assert not heard[0].approved


async def test_a_question_that_is_withdrawn_is_an_error_with_its_reason(
    plane: ControlPlane,
) -> None:
    # An agent may withdraw what its own runs ask; here the admin does.
    app, heard = asking()
    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        request = await plane.next_request()
        await plane.client.cancel_approval_request(request.id, reason="asked twice")
        assert await finished(plane, run.execution_id) == ("succeeded", "error")
    assert (heard[0].withdrawn, heard[0].feedback) == (True, "asked twice")


async def test_a_local_time_out_withdraws_the_question(plane: ControlPlane) -> None:
    app = Agent("asker")
    raised: list[PauseTimeoutError] = []

    @app.reasoner()
    async def ask() -> str:
        try:
            await app.pause("q-1", timeout=0.05)
        except PauseTimeoutError as late:
            raised.append(late)
            return "nobody answered"
        return "answered"

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        assert await finished(plane, run.execution_id) == ("succeeded", "nobody answered")
        request = await plane.client.get_approval_request(raised[0].id)
    assert raised[0].withdrawn
    assert (request.status, request.status_reason) == ("cancelled", "pause timed out")


async def test_a_time_out_that_is_none_is_refused_and_asks_nobody(plane: ControlPlane) -> None:
    app = Agent("asker")

    @app.reasoner()
    async def ask() -> list[str]:
        told = []
        for verb in (app.pause, app.wait_for_resume):
            for timeout in (cast("float", "5"), -1, float("nan")):
                try:
                    await verb("q-1", timeout=timeout)
                except (TypeError, ValueError) as unfit:
                    told.append(str(unfit))
        return told

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        status, told = await finished(plane, run.execution_id)
        assert [it async for it in plane.client.iter_approval_requests()] == []
    assert status == "succeeded"
    assert told == 2 * [
        "timeout must be a number of seconds, not '5'",
        "timeout must be a number of seconds, 0 or more, not -1",
        "timeout must be a number of seconds, 0 or more, not nan",
    ]


async def test_a_loop_over_one_gate_asks_every_time(plane: ControlPlane) -> None:
    app = Agent("asker")

    @app.reasoner()
    async def ask() -> list[str | None]:
        return [(await app.pause("draft-review")).feedback for _ in range(3)]

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        asked = []
        for word in ("one", "two", "three"):
            request = await plane.next_request()
            asked.append(request.id)
            await plane.client.decide_approval_request(request.id, "approved", feedback=word)
        assert await finished(plane, run.execution_id) == ("succeeded", ["one", "two", "three"])
    assert len(set(asked)) == 3


async def test_two_questions_at_once_get_their_own_answers(plane: ControlPlane) -> None:
    app = Agent("asker")

    @app.reasoner()
    async def ask() -> list[str]:
        both = await asyncio.gather(app.pause("legal"), app.pause("finance"))
        return [result.decision for result in both]

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        finance = await plane.next_request(lambda it: it.approval_request_id == "finance")
        legal = await plane.next_request(lambda it: it.approval_request_id == "legal")
        await plane.client.decide_approval_request(finance.id, "rejected")
        state = await plane.client.get_execution(run.execution_id)
        assert (state.status, state.pending_approvals) == ("waiting", [legal.id])
        await plane.client.decide_approval_request(legal.id, "approved")
        assert await finished(plane, run.execution_id) == ("succeeded", ["approved", "rejected"])


async def test_nothing_to_resume_is_none_at_once(plane: ControlPlane) -> None:
    app = Agent("asker")

    @app.reasoner()
    async def ask() -> bool:
        return await app.wait_for_resume("q-1", timeout=3600) is None

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        assert await finished(plane, run.execution_id) == ("succeeded", True)


async def test_resuming_an_id_that_is_empty_or_missing_finds_no_other_question(
    plane: ControlPlane,
) -> None:
    app = Agent("asker")
    heard: list[BaseException] = []

    @app.reasoner()
    async def ask() -> None:
        await app.pause("q-1")
        for missing in ("", cast("str", None)):
            try:
                await app.wait_for_resume(missing)
            except (InvalidRequestError, TypeError) as error:
                heard.append(error)

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        await plane.client.decide((await plane.next_request()).id, "approved")
        assert (await finished(plane, run.execution_id))[0] == "succeeded"
    assert [type(error) for error in heard] == [InvalidRequestError, TypeError]


async def test_resuming_attaches_to_the_pending_question_and_leaves_it_on_time_out(
    plane: ControlPlane,
) -> None:
    app = Agent("asker")

    @app.reasoner()
    async def ask() -> list[str]:
        asked = asyncio.create_task(app.pause("q-1"))
        heard = []
        while True:
            try:
                result = await app.wait_for_resume("q-1", timeout=0.05)
            except WaitTimeoutError:
                heard.append("still pending")
                app.note("waiting")
                break
            if result is not None:
                raise AssertionError
        attached = await app.wait_for_resume("q-1")
        assert attached is not None
        heard += [attached.decision, (await asked).decision]
        decided = await app.wait_for_resume("q-1")
        assert decided is not None
        return [*heard, decided.decision]

    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        request = await plane.next_request()
        with plane.server.context.store.watch(f"exec:{run.execution_id}") as watch:
            while not [
                event
                async for event in plane.client.iter_execution_events(run.execution_id)
                if event.type == "note"
            ]:
                await watch.event.wait()
                watch.event.clear()
        await plane.client.decide_approval_request(request.id, "approved")
        status, heard = await finished(plane, run.execution_id)
        asked = [it async for it in plane.client.iter_approval_requests()]
    assert (status, heard) == ("succeeded", ["still pending", *["approved"] * 3])
    assert [it.id for it in asked] == [request.id]


async def test_a_decision_that_comes_as_the_time_is_over_counts(
    plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, heard = asking(timeout=0.05)
    async with plane.serving(app):
        client = type(plane.client)
        withdraw = client.cancel_approval_request

        async def decided_first(self: Any, id: str, **given: Any) -> Any:  # noqa: A002
            await plane.client.decide_approval_request(id, "approved")
            return await withdraw(self, id, **given)

        monkeypatch.setattr(client, "cancel_approval_request", decided_first)
        run = await plane.client.execute_async("asker.ask")
        assert await finished(plane, run.execution_id) == ("succeeded", "approved")
    assert heard[0].approved


async def test_nobody_decides_twice(plane: ControlPlane) -> None:
    app, _ = asking()
    async with plane.serving(app):
        run = await plane.client.execute_async("asker.ask")
        request = await plane.next_request()
        await plane.client.decide_approval_request(request.id, "rejected")
        with pytest.raises(AlreadyDecidedError) as late:
            await plane.client.decide_approval_request(request.id, "approved")
        assert late.value.approval is not None
        assert late.value.approval.decision == "rejected"
        assert await finished(plane, run.execution_id) == ("succeeded", "rejected")
