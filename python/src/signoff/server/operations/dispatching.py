"""Sending work to agents: what is claimed, and what becomes of it. Maintenance decides when.

A claim is committed before anything is sent, so that an attempt id is never given twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.errors import NotFound
from signoff.server.domain.event import SERVER, Actor
from signoff.server.domain.execution import ABANDONED, TIMED_OUT
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Change, Missed, Row
from signoff.server.operations import (
    claims,
    leases,
    outbox,
    recovery,
    reports,
    serial,
    targets,
    waiters,
)
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.endings import end
from signoff.server.operations.tree import Tree
from signoff.strict_json import loads_strict

TIMED_OUT_REASON = "timeout_seconds"
"""The ``status_reason`` of an execution that ran for too long."""


_SAID_SO = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED)
"""Ends that an agent reports: it has done with the attempt before it has answered."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A claimed attempt, as it is sent to its instance (``dispatchExecution``)."""

    execution_id: str
    attempt: int
    run_id: str
    instance: InstanceKey
    reasoner: str
    own: bool
    url: str
    secret: str
    headers: dict[str, str]
    body: bytes

    @property
    def attempt_id(self) -> str:
        """How the agent addresses it."""
        return str(AttemptId(self.execution_id, self.attempt))


async def claim(context: Context, execution_id: str, key: InstanceKey) -> Dispatch | None:
    """Give the next attempt of a due execution to an instance; None when it is not due any more.

    Until :func:`sent` or another outcome is told, the attempt counts as on its way.
    """
    instance = await context.store.one("get_instance", **key._asdict())
    node = await context.store.one("get_node", node_id=key.node_id)
    if instance is None or node is None:
        return None

    async def work() -> Dispatch | None:
        tree = await _load(context, execution_id)
        if tree is None:
            return None
        execution = tree.execution
        due = execution.row["dispatch_at"]
        if due is None or due > tree.now or execution.row["node_id"] != key.node_id:
            return None
        if not instance["own"] and not await waiters.reserve(context, tree, key.instance_id):
            return None
        # An own agent says what it has in hand; of another, only who sends it will know.
        sender = None if instance["own"] else context.server_id
        execution.claim(key.instance_id, at=tree.now, offered_by=sender)
        dispatch = _dispatch(execution.row, instance, node)
        context.in_flight.add(dispatch.attempt_id)
        try:
            await context.store.apply(tree.change())
        except BaseException:
            context.in_flight.discard(dispatch.attempt_id)
            raise
        return dispatch

    return await serial.change(context, execution_id, work)


def sent(context: Context, dispatch: Dispatch) -> None:
    """Nobody sends it any more: it is not on its way."""
    context.in_flight.discard(dispatch.attempt_id)


async def accepted(context: Context, dispatch: Dispatch) -> bool:
    """The agent has it in hand (202). Whether that had to be written down."""
    if not dispatch.own:
        change = Change([recovery.settle(context, dispatch.execution_id, dispatch.attempt)])
        try:
            await context.store.apply(change)
        except Missed:
            await _stop_if_over(context, dispatch)
    sent(context, dispatch)
    return not dispatch.own


async def _stop_if_over(context: Context, dispatch: Dispatch) -> None:
    """Tell an agent that has it in hand to stop, should it be over.

    Whoever ended it has told the agent, too; it may have known of nothing then.
    """
    row = await context.store.one("get_execution", execution_id=dispatch.execution_id)
    instance = await context.store.one("get_instance", **dispatch.instance._asdict())
    if row is None or instance is None or row["status"] in _SAID_SO:
        return
    if (row["attempt"], row["lease_instance"]) != (dispatch.attempt, instance["instance_id"]):
        attempt, reason = AttemptId(dispatch.execution_id, dispatch.attempt), row["status_reason"]
        now = context.clock.now()
        notice = outbox.cancel_notice(context, attempt, instance, now=now, reason=reason)
        await context.store.apply(Change([notice], {"due"}))


async def adopt(context: Context, left: recovery.Left) -> Dispatch | None:
    """Go on with an attempt that a server which is gone was sending; None when that is settled.

    Whether it has arrived nobody knows, unless its agent has done something since.
    """
    row = await recovery.take(context, left)
    if row is None:
        return None
    key = {"node_id": row["node_id"], "instance_id": row["lease_instance"]}
    instance = await context.store.one("get_instance", **key)
    node = await context.store.one("get_node", node_id=row["node_id"])
    if instance is None or node is None:
        return None
    dispatch = _dispatch(row, instance, node)
    context.in_flight.add(dispatch.attempt_id)
    return dispatch


async def finish_inline(context: Context, dispatch: Dispatch, result: bytes) -> bool:
    """The agent answered 200 with the result: the same as its report. Whether it still counted.

    Raises:
        InvalidJSON: the body is no JSON; fail the dispatch instead.
    """
    value = loads_strict(result)
    node_id = dispatch.instance.node_id

    async def work() -> bool:
        tree = await _current(context, dispatch)
        if tree is None:
            return False
        actor = Actor(node_id, None, SERVER.source)
        await reports.finish(
            context, tree, actor, ExecutionStatus.SUCCEEDED.value, {"result": value}
        )
        return True

    return await _told(context, dispatch, work)


