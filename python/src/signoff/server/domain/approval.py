"""Approval requests: their states, who wins a decision, and when two requests are the same one."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from signoff.canonical import GENESIS, digest
from signoff.contract_gen import ApprovalStatus, Decision, Outcome
from signoff.server.domain.event import Actor, Chain, EventType
from signoff.server.domain.execution import Execution
from signoff.server.domain.store import Row, Statement, Value
from signoff.server.domain.transition import Transition

PENDING = ApprovalStatus.PENDING

STATES: Mapping[ApprovalStatus, str] = {
    PENDING: "Asked by an agent or a client; waits for a person until `expires_at`.",
    ApprovalStatus.APPROVED: "A reviewer said yes. The only state that is a yes.",
    ApprovalStatus.REJECTED: "A reviewer said no.",
    ApprovalStatus.REQUEST_CHANGES: "A reviewer wants it changed and, if so, asked again.",
    ApprovalStatus.EXPIRED: "Nobody decided in time: the server closed it at `expires_at`.",
    ApprovalStatus.CANCELLED: "Withdrawn by who asked, or its execution came to its end.",
}
"""Every state in the order of life: who puts a request there, and what follows."""

APPROVED = Transition("approved", (PENDING,), ApprovalStatus.APPROVED)
REJECTED = Transition("rejected", (PENDING,), ApprovalStatus.REJECTED)
CHANGES_REQUESTED = Transition("changes_requested", (PENDING,), ApprovalStatus.REQUEST_CHANGES)
EXPIRED = Transition("expired", (PENDING,), ApprovalStatus.EXPIRED)
WITHDRAWN = Transition("withdrawn", (PENDING,), ApprovalStatus.CANCELLED)

TRANSITIONS = (APPROVED, REJECTED, CHANGES_REQUESTED, EXPIRED, WITHDRAWN)
"""All moves in the order of life. There are no others."""

DECIDED: Mapping[str, Transition[ApprovalStatus]] = {
    Decision.APPROVED: APPROVED,
    Decision.REJECTED: REJECTED,
    Decision.REQUEST_CHANGES: CHANGES_REQUESTED,
}
"""The move that each decision makes."""

_EVENTS = {
    EXPIRED.name: EventType.APPROVAL_EXPIRED,
    WITHDRAWN.name: EventType.APPROVAL_CANCELLED,
}


def is_pending(row: Row) -> bool:
    """Whether the request still waits for a person."""
    return row["decided_at"] is None


def outcome(status: str) -> Outcome | None:
    """What whoever waits is told; None while pending. A withdrawn request is an ``error``."""
    if status == PENDING:
        return None
    return Outcome.ERROR if status == ApprovalStatus.CANCELLED else Outcome(status)


class Verdict(Enum):
    """What becomes of a decision."""

    APPLY = auto()
    """It is the first, and in time."""
    REPEAT = auto()
    """The same decision won before: ``already_processed``."""
    TOO_LATE = auto()
    """Pending, but its time is over: the expiry is to be performed, then ``already_decided``."""
    LOST = auto()
    """Something else has closed it: ``already_decided``."""


def judge(row: Row, decision: str, now: int) -> Verdict:
    """Whether a decision counts: the first one does, if ``now < expires_at``."""
    if is_pending(row):
        return Verdict.APPLY if now < row["expires_at"] else Verdict.TOO_LATE
    return Verdict.REPEAT if row["status"] == DECIDED[decision].target else Verdict.LOST


def content_sha256(
    title: str | None, description: str | None, payload: Mapping[str, Any] | None
) -> str:
    """The digest of what the reviewer sees. Absent and null are the same here."""
    return digest({"title": title, "description": description, "payload": payload})


class Request:
    """An approval request while a change is built, with the chain that its events go to.

    In an execution that is the execution's chain; standalone ones have their own. Pass ``chain``
    to ``Change.add_chains`` and extend the change's statements by :meth:`statements`::

        request = Request(row, execution)
        request.close(DECIDED[decision], at=now, actor=actor, in_time=True, feedback=feedback)
        execution.count(pending_own=-1, at=now, actor=actor)
        change.add_chains(request.chain)
        change.statements += request.statements()
    """

    def __init__(self, row: Row, execution: Execution | None, *, new: bool = False) -> None:
        if (execution is None) != (row["execution_id"] is None):
            raise ValueError(f"{row['id']} needs its execution, or is standalone")
        self.row: dict[str, Any] = dict(row)
        self._new = new
        self._columns: dict[str, Value] = {}
        self.chain: Chain = execution if execution is not None else _Standalone(self)
        self._standalone = execution is None

    @classmethod
    def create(
        cls,
        execution: Execution | None,
        *,
        at: int,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        **columns: Value,
    ) -> Request:
        """A new request, pending; its execution's count of pending ones is the caller's to raise.

        Columns: id, approval_request_id, occurrence, owner, content_sha256, expires_at, and where
        given url, title, description, payload, callback_url, step_key.
        """
        row: dict[str, Any] = dict.fromkeys(_INSERTED) | {"status": PENDING, "created_at": at}
        row |= {"decided_at": None, "event_seq": 0, "event_hash": GENESIS}
        if execution is not None:
            for name in ("execution_id", "node_id", "run_id", "attempt"):
                row[name] = execution.row[name]
        row.update(columns)
        request = cls(row, execution, new=True)
        said = {"request_sha256": row["content_sha256"], "expires_at": row["expires_at"]}
        request.append(
            EventType.APPROVAL_REQUESTED, at=at, actor=actor, data=said | dict(data or {})
        )
        return request

    def append(
        self,
        kind: str,
        *,
        at: int,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        content: str | None = None,
    ) -> None:
        """Append an event about this request to its chain."""
        self.chain.append(
            kind, at=at, actor=actor, data=data, approval_id=self.row["id"], content=content
        )

    def close(
        self,
        transition: Transition[ApprovalStatus],
        *,
        at: int,
        actor: Actor,
        in_time: bool = False,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
        content: str | None = None,
        **columns: Value,
    ) -> None:
        """It leaves pending, with its event. What loses the race misses.

        Args:
            transition: one of :data:`TRANSITIONS`.
            at: ms since the epoch.
            actor: who did it.
            in_time: demand in the store, too, that ``at < expires_at``: for decisions.
            reason: its status_reason.
            data: more for the event; the status that it gets is there already.
            content: user JSON as text for the event, such as feedback and response.
            columns: feedback, response, reviewer_id, reviewer_name, reviewer_source.

        Raises:
            ValueError: it is not pending.
        """
        if not transition.allows(self.row["status"]):
            raise ValueError(f"{transition.name} does not start from {self.row['status']}")
        moved: dict[str, Value] = {"status": transition.target, "decided_at": at}
        if reason is not None:
            moved["status_reason"] = reason
        self.row.update(moved | columns)
        guards: dict[str, Value] = {"id": self.row["id"], "sources": transition.sources}
        if in_time:
            guards["if_open_at"] = at
        self._columns = moved | columns | guards
        kind = _EVENTS.get(transition.name, EventType.APPROVAL_DECIDED)
        said = {"status": str(transition.target)} | dict(data or {})
        self.append(kind, at=at, actor=actor, data=said, content=content)

    def statements(self) -> list[Statement]:
        """What the chain does not write itself: the row of a request in an execution."""
        if self._standalone:
            return []
        if self._new:
            row: dict[str, Value] = {name: self.row[name] for name in _INSERTED}
            return [
                Statement("insert_approval_request", row | {"event_seq": None, "event_hash": None})
            ]
        return [Statement("move_approval_request", self._columns)] if self._columns else []

    def head_statement(self, seq: int, last_hash: str, from_seq: int) -> Statement:
        """The statement that writes a standalone request with the head of its chain."""
        head: dict[str, Value] = {"event_seq": seq, "event_hash": last_hash}
        if self._new:
            row: dict[str, Value] = {name: self.row[name] for name in _INSERTED}
            return Statement("insert_approval_request", row | head)
        head["from_seq"] = from_seq
        if self._columns:
            return Statement("move_approval_request", self._columns | head)
        return Statement("extend_approval_request", head | {"id": self.row["id"]})


_INSERTED = (
    "id",
    "approval_request_id",
    "occurrence",
    "execution_id",
    "node_id",
    "run_id",
    "owner",
    "attempt",
    "step_key",
    "content_sha256",
    "url",
    "title",
    "description",
    "payload",
    "status",
    "callback_url",
    "expires_at",
    "created_at",
)


class _Standalone(Chain):
    """The chain of a request that belongs to no execution: its head is in the request's own row."""

    def __init__(self, request: Request) -> None:
        row = request.row
        super().__init__(row["id"], None, row["event_seq"], row["event_hash"])
        self._request = request

    def _head(self, seq: int, last_hash: str) -> Statement:
        return self._request.head_statement(seq, last_hash, self.from_seq)
