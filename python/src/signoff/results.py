"""`ApprovalResult`: what a person said, as it comes back from `pause()` and the waiting verbs."""

from dataclasses import dataclass
from typing import Any

from signoff.contract_gen import Approval, ApprovalCallback, EventHead, Outcome, Principal
from signoff.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class ApprovalResult:
    """The end of an approval request.

    `decision` is `approved`, `rejected`, `request_changes`, `expired` or `error` (the request was
    withdrawn), or a word of a newer server. Only `approved` is a yes: ask `.approved`.
    `feedback` is what the reviewer wrote, for `error` the reason. `response` is user JSON from
    the reviewer. `reviewer` is who decided, absent when nobody did. `id` is the request's `apr_`
    id, `approval_request_id` the caller's own; `event_head` vouches for the events up to here.
    """

    decision: str
    feedback: str | None = None
    response: Any = None
    reviewer: Principal | None = None
    id: str = ""
    approval_request_id: str = ""
    event_head: EventHead | None = None

    @property
    def approved(self) -> bool:
        """Somebody said yes."""
        return self.decision == Outcome.APPROVED

    @property
    def rejected(self) -> bool:
        """Somebody said no."""
        return self.decision == Outcome.REJECTED

    @property
    def changes_requested(self) -> bool:
        """Somebody wants something changed first; `feedback` says what."""
        return self.decision == Outcome.REQUEST_CHANGES

    @property
    def expired(self) -> bool:
        """Nobody answered in time."""
        return self.decision == Outcome.EXPIRED

    @property
    def withdrawn(self) -> bool:
        """The request was taken back or its execution ended; `feedback` is the reason, if any."""
        return self.decision == Outcome.ERROR

    @classmethod
    def of_approval(cls, approval: Approval) -> "ApprovalResult":
        """The result that an approval request has come to.

        Raises:
            ProtocolError: it has come to none yet.
        """
        if approval.decision is None:
            raise ProtocolError(f"{approval.id} is {approval.status} and has no decision")
        withdrawn = approval.decision == Outcome.ERROR
        return cls(
            decision=str(approval.decision),
            feedback=approval.status_reason if withdrawn else approval.feedback,
            response=approval.response,
            reviewer=approval.reviewer,
            id=approval.id,
            approval_request_id=approval.approval_request_id,
            event_head=approval.event_head,
        )

    @classmethod
    def of_callback(cls, callback: ApprovalCallback) -> "ApprovalResult":
        """The result that an `approvalCallback` brings."""
        return cls(
            decision=str(callback.decision),
            feedback=callback.feedback,
            response=callback.response,
            reviewer=callback.reviewer,
            id=callback.id,
            approval_request_id=callback.approval_request_id,
            event_head=callback.event_head,
        )


def is_decided(approval: Approval) -> bool:
    """Whether the request has come to an end, whichever."""
    return approval.decided_at is not None
