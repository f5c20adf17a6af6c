"""What an attempt may not have heard when it died: the decisions and results that came for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from signoff.contract_gen import NewStepKind
from signoff.server.domain.store import Row
from signoff.server.operations import closing
from signoff.server.operations.context import Context
from signoff.server.operations.tree import Tree


async def has_decision(context: Context, tree: Tree) -> bool:
    """Whether there is a decision that no agent has taken."""
    found = await context.store.all("list_undelivered", execution_id=tree.execution.chain_id)
    return bool(found)


async def has_result(context: Context, tree: Tree) -> bool:
    """Whether a child has ended whose result the attempt that holds the lease has not taken.

    If none has, the change is guarded: a child that ends meanwhile makes it miss, because while
    the lease is there its end leaves nothing in the parent's row.
    """
    children = await context.store.all("list_calls_of", parent_execution_id=tree.execution.chain_id)
    ended = [child for child in children if child["completed_at"] is not None]
    if ended and await _misses(context, tree, ended, children):
        return True
    if children:
        tree.add(
            "check_ends_of_children", execution_id=tree.execution.chain_id, if_ended=len(ended)
        )
    return False


async def _misses(
    context: Context, tree: Tree, ended: Sequence[Row], children: Sequence[Row]
) -> bool:
    holder = await closing.leaseholder(context, tree.execution)
    if holder is not None and holder["own"]:
        return await _is_unrecorded(context, tree, ended)
    return await _is_later(context, tree, ended, children)


async def _is_unrecorded(context: Context, tree: Tree, ended: Sequence[Row]) -> bool:
    """Of an own agent, which records what came of a call before it goes on."""
    steps = await context.store.all(
        "list_recorded_calls",
        execution_id=tree.execution.chain_id,
        kind=NewStepKind.CALL.value,
    )
    recorded = Counter((step["name"], step["input_sha256"]) for step in steps)
    return bool(Counter((child["target"], child["call_digest"]) for child in ended) - recorded)


async def _is_later(
    context: Context, tree: Tree, ended: Sequence[Row], children: Sequence[Row]
) -> bool:
    """Of a foreign agent, which records nothing.

    It polls its children many times a minute. So it has heard of an end that was there when it was
    given the attempt and made the call again, or when it asked or called for something after it.
    """
    row = tree.execution.row
    asked = await context.store.all("list_execution_requests", execution_id=row["execution_id"])
    done = [row["offered_at"] or 0, *(each["created_at"] for each in (*asked, *children))]
    return any(
        child["parent_attempt"] < row["attempt"] or child["completed_at"] >= max(done)
        for child in ended
    )
