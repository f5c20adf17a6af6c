"""How a request leaves pending: by a decision, by its expiry, withdrawn, or with its execution.

Whatever closes it, the same goes into one change: the guarded move of its row, an event, its
execution and those above it going on, the answer to whoever waits, a notification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.canonical import digest
from signoff.contract_gen import ApprovalStatus, DeliveryKind
from signoff.server.domain.approval import EXPIRED, WITHDRAWN, Request
from signoff.server.domain.event import SERVER, Actor
from signoff.server.domain.execution import Execution
from signoff.server.domain.store import Row, Value
from signoff.server.domain.transition import Transition
from signoff.server.operations import approval_reads, outbox, rendering
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape
from signoff.server.operations.tree import Draft, Tree

EXECUTION_FINISHED = "execution_finished"
"""``status_reason`` of a request whose execution came to its end before anybody decided."""

_KINDS: Mapping[str, DeliveryKind] = {
    EXPIRED.name: DeliveryKind.APPROVAL_EXPIRED,
    WITHDRAWN.name: DeliveryKind.APPROVAL_CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What is said with the end of a request, besides its new status."""

    feedback: str | None = None
    response: tuple[Any] | None = None
    """The user JSON in a tuple of one; None when it is absent, so that null is a response."""
    reason: str | None = None

    @property
    def columns(self) -> dict[str, Value]:
        """The columns of the row, without the reason."""
        response = None if self.response is None else rendering.user_json(self.response[0])
        return {"feedback": self.feedback, "response": response}

    @property
    def content(self) -> dict[str, Any]:
        """What the event carries beside its data."""
        said = {"feedback": self.feedback, "reason": self.reason}
        content: dict[str, Any] = {name: text for name, text in said.items() if text is not None}
        return content if self.response is None else content | {"response": self.response[0]}


SILENT = Words()


async def load(context: Context, found: Row) -> tuple[Draft, Request]:
    """A stored request with what it belongs to, as they are now, for a change of its own.

    The request is read after its execution: should anything happen in between, the execution is
    the one that is out of date, and its guard misses.

    Raises:
        NotFound: it is gone.
    """
    if found["execution_id"] is None:
        row = await approval_reads.stored(context, found["id"])
        return Draft(context.clock.now()), Request(row, None)
    tree = await Tree.load(context, found["execution_id"])
    row = await approval_reads.stored(context, found["id"])
    return tree, Request(row, tree.execution)


def shown(request: Request) -> Shape:
    """The ``Approval``, with what the change has done to it so far."""
    return rendering.approval(request.row, request.chain.head)


async def close(
    context: Context,
    draft: Draft,
    request: Request,
    move: Transition[ApprovalStatus],
    actor: Actor,
    *,
    words: Words = SILENT,
    in_time: bool = False,
) -> None:
    """Close a request, let its execution go on, and tell whoever waits.

    Args:
        context: the server's.
        draft: the change; the tree of its execution unless it is standalone.
        request: pending.
        move: one of ``domain.approval.TRANSITIONS``. By a decision, ``actor`` is the reviewer.
        actor: who did it.
        words: what was said.
        in_time: demand, also in the store, that it has not expired: for decisions.

    Raises:
        ValueError: it is not pending.
    """
    if isinstance(draft, Tree):
        # Before the notification: the agent comes first.
        await send_answer(context, draft, request.row)
    mark_closed(context, draft, request, move, actor, words=words, in_time=in_time)
    if isinstance(draft, Tree):
        # Somebody answered, or time did: attempts that come to nothing are counted anew.
        draft.execution.set(idle_attempts=0)
        draft.gate_closed(actor)


async def expire(context: Context, draft: Draft, request: Request) -> None:
    """Close a request whose time is over."""
    await close(context, draft, request, EXPIRED, SERVER)


async def close_pending(
    context: Context,
    tree: Tree,
    actor: Actor,
    *,
    of: Execution | None = None,
    reason: str = EXECUTION_FINISHED,
    clear_waiters: bool = False,
) -> None:
    """Withdraw what an execution still asks, because it comes to its end in this change.

    Call it before the move that ends the execution, which sets its count of pending requests to 0
    and ends its lease.

    Args:
        context: the server's.
        tree: holds the execution.
        actor: who ends it.
        of: the member of the tree that ends; without it the execution of the tree.
        reason: ``status_reason`` of the requests.
        clear_waiters: tell a foreign agent ``error`` for each of them. Its package keeps a waiter
            per own id until that is answered, and a cancelled run leaves it behind.
    """
    execution = of or tree.execution
    if execution.row["pending_own"] == 0:
        return
    instance = await leaseholder(context, execution) if clear_waiters else None
    rows = await context.store.all(
        "list_execution_requests", execution_id=execution.chain_id, pending=1
    )
    for row in rows:
        request = Request(row, execution)
        mark_closed(context, tree, request, WITHDRAWN, actor, words=Words(reason=reason))
        if instance is not None and not instance["own"]:
            _defer_callback(context, tree, execution, request.row, instance)


async def send_answer(context: Context, tree: Tree, request: Row) -> None:
    """Put the answer of a closed request on its way to who holds the execution.

    When nobody does, the next attempt asks again and finds it: the execution is due for dispatch.
    """
    instance = await leaseholder(context, tree.execution)
    if instance is None:
        tree.execution.wake(tree.now)
    else:
        _defer_callback(context, tree, tree.execution, request, instance)


async def leaseholder(context: Context, execution: Execution) -> Row | None:
    """The instance that holds the lease, if one does."""
    instance_id = execution.row["lease_instance"]
    if instance_id is None:
        return None
    node_id = execution.row["node_id"]
    return await context.store.one("get_instance", node_id=node_id, instance_id=instance_id)


def mark_closed(
    context: Context,
    draft: Draft,
    request: Request,
    move: Transition[ApprovalStatus],
    actor: Actor,
    *,
    words: Words = SILENT,
    in_time: bool = False,
) -> None:
    """Move the row, with its event and notification; the execution is the caller's to move."""
    columns, content, data = words.columns, words.content, {}
    kind = _KINDS.get(move.name, DeliveryKind.APPROVAL_DECIDED)
    if kind is DeliveryKind.APPROVAL_DECIDED:
        columns |= {
            "reviewer_id": actor.id,
            "reviewer_name": actor.name,
            "reviewer_source": actor.source,
        }
    if content:
        data["content_sha256"] = digest(content)
    request.close(
        move,
        at=draft.now,
        actor=actor,
        in_time=in_time,
        reason=words.reason,
        data=data,
        content=rendering.user_json(content) if content else None,
        **columns,
    )
    publish(context, draft, request, kind)


def publish(context: Context, draft: Draft, request: Request, kind: DeliveryKind) -> None:
    """Take a request that was changed into the draft: its row, who watches it, the subscriber."""
    if not isinstance(request.chain, Execution):
        draft.include(request.chain)
    draft.extend(request.statements())
    draft.wake(f"apr:{request.row['id']}")
    draft.defer(
        lambda: outbox.notification(context, kind, request.row, request.chain.head, now=draft.now)
    )


def _defer_callback(
    context: Context, tree: Tree, execution: Execution, request: Row, instance: Row
) -> None:
    tree.defer(lambda: [outbox.callback(context, execution, request, instance, now=tree.now)])