async def refuse(
    context: Context, dispatch: Dispatch, *, delay_ms: int, why: str = "refused"
) -> bool:
    """The agent has not taken it, or it was never written: it does not count as an idle attempt.

    It is due again in ``delay_ms``. ``why`` is a word for the event.
    """

    async def work() -> bool:
        tree = await _current(context, dispatch)
        if tree is None:
            return False
        execution = tree.execution
        waiters.drop(tree, execution)
        execution.release(at=tree.now, why=why, dispatch_at=tree.now + delay_ms, refused=True)
        await context.store.apply(tree.change())
        return True

    return await _told(context, dispatch, work)


async def fail(context: Context, dispatch: Dispatch, *, reason: str, error: str) -> bool:
    """The agent says that it can never run this (400, 404, 422): the execution fails.

    Args:
        context: the server's.
        dispatch: what was sent.
        reason: its status_reason: ``invalid_input`` or ``unknown_reasoner``.
        error: what went wrong, in words.
    """

    async def work() -> bool:
        tree = await _current(context, dispatch)
        if tree is None:
            return False
        data = {"attempt": dispatch.attempt}
        await end(context, tree, SERVER, ABANDONED, reason=reason, data=data, error=error)
        await context.store.apply(tree.change())
        return True

    return await _told(context, dispatch, work)


async def give_up(context: Context, dispatch: Dispatch, *, why: str, delay_ms: int = 0) -> bool:
    """Nobody knows what became of the attempt, and the agent has been told to stop it.

    The attempt counts, its lease ends, and the next one is due in ``delay_ms``.
    """
    ended = await leases.end_lease(
        context, dispatch.execution_id, dispatch.attempt, why=why, delay_ms=delay_ms
    )
    sent(context, dispatch)
    return ended


async def is_current(context: Context, dispatch: Dispatch) -> bool:
    """Whether the instance still holds this very attempt: else sending it again is pointless."""
    return await _current(context, dispatch) is not None


async def time_out(context: Context, execution_id: str) -> bool:
    """End an execution whose running time is over; whether it was. Its agent is told to stop."""
    row = await context.store.one("get_execution", execution_id=execution_id)
    if row is None:
        return False

    async def work() -> bool:
        tree = await Tree.load(context, execution_id)
        row = tree.execution.row
        if row["timeout_at"] is None or row["timeout_at"] > tree.now:
            return False
        await end(
            context,
            tree,
            SERVER,
            TIMED_OUT,
            reason=TIMED_OUT_REASON,
            data={"attempt": row["attempt"], "timeout_ms": row["timeout_ms"]},
            tell_agent=True,
        )
        await context.store.apply(tree.change())
        return True

    return await serial.change(context, row["run_id"], work)


async def time_out_due(context: Context, *, limit: int = 100) -> int:
    """End the executions whose running time is over, the oldest first; how many were."""
    due = await claims.timeouts(context, limit=limit)
    return sum(await serial.every(time_out(context, row["execution_id"]) for row in due))


def _dispatch(row: Row, instance: Row, node: Row) -> Dispatch:
    attempt_id = str(AttemptId(row["execution_id"], row["attempt"]))
    headers = {
        "X-Execution-ID": attempt_id,
        "X-Run-ID": row["run_id"],
        "X-Workflow-ID": row["run_id"],
    }
    if row["parent_execution_id"] is not None:
        headers["X-Parent-Execution-ID"] = row["parent_execution_id"]
    return Dispatch(
        execution_id=row["execution_id"],
        attempt=row["attempt"],
        run_id=row["run_id"],
        instance=InstanceKey(instance["node_id"], instance["instance_id"]),
        reasoner=row["reasoner"],
        own=bool(instance["own"]),
        url=instance["base_url"].rstrip("/") + targets.path_of(node, row["reasoner"]),
        secret=instance["secret"],
        headers=headers,
        body=row["input"].encode(),
    )


async def _current(context: Context, dispatch: Dispatch) -> Tree | None:
    """The execution, if the instance still holds this very attempt."""
    tree = await _load(context, dispatch.execution_id)
    if tree is None:
        return None
    row = tree.execution.row
    held = (row["attempt"], row["lease_instance"])
    return tree if held == (dispatch.attempt, dispatch.instance.instance_id) else None


async def _load(context: Context, execution_id: str) -> Tree | None:
    """The execution; None when the database was emptied meanwhile, as between two tests."""
    try:
        return await Tree.load(context, execution_id)
    except NotFound:
        return None


async def _told(context: Context, dispatch: Dispatch, work: Callable[[], Awaitable[bool]]) -> bool:
    """Apply an outcome, after which the attempt is not on its way any more.

    Until it is stored the attempt is: nobody else is to find out what became of it.
    """
    told = await serial.change(context, dispatch.run_id, work)
    sent(context, dispatch)
    return told
