"""Decisions in signed messages: which request is meant, and what was answered before."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from signoff_conformance.oracle.answers import ANYTHING, Answer, Has, Refused, Request
from signoff_conformance.oracle.approvals import Approval, Approvals
from signoff_conformance.oracle.times import present

MOST_CANDIDATES: Final = 50
MEANT: Final = "`requestId` is an `apr_` id, or an own id that has named exactly one request so far"
DAY: Final = 24 * 3_600_000
"""For so long after its first answer a ``webhook-id`` is known, in ms."""


@dataclass(frozen=True, slots=True)
class _Kept:
    body: str
    answer: Answer
    at: int


class Messages:
    """The timestamped messages that were answered: by ``webhook-id``."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def earlier(self, request: Request, now: int) -> Answer | None:
        """What the same message was answered before."""
        known = self._known(request, now)
        return known.answer if known and known.body == json.dumps(request.body) else None

    def keep(self, request: Request, answer: Answer, now: int) -> None:
        """Remember a receipt, or that another decision had won."""
        counts = request.signed == "timestamped" and answer.code in (None, "already_decided")
        if counts and self._known(request, now) is None:
            self._kept[request.message_id] = _Kept(json.dumps(request.body), answer, now)

    def _known(self, request: Request, now: int) -> _Kept | None:
        kept = self._kept.get(request.message_id) if request.signed == "timestamped" else None
        return kept if kept and now < kept.at + DAY else None


def check_signature(request: Request) -> None:
    """Refuse a message that is not signed.

    Raises:
        Refused: ``invalid_signature``.
    """
    if request.signed not in ("body", "timestamped"):
        raise Refused(401, "invalid_signature", "signature missing or wrong 401")


def reviewer(body: Mapping[str, Any]) -> Any:
    """Who decided, in the words of the message."""
    claim = body.get("reviewer")
    if claim is None:
        return Has({"id": ANYTHING, "source": "webhook"})
    return present({"id": claim["id"], "name": claim.get("name"), "source": "webhook"})


def meant(approvals: Approvals, request: Request) -> Approval:
    """The request that a message is about.

    Raises:
        Refused: ``not_found``, ``ambiguous_request_id``.
    """
    named = request.body["requestId"]
    if named.startswith("apr_"):
        return approvals.found(named)
    filters = present(
        {"approval_request_id": named, "execution_id": request.body.get("execution_id")}
    )
    found = approvals.newest(filters)
    pending = [one for one in found if one.pending]
    if not found:
        raise Refused(404, "not_found", "unknown request 404 with `Retry-After: 2`")
    if len(found) == 1:
        return found[0]
    if request.signed == "timestamped" and len(pending) == 1:
        return pending[0]
    candidates = [
        present({"id": one.id, "execution_id": one.execution_id, "status": one.status})
        for one in found[:MOST_CANDIDATES]
    ]
    raise Refused(409, "ambiguous_request_id", MEANT, candidates=candidates)
