"""Which executions a principal may read, and whether an agent speaks for the newest attempt."""

from __future__ import annotations

from signoff.server.domain.errors import Conflict, NotFound, Refusal
from signoff.server.domain.node import AttemptId, parse_attempt_id
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row
from signoff.server.operations import rendering
from signoff.server.operations.context import Context
from signoff.server.operations.tree import Tree


async def readable_execution(context: Context, principal: Principal, text: str) -> Row:
    """The execution that an id names, plain or of an attempt, if the principal may read it.

    Agents read the executions of the runs that one of their nodes takes part in.

    Raises:
        NotFound: there is no such execution or attempt.
        Refusal: ``forbidden``.
    """
    row, _ = await _load(context, text)
    if principal.is_agent and not await takes_part(context, principal, row["run_id"]):
        raise Refusal("forbidden", "No node of this key takes part in the run of that execution.")
    return row


async def takes_part(context: Context, principal: Principal, run_id: str) -> bool:
    """Whether one of the principal's nodes has an execution in the run."""
    rows = await context.store.all("list_run_nodes", run_id=run_id)
    return any(row["node_id"] in principal.nodes for row in rows)


async def newest_attempt(context: Context, principal: Principal, text: str) -> Row:
    """The execution of an attempt id, if the principal speaks for its node and it is the newest.

    The fence: whatever comes from an older attempt ends here. The row may be finished; see
    :func:`require_unfinished`.

    Raises:
        NotFound: there is no such execution or attempt.
        Refusal: ``forbidden``.
        Conflict: ``stale_attempt``.
    """
    row, attempt = await _load(context, text)
    principal.require_node(row["node_id"])
    require_newest(row, attempt)
    return row


async def newest_tree(
    context: Context, principal: Principal, text: str, known: Row | None = None
) -> Tree:
    """The same, ready to be changed: with one read for an execution without a parent.

    With none if its row is ``known``, as for :meth:`Tree.load`.

    Raises:
        NotFound, Refusal, Conflict: as :func:`newest_attempt`.
    """
    named = _parse(text)
    if named is None:
        raise _unknown(text)
    tree = await Tree.load(context, named.execution_id, known=known)
    row = tree.execution.row
    if named.attempt > max(1, row["attempt"]):
        raise _unknown(text)
    principal.require_node(row["node_id"])
    require_newest(row, named.attempt)
    return tree


async def stored(context: Context, execution_id: str) -> Row:
    """The execution of a bare id that the server itself has written: it is never deleted.

    Raises:
        NotFound: somebody deleted it all the same.
    """
    row = await context.store.one("get_execution", execution_id=execution_id)
    if row is None:
        raise _unknown(execution_id)
    return row


def require_newest(row: Row, attempt: int) -> None:
    """Let only the newest attempt pass; before the first dispatch that is the first.

    Raises:
        Conflict: ``stale_attempt``.
    """
    newest = max(1, row["attempt"])
    if attempt < newest:
        detail = f"attempt {attempt} is over; attempt {newest} is the newest"
        raise Conflict("stale_attempt", detail, present=row)


def require_unfinished(context: Context, row: Row) -> None:
    """Let only executions pass that have not come to their end.

    Raises:
        Conflict: ``execution_finished``, with the execution.
    """
    if row["completed_at"] is not None:
        raise finished(context, row)


def finished(context: Context, row: Row) -> Conflict:
    """The refusal of whatever comes after the end; it carries the execution."""
    shape = rendering.execution(row, [], now=context.clock.now())
    detail = f"the execution is {row['status']}"
    return Conflict("execution_finished", detail, present=row, execution=shape)


async def _load(context: Context, text: str) -> tuple[Row, int]:
    named = _parse(text)
    row = None
    if named is not None:
        row = await context.store.one("get_execution", execution_id=named.execution_id)
    if row is None or named is None or named.attempt > max(1, row["attempt"]):
        raise _unknown(text)
    return row, named.attempt


def _unknown(text: str) -> NotFound:
    return NotFound(f"there is no execution {text}")


def _parse(text: str) -> AttemptId | None:
    try:
        return parse_attempt_id(text)
    except ValueError:
        return None
