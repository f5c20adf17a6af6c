"""The asker's own ids: which request one names.

`signoff/blocking/own_ids.py` is generated from this file.
"""

from collections.abc import Sequence
from typing import Final

from signoff import contract_gen as models
from signoff.contract_gen import Approval, ApprovalStatus
from signoff.errors import AmbiguousRequestIdError, NotFoundError
from signoff.exchange import own_id
from signoff.operations import AsyncOperations


async def newest(
    operations: AsyncOperations, approval_request_id: str, execution_id: str | None
) -> Approval:
    """The newest standalone request under an own id, or that of `execution_id`.

    Raises:
        NotFoundError: there is none.
        AmbiguousRequestIdError: several standalone ones, of several owners, are pending.
        TypeError: the id is no string.
    """
    own_id(approval_request_id)
    page = await operations.list_approval_requests(
        approval_request_id=approval_request_id, execution_id=execution_id or "none"
    )
    if not page.items:
        among = f"of {execution_id}" if execution_id else _STANDALONE
        detail = f"there is no approval request {approval_request_id} {among}"
        raise NotFoundError(404, "not_found", detail)
    pending = [item for item in page.items if item.status == ApprovalStatus.PENDING]
    if execution_id is None and len(pending) > 1:
        raise _ambiguous(approval_request_id, pending)
    return page.items[0]


_STANDALONE: Final = "among the standalone ones; those of an execution need its id"


def _ambiguous(approval_request_id: str, pending: Sequence[Approval]) -> AmbiguousRequestIdError:
    detail = f"{len(pending)} requests under {approval_request_id} are pending; give an apr_ id"
    candidates = [models.Candidate(id=item.id, status=item.status) for item in pending]
    problem = models.Problem(
        type="about:blank",
        title="Conflict",
        status=409,
        code=models.ProblemCode.AMBIGUOUS_REQUEST_ID,
        detail=detail,
        candidates=candidates,
    )
    return AmbiguousRequestIdError(409, "ambiguous_request_id", detail, problem=problem)
