"""What a recorded step gives back: its result as the annotated type, or its error."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff import StepFailedError
from signoff.agent.run import Run
from signoff.agent.steps import outcome, result_type, said
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


def test_null_is_a_result() -> None:
    assert outcome(recorded(result=None)) is None


def test_a_type_that_only_the_type_checker_sees_is_anything() -> None:
    def work() -> "OnlyForTheTypeChecker": ...  # type: ignore[empty-body]

    assert result_type(work).validate_python("as it is") == "as it is"


def test_an_error_is_recorded_as_text_that_can_be_stored() -> None:
    assert said(ValueError("a\x00b\ud800")) == "ValueError: a\\x00b\\ud800"


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
