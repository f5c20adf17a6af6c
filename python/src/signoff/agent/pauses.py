"""Ask a person and wait for the answer, in one call; or attach to a question asked before."""

import asyncio
from collections.abc import Mapping
from contextvars import Context
from typing import Any

from signoff.agent.run import Run
from signoff.client import LONGEST_WITHDRAWAL_SECONDS
from signoff.clock import checked_seconds
from signoff.contract_gen import Approval
from signoff.errors import (
    AlreadyDecidedError,
    NondeterministicReplayError,
    NotFoundError,
    PauseTimeoutError,
    RequestConflictError,
    SignoffError,
    WaitTimeoutError,
)
from signoff.exchange import own_id
from signoff.results import ApprovalResult


async def pause(
    run: Run, approval_request_id: str, timeout: float | None, request: Mapping[str, Any]
) -> ApprovalResult:
    """Store the question, wait for the answer. See `Agent.pause`."""
    if timeout is not None:
        checked_seconds("timeout", timeout)
    await run.stay()
    step_key = run.key("pause")
    try:
        with run.heard():
            approval = await run.client.request_execution_approval(
                run.node_id,
                run.attempt_id,
                approval_request_id=approval_request_id,
                step_key=step_key,
                **request,
            )
    except RequestConflictError as conflict:
        stored = conflict.approval
        raise NondeterministicReplayError(
            f"the question {stored.approval_request_id if stored else approval_request_id!r} "
            f"at {step_key}",
            f"one that differs ({conflict.detail})",
        ) from conflict
    if approval.decision is not None:
        return ApprovalResult.of_approval(approval)
    try:
        return await _answer(run, approval.id, timeout)
    except TimeoutError:
        return await _withdraw(run, approval, timeout)


async def wait_for_resume(
    run: Run, approval_request_id: str, timeout: float | None
) -> ApprovalResult | None:
    """Attach to this execution's question of that id. See `Agent.wait_for_resume`."""
    own_id(approval_request_id)
    if timeout is not None:
        checked_seconds("timeout", timeout)
    await run.stay()
    try:
        with run.heard():
            state = await run.client.get_execution_approval_status(
                run.node_id, run.attempt_id, approval_request_id=approval_request_id
            )
    except NotFoundError:
        return None
    if state.approval.decision is not None:
        return ApprovalResult.of_approval(state.approval)
    try:
        return await _answer(run, state.approval.id, timeout)
    except TimeoutError:
        raise WaitTimeoutError(
            f"no decision on {approval_request_id!r} within {timeout} s; it stays pending",
            id=state.approval.id,
        ) from None


async def _answer(run: Run, approval_id: str, timeout: float | None) -> ApprovalResult:
    with run.waits.waiting(approval_id, timed=timeout is not None):
        if timeout is None:
            return await run.waiters.wait(approval_id)
        # Tasks of the wait and not of the run: they are no work of its own.
        outside = Context()
        waiting = asyncio.create_task(run.waiters.wait(approval_id), context=outside)
        timer = asyncio.create_task(run.clock.sleep(timeout), context=outside)
        try:
            await asyncio.wait({waiting, timer}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
            raise TimeoutError
        finally:
            timer.cancel()
            waiting.cancel()


async def _withdraw(run: Run, approval: Approval, timeout: float | None) -> ApprovalResult:
    """The local time is over: take the question back, unless it was answered just now."""
    withdrawn = True
    try:
        client = run.client.with_options(seconds=LONGEST_WITHDRAWAL_SECONDS)
        await client.cancel_approval_request(approval.id, reason="pause timed out")
    except AlreadyDecidedError as decided:
        if decided.approval is not None:
            return ApprovalResult.of_approval(decided.approval)
        raise
    except SignoffError:
        withdrawn = False
    raise PauseTimeoutError(
        f"no decision on {approval.approval_request_id!r} within {timeout} s",
        id=approval.id,
        withdrawn=withdrawn,
    )
