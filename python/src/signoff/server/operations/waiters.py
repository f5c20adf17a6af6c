"""One waiter for each own id in each process of a foreign agent.

Its package keeps one waiter per own id: two runs that ask under the same fixed id in one process
would both be woken by one answer, and an error told to the second would be the answer of the
first. So a process holds an id for one execution at a time, until it has heard the answer. Another
run that asks is not answered: it is stopped, queued again, and dispatched where the id is free.
"""

from __future__ import annotations

from typing import NamedTuple

from signoff.server.domain.errors import Conflict
from signoff.server.domain.event import SERVER
from signoff.server.domain.execution import RUNNING, Execution
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Row, Statement, Value
from signoff.server.operations import outbox
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.tree import Tree

REQUEST_ID_BUSY = "request_id_busy"
"""Why an attempt ended that asked under an own id which another run held in the same process."""

HOLD_MS = 60_000
"""How long the question of such an attempt stays unanswered: longer than its package waits."""


class Busy(Exception):
    """The attempt was put back in the queue; its question must not be answered."""

    def __init__(self, row: Row) -> None:
        super().__init__(f"{row['held_for']} is held by another run")
        self.row = row


async def hold(context: Context, tree: Tree, own_id: str) -> bool:
    """Have the process that holds the tree's execution hold the own id for it.

    Returns:
        False when another execution holds it there: then :func:`put_back`.
    """
    execution = tree.execution
    key = _key(execution)
    if key is None:
        return True
    holder = await _holder(context, key, own_id)
    if holder is not None and holder != execution.chain_id:
        return False
    if holder is None:
        _put(tree, key, own_id)
    if execution.row["held_for"] != own_id:
        execution.set(held_for=own_id)
    return True


async def put_back(context: Context, tree: Tree, instance: Row, own_id: str) -> Busy:
    """End the attempt of the tree, which asked under a busy id, and apply the change.

    It does not count as one that came to nothing.
    """
    execution = tree.execution
    attempt = AttemptId(execution.chain_id, execution.row["attempt"])
    tree.extend(
        [
            outbox.cancel_notice(context, attempt, instance, now=tree.now, reason=REQUEST_ID_BUSY),
            outbox.drop_callbacks(execution.chain_id),
        ]
    )
    drop(tree, execution)
    due = tree.now if execution.status == RUNNING else None
    execution.release(at=tree.now, why=REQUEST_ID_BUSY, dispatch_at=due, actor=SERVER, refused=True)
    execution.set(held_for=own_id)
    await context.store.apply(tree.change())
    return Busy(execution.row)


async def unanswered(context: Context, busy: Busy) -> Conflict:
    """Wait until the agent has given up its question; what to answer to nobody then."""
    clock = context.clock
    await clock.wait_until(clock.now() + HOLD_MS, context.stopping)
    detail = f"attempt {busy.row['attempt']} is over: {busy}"
    return Conflict("stale_attempt", detail, present=busy.row)


async def reserve(context: Context, tree: Tree, instance_id: str) -> bool:
    """Hold the id that a due execution needs where it is about to go; whether it is free."""
    row = tree.execution.row
    own_id = row["held_for"]
    if own_id is None:
        return True
    key = InstanceKey(row["node_id"], instance_id)
    holder = await _holder(context, key, own_id)
    if holder is None:
        _put(tree, key, own_id)
    return holder in (None, row["execution_id"])


class Held(NamedTuple):
    """A due execution that needs an own id, and the processes in which the id is not free."""

    execution_id: str
    reasoner: str
    taken_in: frozenset[str]


async def due(context: Context, node_id: str, *, limit: int) -> list[Held]:
    """Due executions of a node that can't go everywhere: for each id the one that was first."""
    rows = await context.store.all(
        "list_due_held", node_id=node_id, now=context.clock.now(), limit=limit
    )
    found = []
    for row in rows:
        taken = await context.store.all(
            "list_waiters", node_id=node_id, approval_request_id=row["held_for"]
        )
        where = frozenset(each["instance_id"] for each in taken)
        found.append(Held(row["execution_id"], row["reasoner"], where))
    return found


def drop(tree: Tree, execution: Execution) -> None:
    """Nobody waits for the execution any more: its lease ends, or it does."""
    if execution.row.get("held_for") is not None:
        tree.add("delete_waiters", expect=None, execution_id=execution.chain_id)
        tree.wake("due")


def answered(row: Row) -> Statement:
    """A callback was heard: the id is free, unless it was asked under again."""
    params: dict[str, Value] = {
        "execution_id": row["execution_id"],
        "approval_id": row["approval_id"],
    }
    return Statement("delete_answered_waiter", params, None)


def _key(execution: Execution) -> InstanceKey | None:
    instance_id = execution.row["lease_instance"]
    return None if instance_id is None else InstanceKey(execution.row["node_id"], instance_id)


async def _holder(context: Context, key: InstanceKey, own_id: str) -> str | None:
    row = await context.store.one("get_waiter", **key._asdict(), approval_request_id=own_id)
    return None if row is None else str(row["execution_id"])


def _put(tree: Tree, key: InstanceKey, own_id: str) -> None:
    tree.add(
        "put_waiter",
        **key._asdict(),
        approval_request_id=own_id,
        execution_id=tree.execution.chain_id,
    )
