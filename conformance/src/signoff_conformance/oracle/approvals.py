"""Approval requests: asked, decided, withdrawn, expired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from signoff_conformance.matching import equal
from signoff_conformance.oracle.answers import PERHAPS, Answer, Refused
from signoff_conformance.oracle.chains import SYSTEM, Chain
from signoff_conformance.oracle.keys import Caller, forbidden
from signoff_conformance.oracle.times import digest, present, render

HOUR: Final = 3_600_000
DEFAULT_HOURS: Final = 72
CONTENT: Final = ("title", "description", "payload", "approval_request_url")

FIRST: Final = "**The first decision wins**, if it comes before `expires_at`."
SAME_ID: Final = "the same content is the same request until `expires_at`, other content is 409"
WITHDRAW: Final = "Withdrawing a cancelled request is 200; a decided one is 409 `already_decided`."


@dataclass(slots=True)
class Approval:
    """One question to a person."""

    id: str
    content: Mapping[str, Any]
    """What was asked: the body of the request."""
    owner: str
    """The name of the key that asked."""
    created_at: int
    expires_at: int
    chain: Chain
    execution_id: str | None = None
    node_id: str | None = None
    run_id: str | None = None
    status: str = "pending"
    reason: Any = None
    ruling: Mapping[str, Any] | None = None
    """The body of the decision."""
    reviewer: Any = None
    decided_at: int | None = None
    callback_url: Any = None
    seen: int = 0
    """The last attempt that has asked it; 0 when it is standalone."""
    step_key: str | None = None
    heard: bool = False
    """Whether its end was told to an attempt."""

    @property
    def own_id(self) -> str:
        """The caller's own id."""
        return str(self.content["approval_request_id"])

    @property
    def pending(self) -> bool:
        """Whether nothing has ended it."""
        return self.status == "pending"

    def shown(self) -> dict[str, Any]:
        """An ``Approval`` of the contract."""
        ruling = self.ruling or {}
        told = present(
            {
                "id": self.id,
                "approval_request_id": self.own_id,
                "execution_id": self.execution_id,
                "node_id": self.node_id,
                "run_id": self.run_id,
                "status": self.status,
                "status_reason": self.reason,
                "decision": self._outcome(),
                "feedback": ruling.get("feedback"),
                "reviewer": self.reviewer,
                "expires_at": render(self.expires_at),
                "created_at": render(self.created_at),
                "decided_at": None if self.decided_at is None else render(self.decided_at),
                "callback_url": self.callback_url,
                "event_head": self.chain.head(),
            }
        )
        told |= {name: self.content[name] for name in CONTENT if name in self.content}
        if "response" in ruling:  # null is a response
            told["response"] = ruling["response"]
        return told

    def differing(self, body: Mapping[str, Any], names: Sequence[str] = CONTENT) -> list[str]:
        """In what a body asks something else."""
        return [
            name
            for name in names
            if (name in self.content) != (name in body)
            or not equal(self.content.get(name), body.get(name))
        ]

    def _outcome(self) -> str | None:
        return {"pending": None, "cancelled": "error"}.get(self.status, self.status)


class Approvals:
    """All requests, oldest first."""

    def __init__(self) -> None:
        self.all: dict[str, Approval] = {}

    def found(self, id: str) -> Approval:  # noqa: A002 - the contract's word
        """A request by its id.

        Raises:
            Refused: ``not_found``.
        """
        if id not in self.all:
            raise Refused(404, "not_found", "There is no such thing.")
        return self.all[id]

    def newest(self, filters: Mapping[str, str]) -> list[Approval]:
        """Those that a list with these filters has, newest first."""
        return [one for one in reversed(self.all.values()) if _listed(one, filters)]

    def due(self, now: int) -> Iterator[Approval]:
        """Those whose time is over by now, in order."""
        waiting = [one for one in self.all.values() if one.pending and one.expires_at <= now]
        yield from sorted(waiting, key=lambda one: one.expires_at)

    def ask(self, label: str, body: Mapping[str, Any], caller: Caller, now: int) -> Answer:
        """``createApprovalRequest``."""
        earlier = self._attached(body, caller, now)
        if earlier is not None:
            require_same(earlier, earlier.differing(body), SAME_ID)
            return Answer(200, earlier.shown(), sentence=SAME_ID)
        one = Approval(
            id=f"apr_o-{label}",
            content=body,
            owner=caller.name,
            created_at=now,
            expires_at=expiry(body, now),
            chain=Chain(f"apr_o-{label}"),
        )
        self.all[one.id] = one
        asked(one, caller, now)
        location = f"/api/v1/approval-requests/{one.id}"
        return Answer(201, one.shown(), location=location, sentence="Ask a person.")

    def _attached(self, body: Mapping[str, Any], caller: Caller, now: int) -> Approval | None:
        for one in reversed(self.all.values()):
            mine = one.execution_id is None and one.owner == caller.name
            if mine and one.own_id == body["approval_request_id"] and now < one.expires_at:
                return one
        return None


