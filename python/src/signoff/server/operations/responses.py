"""Decisions in signed messages, from reviewer services that hold the webhook secret, not a key.

The contract fixes the order of the checks, so the edge calls in this order: :func:`require_secret`
before it reads the body (which may be too large), then :func:`receive_approval_response`, which
checks the signature over the raw bytes and only then has them parsed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from signoff.contract_gen import PrincipalSource
from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.event import Actor
from signoff.server.domain.ids import APPROVAL
from signoff.server.domain.store import Row, Statement, Value, given
from signoff.server.operations import decisions, rendering
from signoff.server.operations.approval_reads import bare
from signoff.server.operations.context import Context
from signoff.server.operations.decisions import Answer, Ruling
from signoff.server.operations.rendering import Shape
from signoff.webhook import SignatureError, Verified, verify_approval_response

RECEIPT_MS = 86_400_000
"""Answers are remembered for a day: senders sign anew for each of their tries."""

MOST_CANDIDATES = 50

UNNAMED = "webhook"
"""The reviewer of a signed message that names none."""


def require_secret(context: Context) -> None:
    """Let messages in only when there is a secret to check them with.

    Raises:
        Refusal: ``webhook_secret_missing``.
    """
    if not context.options.webhook_secrets:
        detail = "set SIGNOFF_APPROVAL_WEBHOOK_SECRET to accept signed decisions"
        raise Refusal("webhook_secret_missing", detail)


async def receive_approval_response(
    context: Context,
    headers: Mapping[str, str],
    raw: bytes,
    parse: Callable[[bytes], Mapping[str, Any]],
) -> Shape | orjson.Fragment:
    """``receiveApprovalResponse``: a ``DecisionReceipt``.

    A ``webhook-id`` that was answered before is answered the same way, if it comes with the same
    body and that answer was a receipt or ``already_decided``. With another body it is judged like
    any message, and the answer is not remembered: the id stays that of the first body.

    Args:
        context: the server's.
        headers: by name, in any case.
        raw: the body as it came.
        parse: makes an ``ApprovalResponse`` of the body or refuses it (``invalid_json``,
            ``invalid_request``). Called when the signature is good.

    Raises:
        Refusal: ``webhook_secret_missing``, ``invalid_signature``, and what ``parse`` raises.
        NotFound: nothing is known under that id yet.
        Conflict: ``already_decided`` (with ``approval``), ``ambiguous_request_id`` (with
            ``candidates``).
    """
    require_secret(context)
    signature = _verify(context, headers, raw)
    body = parse(raw)
    memory = _Memory(context, signature, raw)
    answer = await memory.earlier()
    if answer is None:
        row = await _meant(context, signature, body)
        answer = await decisions.settle(context, row, Ruling.of(body, _reviewer(body)), memory)
    if isinstance(answer, Conflict):
        raise answer
    return answer


class _Memory:
    """What is remembered of the answers to one ``webhook-id``."""

    def __init__(self, context: Context, signature: Verified, raw: bytes) -> None:
        self._context = context
        self._id = signature.id
        self._body_sha256 = hashlib.sha256(raw).hexdigest()
        self._taken: Row | None = None

    async def earlier(self) -> Answer | None:
        """The answer that this id and body got before."""
        if self._id is None:
            return None
        receipt = await self._context.store.one("get_receipt", webhook_id=self._id)
        self._taken = receipt
        if receipt is None or self._is_over(receipt):
            return None
        if receipt["body_sha256"] != self._body_sha256:
            return None
        text = orjson.Fragment(receipt["answer"])
        if receipt["status_code"] == _RECEIPT:
            return text
        return decisions.already_decided(text, orjson.loads(receipt["answer"])["status"])

    def statements(self, answer: Answer) -> list[Statement]:
        """Remember an answer in the change that it comes from."""
        over = self._taken
        if self._id is None or not (over is None or self._is_over(over)):
            return []
        now = self._context.clock.now()
        if isinstance(answer, Conflict):
            status, said = _CONFLICT, answer.extra["approval"]
        else:
            status, said = _RECEIPT, answer
        receipt: dict[str, Value] = {
            "webhook_id": self._id,
            "body_sha256": self._body_sha256,
            "status_code": status,
            "answer": rendering.dump(said),
            "at": now,
        }
        if over is None:
            return [Statement("insert_receipt", receipt)]
        return [Statement("replace_receipt", receipt | {"over": over["at"]})]

    def _is_over(self, receipt: Row) -> bool:
        """Whether it counts no more, though it may not have been deleted yet."""
        return self._context.clock.now() >= int(receipt["at"]) + RECEIPT_MS


_RECEIPT = 200
_CONFLICT = 409


def _verify(context: Context, headers: Mapping[str, str], raw: bytes) -> Verified:
    secrets = context.options.webhook_secrets
    try:
        return verify_approval_response(headers, raw, secrets, context.clock.now() / 1000)
    except SignatureError as error:
        raise Refusal("invalid_signature", str(error)) from None


def _reviewer(body: Mapping[str, Any]) -> Actor:
    claim = body.get("reviewer", {"id": UNNAMED})
    return Actor(claim["id"], claim.get("name"), PrincipalSource.WEBHOOK.value)


async def _meant(context: Context, signature: Verified, body: Mapping[str, Any]) -> Row:
    """The request that a message is about.

    Raises:
        NotFound: there is none, or none in the execution that it names.
        Conflict: ``ambiguous_request_id``.
    """
    named = body["requestId"]
    execution_id = bare(body.get("execution_id"))
    if named.startswith(APPROVAL):
        row = await context.store.one("get_approval_request", id=named)
        if row is None or execution_id not in (None, row["execution_id"]):
            raise _unknown(named)
        return row
    filters = given(approval_request_id=named, execution_id=execution_id)
    found = await context.store.all("list_candidates", limit=MOST_CANDIDATES + 1, **filters)
    if not found:
        raise _unknown(named)
    if len(found) > 1:
        # A signature with a time in it can't be an old message played again, so what it says is
        # meant for what is asked now.
        pending = await context.store.all("list_candidates", limit=2, pending=1, **filters)
        if signature.kind != "timestamped" or len(pending) != 1:
            raise _ambiguous(named, found)
        found = pending
    row = await context.store.one("get_approval_request", id=found[0]["id"])
    if row is None:  # pragma: no cover - requests are never deleted
        raise _unknown(named)
    return row


def _unknown(named: str) -> NotFound:
    return NotFound(f"there is no approval request {named}")


def _ambiguous(named: str, found: Sequence[Row]) -> Conflict:
    shown = found[:MOST_CANDIDATES]
    count = f"{len(shown)}" if len(shown) == len(found) else f"more than {MOST_CANDIDATES}"
    candidates = [
        given(id=row["id"], execution_id=row["execution_id"], status=str(row["status"]))
        for row in shown
    ]
    detail = f"{named} has named {count} requests; give execution_id or an apr_ id"
    return Conflict("ambiguous_request_id", detail, candidates=candidates)
