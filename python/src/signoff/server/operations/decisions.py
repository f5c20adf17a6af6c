"""Deciding a request: the first decision wins, if it comes before the request expires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import orjson

from signoff.contract_gen import DecisionReceiptStatus
from signoff.server.domain.approval import DECIDED, Verdict, judge
from signoff.server.domain.errors import Conflict
from signoff.server.domain.event import Actor
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Row, Statement
from signoff.server.operations import approval_reads, closing, serial
from signoff.server.operations.closing import Words
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape

Answer: TypeAlias = Shape | orjson.Fragment | Conflict
"""A ``DecisionReceipt``, or ``already_decided`` with what won."""


class Memory(Protocol):
    """What remembers answers, so that a message that comes twice is answered as before."""

    async def earlier(self) -> Answer | None:
        """The answer that it got before."""

    def statements(self, answer: Answer) -> list[Statement]:
        """What remembers an answer, for the change that it comes from."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision that somebody made: what, who, and in which words."""

    decision: str
    reviewer: Actor
    words: Words = field(default_factory=Words)

    @classmethod
    def of(cls, body: Mapping[str, Any], reviewer: Actor) -> Ruling:
        """The ruling of a ``NewDecision`` or an ``ApprovalResponse``."""
        response = (body["response"],) if "response" in body else None
        return cls(body["decision"], reviewer, Words(body.get("feedback"), response))


async def decide_approval_request(
    context: Context, principal: Principal, request_id: str, body: Mapping[str, Any]
) -> Shape | orjson.Fragment:
    """``decideApprovalRequest``: a ``DecisionReceipt``. The reviewer is the principal.

    Args:
        context: the server's.
        principal: who decides.
        request_id: ``apr_…``.
        body: a ``NewDecision``.

    Raises:
        NotFound: there is no such request.
        Conflict: ``already_decided``: another decision won, or it expired or was withdrawn; with
            ``approval``. A decision that comes late performs the expiry itself.
    """
    row = await approval_reads.stored(context, request_id)
    answer = await settle(context, row, Ruling.of(body, principal.actor))
    if isinstance(answer, Conflict):
        raise answer
    return answer


async def settle(
    context: Context, row: Row, ruling: Ruling, memory: Memory | None = None
) -> Answer:
    """Judge a ruling and make it count if it is the first and in time.

    Args:
        context: the server's.
        row: the request, as it was found.
        ruling: what was decided.
        memory: asked first, and told the answer in the change that it comes from.
    """

    async def work() -> Answer:
        if memory is not None and (earlier := await memory.earlier()) is not None:
            return earlier
        return await _settle(context, row, ruling, memory)

    return await serial.change(context, row["run_id"] or row["id"], work)


async def _settle(context: Context, row: Row, ruling: Ruling, memory: Memory | None) -> Answer:
    draft, request = await closing.load(context, row)
    verdict = judge(request.row, ruling.decision, draft.now)
    if verdict in (Verdict.REPEAT, Verdict.LOST):
        answer = _answer(verdict, closing.shown(request))
        if memory is not None and (statements := memory.statements(answer)):
            await context.store.apply(Change(statements))
        return answer
    if verdict is Verdict.TOO_LATE:
        await closing.expire(context, draft, request)
    else:
        await closing.close(
            context,
            draft,
            request,
            DECIDED[ruling.decision],
            ruling.reviewer,
            words=ruling.words,
            in_time=True,
        )
    answer = _answer(verdict, closing.shown(request))
    if memory is not None:
        draft.extend(memory.statements(answer))
    await context.store.apply(draft.change())
    return answer


def _answer(verdict: Verdict, approval: Shape) -> Answer:
    if verdict is Verdict.APPLY:
        return {"status": DecisionReceiptStatus.PROCESSED.value, "approval": approval}
    if verdict is Verdict.REPEAT:
        return {"status": DecisionReceiptStatus.ALREADY_PROCESSED.value, "approval": approval}
    return already_decided(approval, approval["status"])


def already_decided(approval: Shape | orjson.Fragment, status: str) -> Conflict:
    """The refusal of whatever comes after a request was closed; it carries the request."""
    return Conflict("already_decided", f"the request is {status}", approval=approval)