def expiry(body: Mapping[str, Any], now: int) -> int:
    """When a request that is made now expires."""
    hours: float = body.get("expires_in_hours", DEFAULT_HOURS)
    return now + round(hours * HOUR)


def asked(one: Approval, caller: Caller, now: int) -> None:
    """Say in the chain that it was asked."""
    told = {name: one.content.get(name) for name in ("title", "description", "payload")}
    data = {"request_sha256": digest(told)}
    event(one, "approval.requested", now, caller.principal(), data)


def require_same(one: Approval, differing: Sequence[str], sentence: str) -> None:
    """Refuse what is asked otherwise than before.

    Raises:
        Refused: ``request_conflict``.
    """
    if differing:
        places = frozenset(("body", f"/{name}") for name in differing)
        raise Refused(409, "request_conflict", sentence, places, approval=one.shown())


def event(
    one: Approval, kind: str, now: int, actor: Any, data: Mapping[str, Any] | None = None
) -> None:
    """Append an event about a request to its chain."""
    ids = present({"approval_id": one.id, "execution_id": one.execution_id})
    one.chain.append(kind, now, actor, data, **ids)


def decide(one: Approval, ruling: Mapping[str, Any], reviewer: Any, now: int) -> str:
    """Decide a request; the ``status`` of the receipt.

    Raises:
        Refused: ``already_decided``.
    """
    if one.pending:
        one.status, one.ruling, one.reviewer = str(ruling["decision"]), ruling, reviewer
        one.decided_at = now
        event(one, "approval.decided", now, reviewer)
        return "processed"
    if one.status != ruling["decision"]:
        raise Refused(409, "already_decided", FIRST, approval=one.shown())
    return "already_processed"


def expire(one: Approval, now: int) -> None:
    """End a request whose time is over."""
    one.status, one.decided_at = "expired", now
    event(one, "approval.expired", now, SYSTEM)


def withdraw(one: Approval, reason: Any, actor: Any, now: int) -> None:
    """Cancel a pending request."""
    one.status, one.reason, one.decided_at = "cancelled", reason, now
    event(one, "approval.cancelled", now, actor)


def withdrawn(one: Approval, body: Mapping[str, Any], caller: Caller, now: int) -> bool:
    """``cancelApprovalRequest``; whether it was pending until now.

    Raises:
        Refused: ``forbidden``, ``already_decided``.
    """
    if caller.role == "client" and (one.execution_id or one.owner != caller.name):
        raise forbidden()
    if caller.role == "agent" and (one.node_id is None or one.node_id != caller.node):
        raise forbidden()
    if one.pending:
        withdraw(one, body.get("reason", PERHAPS), caller.principal(), now)
        return True
    if one.status != "cancelled":
        raise Refused(409, "already_decided", WITHDRAW, approval=one.shown())
    return False


def _listed(one: Approval, filters: Mapping[str, str]) -> bool:
    decided = None if one.decided_at is None else render(one.decided_at)
    reviewer = one.reviewer["id"] if isinstance(one.reviewer, Mapping) else None
    told = {
        "approval_request_id": one.own_id,
        "execution_id": one.execution_id or "none",
        "status": one.status,
        "node_id": one.node_id,
        "reviewer": reviewer,
    }
    if any(told[name] != want for name, want in filters.items() if name in told):
        return False
    after, before = filters.get("decided_after"), filters.get("decided_before")
    if decided is None:
        return after is None and before is None
    return (after is None or decided >= after) and (before is None or decided < before)
