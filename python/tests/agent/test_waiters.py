"""An answer finds whoever waits for it, whichever comes first."""

import asyncio

import pytest

from signoff.agent.waiters import Waiters
from signoff.results import ApprovalResult

YES = ApprovalResult("approved", id="apr_1")


async def test_an_answer_ends_the_wait() -> None:
    waiters = Waiters()
    waiting = asyncio.create_task(waiters.wait("apr_1"))
    await asyncio.sleep(0)
    assert len(waiters) == 1
    assert waiters.answer(YES)
    assert await waiting is YES
    assert len(waiters) == 0


async def test_an_answer_that_comes_first_is_kept() -> None:
    waiters = Waiters()
    assert not waiters.answer(YES)
    assert await waiters.wait("apr_1") is YES
    assert await waiters.wait("apr_1") is YES


async def test_two_waits_for_one_question_both_hear() -> None:
    waiters = Waiters()
    both = asyncio.gather(waiters.wait("apr_1"), waiters.wait("apr_1"))
    await asyncio.sleep(0)
    assert waiters.answer(YES)
    assert list(await both) == [YES, YES]


async def test_the_first_answer_stays() -> None:
    waiters = Waiters()
    waiters.answer(YES)
    assert not waiters.answer(ApprovalResult("rejected", id="apr_1"))
    assert await waiters.wait("apr_1") is YES


async def test_a_cancelled_wait_leaves_the_other_waiting() -> None:
    waiters = Waiters()
    first = asyncio.create_task(waiters.wait("apr_1"))
    second = asyncio.create_task(waiters.wait("apr_1"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert waiters.answer(YES)
    assert await second is YES


async def test_whoever_stops_waiting_is_not_counted() -> None:
    waiters = Waiters()
    waiting = asyncio.create_task(waiters.wait("apr_1"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(waiters) == 0
    assert not waiters.answer(YES)
