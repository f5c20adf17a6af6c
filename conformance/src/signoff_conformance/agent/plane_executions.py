"""What the played control plane answers an attempt: reports, steps, notes, children."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from signoff_conformance.agent import records
from signoff_conformance.agent.plane_state import ENDS, Answer, Refused, State


async def report(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """The end of an attempt, or its handing back."""
    attempt_id = path["execution_id"]
    one = state.current(attempt_id, finished=said)
    if (attempt_id, said) not in one.reports:
        one.reports.append((attempt_id, said))
        if said["status"] in ENDS:
            one.end = said
        state.happened("report", one, attempt_id, said, said)
    return 200, records.execution(state.contract, one)


async def record(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """Store a step; the first one stays."""
    one, key = state.current(path["execution_id"]), path["step_key"]
    stored = one.steps.get(key)
    if stored is not None and stored["input_sha256"] != said["input_sha256"]:
        raise Refused(409, "step_conflict", f"{key} was recorded with another input")
    if stored is None:
        stored = {"key": key, **said, "attempt": one.attempt, "at": records.now()}
        if "error" not in said:
            stored.setdefault("result", None)
        one.steps[key] = stored
        state.happened("record", one, path["execution_id"], said, stored)
    return 200, stored


async def steps(state: State, path: Mapping[str, str], _: Any, request: web.Request) -> Answer:
    """The recorded steps, page by page."""
    one = state.known_execution(path["execution_id"])
    rows = list(one.steps.values())
    first = int(request.query.get("cursor", "0").removeprefix("page-"))
    size = min(state.page, int(request.query.get("limit", "50")))
    told: dict[str, Any] = {"items": rows[first : first + size]}
    if first + size < len(rows):
        told["next_cursor"] = f"page-{first + size}"
    return 200, told


async def note(state: State, _: Mapping[str, str], said: Any, request: web.Request) -> Answer:
    """Store a note."""
    attempt_id = request.headers.get("X-Execution-ID", said.get("execution_id", ""))
    one = state.current(attempt_id)
    told = records.example(state.contract, "Event")
    state.happened("note", one, attempt_id, said, told)
    return 200, told


async def execute(state: State, path: Mapping[str, str], said: Any, request: web.Request) -> Answer:
    """Execute a child, once for each key."""
    attempt_id = request.headers.get("X-Parent-Execution-ID", "")
    parent = state.current(attempt_id)
    key = request.headers.get("Idempotency-Key", secrets.token_hex(8))
    if key not in parent.children:
        child = state.execution(path["target"], said.get("input"))
        child.parent, child.run_id = parent.id, parent.run_id
        parent.children[key] = child.id
        state.happened("call", parent, attempt_id, said, {"id": child.id, "key": key, **path})
    child = state.executions[parent.children[key]]
    return 202, records.execution(state.contract, child)


async def execution(state: State, path: Mapping[str, str], _: Any, request: web.Request) -> Answer:
    """An execution; held until it has ended."""
    one = state.known_execution(path["execution_id"])
    seconds = float(request.query.get("wait_seconds", "0"))
    await state.changed.until(lambda: one.end is not None, seconds)
    return 200, records.execution(state.contract, one)
