"""What a recorded step gives back: its result as the annotated type, or its error."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff import StepFailedError
from signoff.agent.run import Run
from signoff.agent.steps import _lasting, outcome, result_type, said
from signoff.agent.waiters import Waiters
from signoff.contract_gen import Step, StepKind
from signoff.results import ApprovalResult

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTheTypeChecker


def recorded(**given: Any) -> Step:
    return Step(
        key="step.a.1",
        kind=StepKind.STEP,
        name="a",
        input_sha256="0" * 64,
        attempt=1,
        at="2026-01-05T09:30:00.000Z",
        **given,
    )


@pytest.mark.parametrize(
    "error, kind, message",
    [
        ("KeyError: 'x'", KeyError, "'x'"),
        ("ValueError: a: b", ValueError, "a: b"),
        ("UnicodeDecodeError: bad", StepFailedError, "UnicodeDecodeError: bad"),
        ("KeyboardInterrupt: ", StepFailedError, "KeyboardInterrupt"),
        ("print: x", StepFailedError, "print: x"),
        ("MyError: x", StepFailedError, "MyError: x"),
    ],
)
def test_built_in_exceptions_are_raised_as_such(
    error: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as raised:
        outcome(recorded(error=error))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "first",
    [
        KeyError("x"),
        KeyError(("a", 1)),
        KeyError(),
        ValueError(),
        ValueError("a: b"),
        FileNotFoundError(2, "No such file", "x"),
    ],
    ids=repr,
)
def test_what_is_raised_again_says_what_the_first_one_said(first: Exception) -> None:
    with pytest.raises(type(first)) as again:
        outcome(recorded(error=said(first)))
    assert (type(again.value), str(again.value)) == (type(first), str(first))


def test_an_exception_with_the_name_of_a_built_in_one_does_not_become_that() -> None:
    class ConnectionError(Exception):  # noqa: A001 - as libraries have it
        pass

    error = said(ConnectionError("away"))
    assert error == f"{__name__}.ConnectionError: away"
    with pytest.raises(StepFailedError):
        outcome(recorded(error=error))


def test_null_is_a_result() -> None:
    assert outcome(recorded(result=None)) is None


def test_a_type_that_only_the_type_checker_sees_is_anything() -> None:
    def work() -> "OnlyForTheTypeChecker": ...  # type: ignore[empty-body]

    assert result_type(work).validate_python("as it is") == "as it is"


def test_an_error_is_recorded_as_text_that_can_be_stored() -> None:
    assert said(ValueError("a\x00b\ud800")) == "ValueError: a\\x00b\\ud800"


async def test_a_record_is_made_though_its_run_is_stopped_meanwhile() -> None:
    begun, free = asyncio.Event(), asyncio.Event()
    made: list[Step] = []

    async def record() -> Step:
        begun.set()
        await free.wait()
        made.append(recorded(result=1))
        return made[0]

    waiting = asyncio.create_task(_lasting(record()))
    await begun.wait()
    waiting.cancel()
    await asyncio.sleep(0)
    assert not waiting.done()
    free.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(made) == 1


async def test_who_is_stopped_twice_waits_for_no_record() -> None:
    begun, broken = asyncio.Event(), asyncio.Event()

    async def record() -> Step:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            broken.set()
        raise AssertionError

    waiting = asyncio.create_task(_lasting(record()))
    await begun.wait()
    for _ in range(2):
        waiting.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await broken.wait()


async def test_an_answer_passes_by_whoever_was_cancelled_just_now() -> None:
    waiters = Waiters()
    waiting = asyncio.create_task(waiters.wait("apr_1"))
    await asyncio.sleep(0)
    waiting.cancel()
    waiters.answer(ApprovalResult("approved", id="apr_1"))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await waiters.wait("apr_1")).approved


def test_a_key_that_is_too_long_ends_in_its_digest_as_in_the_other_languages() -> None:
    run: Any = SimpleNamespace(_asked=Counter())
    prefix = f"call.{'x' * 300}.0123456789abcdef"
    short = f"call.{'x' * 210}.4dbfb3247f1b43fd3c41a6841d479f3e97eb66fe73b1ce46b8455104aebaaccc"
    assert [Run.key(run, prefix), Run.key(run, prefix)] == [f"{short}.1", f"{short}.2"]
    assert Run.key(run, "x" * 280) == f"{'x' * 280}.1"
