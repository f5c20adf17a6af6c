"""Recorded steps: work that a later attempt does not do again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.canonical import digest
from signoff.server.domain.errors import Conflict
from signoff.server.domain.event import EventType
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Row
from signoff.server.operations import access, cursors, rendering, serial
from signoff.server.operations.context import Context
from signoff.server.operations.rendering import Shape
from signoff.server.operations.tree import Tree


async def record_step(
    context: Context,
    principal: Principal,
    execution_id: str,
    step_key: str,
    body: Mapping[str, Any],
) -> tuple[Shape, bool]:
    """``recordStep``: store a ``StepRecord``. The first write wins.

    A new step starts the count of attempts that came to nothing over.

    Args:
        context: the server's.
        principal: speaks for the node.
        execution_id: the attempt id.
        step_key: its place in the run.
        body: a ``StepRecord``.

    Returns:
        The stored ``Step``, and whether it is new.

    Raises:
        NotFound: there is no such attempt.
        Refusal: ``forbidden``.
        Conflict: ``step_conflict``, ``stale_attempt``, ``execution_finished``.
    """

    async def work() -> tuple[Shape, bool]:
        tree = await access.newest_tree(context, principal, execution_id)
        stored = await context.store.one(
            "get_step", execution_id=tree.execution.chain_id, key=step_key
        )
        if stored is not None:
            return rendering.step(_same(stored, body)), False
        access.require_unfinished(context, tree.execution.row)
        step = _record(principal, tree, step_key, body)
        await context.store.apply(tree.change())
        return rendering.step(step), True

    return await serial.change(context, execution_id, work)


async def list_steps(
    context: Context,
    principal: Principal,
    execution_id: str,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Shape:
    """``listSteps``: a page of the steps of an execution, oldest first.

    Raises:
        NotFound: there is no such execution.
        Refusal: ``forbidden``, ``invalid_cursor``.
    """
    row = await access.readable_execution(context, principal, execution_id)
    after = {} if cursor is None else {"after": cursors.decode_number("steps", cursor)}
    rows = await context.store.all(
        "list_steps", execution_id=row["execution_id"], limit=limit + 1, **after
    )
    shown, more = cursors.page("steps", rows, limit, lambda step: str(step["seq"]))
    return {"items": [rendering.step(step) for step in shown], **more}


def _same(stored: Row, body: Mapping[str, Any]) -> Row:
    if stored["input_sha256"] != body["input_sha256"]:
        detail = f"{stored['key']} was recorded with another input"
        raise Conflict("step_conflict", detail, present=stored)
    return stored


def _record(
    principal: Principal, tree: Tree, step_key: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    error = body.get("error")
    value = body.get("result")
    step: dict[str, Any] = {
        "execution_id": tree.execution.chain_id,
        "key": step_key,
        "kind": body["kind"],
        "name": body["name"],
        "input_sha256": body["input_sha256"],
        "result": rendering.user_json(value) if error is None else None,
        "error": error,
        "attempt": max(1, tree.execution.row["attempt"]),
        "at": tree.now,
    }
    outcome = {"result_sha256": digest(value)} if error is None else {"error_sha256": digest(error)}
    said = {name: step[name] for name in ("key", "kind", "input_sha256", "attempt")}
    event = tree.append(EventType.STEP_RECORDED, principal.actor, data=said | outcome)
    tree.execution.set(idle_attempts=0)
    tree.add("insert_step", seq=event["seq"], **step)
    return step
