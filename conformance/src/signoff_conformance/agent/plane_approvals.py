"""What the played control plane answers to questions: asked, looked for, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from signoff_conformance.agent import records
from signoff_conformance.agent.plane_state import Answer, Refused, State
from signoff_conformance.agent.runs import Execution


async def ask(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """Store a question, or find the one that this one is."""
    attempt_id = path["execution_id"]
    one = state.current(attempt_id)
    gate = _met(one, attempt_id, said)
    if gate is None:
        state.gates += 1
        gate = records.approval(state.contract, state.gates, one, said)
        one.gates.append(gate)
    elif any(gate.get(name) != said.get(name) for name in records.CONTENT):
        raise Refused(409, "request_conflict", "it was asked otherwise", approval=gate)
    if "step_key" in said:
        one.step_keys[said["step_key"]] = gate["id"]
    met = one.asked_by.setdefault(gate["id"], set())
    if attempt_id not in met:
        met.add(attempt_id)
        state.happened("ask", one, attempt_id, said, gate)
    return 200, gate


def _met(one: Execution, attempt_id: str, said: Mapping[str, Any]) -> dict[str, Any] | None:
    """The stored request that this one is: by its step key, else by own id and occurrence."""
    if said.get("step_key") in one.step_keys:
        return one.gate(one.step_keys[said["step_key"]])
    alike = [
        gate
        for gate in one.gates
        if gate["approval_request_id"] == said["approval_request_id"]
        and gate["id"] not in one.step_keys.values()
    ]
    for gate in alike:
        if attempt_id not in one.asked_by[gate["id"]] or "decided_at" not in gate:
            return gate
    return None


async def status(state: State, path: Mapping[str, str], _: Any, request: web.Request) -> Answer:
    """The newest question of an own id."""
    one = state.known_execution(path["execution_id"])
    wanted = request.query.get("approval_request_id")
    for gate in reversed(one.gates):
        if wanted in (None, gate["approval_request_id"]):
            told = {"status": gate["status"], "requested_at": gate["created_at"]}
            return 200, {**told, "expires_at": gate["expires_at"], "approval": gate}
    raise Refused(404, "not_found", "it has asked no such question")


async def withdraw(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """Withdraw a question that nobody has decided."""
    for one in state.executions.values():
        gate = one.gate(path["id"])
        if gate is None:
            continue
        if "decided_at" in gate and gate["status"] != "cancelled":
            raise Refused(409, "already_decided", "it is decided", approval=gate)
        why = {"feedback": said["reason"]} if "reason" in said else {}
        records.decided(gate, {"decision": "error", **why})
        return 200, gate
    raise Refused(404, "not_found", f"there is no request {path['id']}")
