"""Asking a person: from within an execution, or standalone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from signoff.contract_gen import ApprovalStatus, DeliveryKind
from signoff.server.domain.approval import Request, is_pending
from signoff.server.domain.errors import Conflict, Fault, NotFound, Refusal
from signoff.server.domain.event import Actor, EventType
from signoff.server.domain.execution import Execution
from signoff.server.domain.matching import (
    Asked,
    ConflictWith,
    New,
    Replayed,
    differences,
    match,
    match_standalone,
)
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row, Statement, Value, given
from signoff.server.operations import (
    access,
    approval_reads,
    closing,
    outbox,
    rendering,
    serial,
    waiters,
)
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.rendering import Shape
from signoff.server.operations.tree import Draft, Tree

HOUR_MS = 3_600_000

DEFAULT_HOURS = 72


async def request_execution_approval(
    context: Context,
    principal: Principal,
    node_id: str,
    execution_id: str,
    body: Mapping[str, Any],
) -> Shape:
    """``requestExecutionApproval``: the ``Approval``; new, known to this attempt, or replayed.

    A new one takes the execution, and those above it, to waiting. A replayed one that is decided
    leaves it as it is; a foreign agent, which waits for nothing but callbacks, is also sent one.

    Args:
        context: the server's.
        principal: speaks for the node.
        node_id: the node of the execution.
        execution_id: the attempt id.
        body: an ``ExecutionApprovalRequest``.

    Raises:
        NotFound: the node has no such execution or attempt.
        Refusal: ``forbidden``; ``invalid_callback_url``.
        Conflict: ``stale_attempt``, ``execution_finished`` (with ``execution``), or
            ``request_conflict`` (with ``approval``): what was asked before is something else.
    """
    principal.require_node(node_id)
    row = await access.newest_attempt(context, principal, execution_id)
    if row["node_id"] != node_id:
        raise NotFound(f"{node_id} has no execution {execution_id}")
    await _check_callback_url(context, node_id, body.get("callback_url"))

    known = serial.once(context, row["run_id"], row)

    async def work() -> Shape:
        tree = await Tree.load(context, row["execution_id"], known=known())
        access.require_newest(tree.execution.row, max(1, row["attempt"]))
        access.require_unfinished(context, tree.execution.row)
        return await _ask(context, principal, tree, body)

    try:
        shape = await serial.change(context, row["run_id"], work)
    except waiters.Busy as busy:
        raise await waiters.unanswered(context, busy) from None
    if row["lease_instance"] is not None and shape["status"] == ApprovalStatus.PENDING:
        context.liveness.eased(InstanceKey(node_id, row["lease_instance"]))
    return shape


async def _ask(
    context: Context, principal: Principal, tree: Tree, body: Mapping[str, Any]
) -> Shape:
    instance = await closing.leaseholder(context, tree.execution)
    own = await _is_own(context, tree.execution, instance)
    if instance is not None and not own:
        own_id = body["approval_request_id"]
        if not await waiters.hold(context, tree, own_id):
            raise await waiters.put_back(context, tree, instance, own_id)
    asked = _asked(body, tree.execution.row["attempt"], own=own)
    stored = await context.store.all(
        "list_execution_requests", execution_id=tree.execution.chain_id
    )
    met = match(stored, asked, replay_decisions=context.options.replay_decisions)
    if isinstance(met, ConflictWith):
        raise _conflict(met, asked, rendering.approval(met.row, tree.execution.head))
    if isinstance(met, New):
        request = _create(context, principal, tree, asked, met, body)
        tree.gate_opened(principal.actor)
    elif isinstance(met, Replayed):
        request = Request(met.row, tree.execution)
        await _replay(context, principal.actor, tree, request, asked, body)
    else:
        return rendering.approval(met.row, tree.execution.head)
    await context.store.apply(tree.change())
    return closing.shown(request)


async def _replay(
    context: Context,
    actor: Actor,
    tree: Tree,
    request: Request,
    asked: Asked,
    body: Mapping[str, Any],
) -> None:
    """A later attempt meets a stored request: from now on it is asked there."""
    row = request.row
    decided = not is_pending(row)
    if decided:
        request.append(
            EventType.APPROVAL_REPLAYED, at=tree.now, actor=actor, data={"attempt": asked.attempt}
        )
    callback_url = body.get("callback_url")
    if callback_url is not None:
        row["callback_url"] = callback_url
    # Nothing else may happen to the execution meanwhile: a decision, another attempt.
    tree.hold()
    seen: dict[str, Value] = {
        "id": row["id"],
        "attempt": asked.attempt,
        "if_seen_attempt": row["seen_attempt"],
        # The answer hands an own agent the decision; a foreign one takes it from a callback.
        "delivered_at": tree.now if decided and asked.own else None,
    }
    seen |= given(step_key=asked.step_key, callback_url=callback_url)
    tree.extend([Statement("see_approval_request", seen)])
    if decided and not asked.own:
        await closing.send_answer(context, tree, row)


async def create_approval_request(
    context: Context, principal: Principal, body: Mapping[str, Any]
) -> Created:
    """``createApprovalRequest``: a standalone ``Approval``, and whether it is new.

    The own id stands for one question of this principal until ``expires_at``, decided or not.

    Args:
        context: the server's.
        principal: who asks; the request is its own.
        body: an ``ApprovalRequest``.

    Raises:
        Conflict: ``request_conflict``: the own id stands for another content; with ``approval``.
    """
    asked = _asked(body)

    async def work() -> Created:
        rows = await context.store.all(
            "list_standalone", owner=principal.id, approval_request_id=asked.own_id, limit=1
        )
        newest = rows[0] if rows else None
        draft = Draft(context.clock.now())
        met = match_standalone(newest, asked, draft.now)
        if not isinstance(met, New):
            approval = await approval_reads.shape(context, met.row)
            if isinstance(met, ConflictWith):
                raise _conflict(met, asked, approval)
            return Created(approval, False)
        if newest is not None and is_pending(newest):
            # Its time is over and nobody has said so yet: before the id asks anew.
            await closing.expire(context, draft, Request(newest, None))
        request = _create(context, principal, draft, asked, met, body)
        # Two that ask at once: the one that comes second misses, as the occurrence is taken.
        await context.store.apply(draft.change())
        return Created(closing.shown(request), True)

    return await serial.change(context, f"{principal.id} {asked.own_id}", work)


class Created(NamedTuple):
    """A standalone request, and whether it was stored just now."""

    approval: Shape
    is_new: bool


def expires_at(now: int, hours: float) -> int:
    """The end of a request asked ``now`` for so many hours, in ms: never at once.

    Hours count as they are written: 1.1 are 3,960,000 ms, although the double is a little more.
    """
    return now + max(1, math.ceil(Decimal(str(hours)) * HOUR_MS))


def _create(
    context: Context,
    principal: Principal,
    draft: Draft,
    asked: Asked,
    met: New,
    body: Mapping[str, Any],
) -> Request:
    columns: dict[str, Any] = {
        "id": context.ids.approval(),
        "approval_request_id": asked.own_id,
        "occurrence": met.occurrence,
        "owner": principal.id,
        "content_sha256": asked.content_sha256,
        "expires_at": expires_at(draft.now, body.get("expires_in_hours", DEFAULT_HOURS)),
        "url": asked.url,
        "title": asked.title,
        "description": asked.description,
        "payload": rendering.user_json_of(body, "payload"),
        "step_key": asked.step_key,
        "callback_url": body.get("callback_url"),
    }
    execution = draft.execution if isinstance(draft, Tree) else None
    request = Request.create(execution, at=draft.now, actor=principal.actor, **columns)
    closing.publish(context, draft, request, DeliveryKind.APPROVAL_REQUESTED)
    return request


def _asked(body: Mapping[str, Any], attempt: int = 0, *, own: bool = False) -> Asked:
    return Asked(
        own_id=body["approval_request_id"],
        title=body.get("title"),
        description=body.get("description"),
        payload=body.get("payload"),
        url=body.get("approval_request_url"),
        attempt=attempt,
        step_key=body.get("step_key"),
        own=own,
    )


async def _is_own(context: Context, execution: Execution, instance: Row | None) -> bool:
    """Whether an agent of this project asks: what holds the lease, else what registered last."""
    if instance is None:
        instance = await context.store.one("get_node", node_id=execution.row["node_id"])
    return instance is not None and bool(instance["own"])


async def _check_callback_url(context: Context, node_id: str, url: str | None) -> None:
    if url is None:
        return
    instances = await context.store.all("list_instances", node_id=node_id)
    try:
        known = outbox.origin(url) in {outbox.origin(row["base_url"]) for row in instances}
    except ValueError:
        known = False
    if not known:
        fault = Fault("/callback_url", "no instance of the node has this origin")
        detail = f"callback_url: no instance of {node_id} has this origin"
        raise Refusal("invalid_callback_url", detail, errors=[fault])


def _conflict(met: ConflictWith, asked: Asked, approval: Shape) -> Conflict:
    pointers = differences(met, asked)
    names = ", ".join(pointer.removeprefix("/") for pointer in pointers)
    return Conflict(
        "request_conflict",
        f"{names}: what was asked before is not what is asked now",
        errors=[Fault(pointer, "differs from the stored request") for pointer in pointers],
        approval=approval,
    )
