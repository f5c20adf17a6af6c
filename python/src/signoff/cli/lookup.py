"""Finds the approval request that a person means."""

from typing import TYPE_CHECKING

from signoff.cli.exits import Exit
from signoff.cli.failures import Failure
from signoff.contract_gen import Approval, ApprovalStatus, Candidate

if TYPE_CHECKING:
    from signoff.blocking.client import Client

SHOWN = 50
"""How many requests of one own id are listed at most."""


def approval(client: "Client", name: str, execution_id: str | None = None) -> Approval:
    """The request with this `apr_` id, or the only one that this own id has ever named.

    Raises:
        Failure: (not found) there is none; (ambiguous) the own id has named several, decided
            ones too: a command in the history of a shell must not decide a later question.
    """
    if name.startswith("apr_"):
        return client.get_approval_request(name)
    page = client.list_approval_requests(
        approval_request_id=name, execution_id=execution_id, limit=SHOWN
    )
    if not page.items:
        where = f" in {execution_id}" if execution_id else ""
        raise Failure(
            Exit.NOT_FOUND,
            "not_found",
            f"no approval request is called {name}{where}",
            "`signoff approvals list` shows those that wait",
        )
    if len(page.items) > 1:
        raise _ambiguous(name, page.items, more=page.next_cursor is not None)
    return page.items[0]


def _ambiguous(name: str, items: list[Approval], *, more: bool) -> Failure:
    pending_first = sorted(items, key=lambda item: item.status != ApprovalStatus.PENDING)
    count = f"more than {len(items)}" if more else str(len(items))
    return Failure(
        Exit.AMBIGUOUS,
        "ambiguous_request_id",
        f"{name} has named {count} requests",
        "give one of these apr_ ids, or narrow it with --execution",
        candidates=[
            Candidate.model_validate(
                {"id": item.id, "execution_id": item.execution_id, "status": item.status}
                if item.execution_id
                else {"id": item.id, "status": item.status}
            )
            for item in pending_first
        ],
    )
