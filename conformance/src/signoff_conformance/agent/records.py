"""Records as the contract has them, made from its examples."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from signoff_conformance.agent.runs import Execution
from signoff_conformance.contract import Contract

NODE: Final = "conformance"
"""The node that every agent under test is."""

STATUS: Final[Mapping[str, str]] = {"error": "cancelled"}
"""The status of a request with a decision, where that is another word."""

CONTENT: Final = ("title", "description", "payload", "approval_request_url")
"""What a later attempt must ask alike."""


def example(contract: Contract, name: str) -> dict[str, Any]:
    """A copy of the first example of a schema."""
    schemas = contract.document["components"]["schemas"]
    return dict(copy.deepcopy(contract.example(schemas[name])))


def now() -> str:
    """The present as the contract writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def execution(contract: Contract, one: Execution, **members: Any) -> dict[str, Any]:
    """An execution as it stands."""
    told = example(contract, "Execution") | {
        "execution_id": one.id,
        "run_id": one.run_id,
        "workflow_id": one.run_id,
        "target": one.reasoner if "." in one.reasoner else f"{NODE}.{one.reasoner}",
        "node_id": NODE,
        "status": "waiting" if one.pending else "running",
        "input": one.input,
        "attempt": one.attempt,
        "pending_approvals": list(one.pending),
    }
    if one.parent is not None:
        told["parent_execution_id"] = one.parent
    if one.end is not None:
        ended = {name: one.end[name] for name in _ENDS if name in one.end}
        told |= ended | {"completed_at": now(), "duration_ms": 5}
    return told | members


_ENDS: Final = ("status", "status_reason", "result", "error", "error_details")


def approval(
    contract: Contract, number: int, of: Execution, asked: Mapping[str, Any]
) -> dict[str, Any]:
    """A pending request, as it is asked."""
    told = {
        "id": f"apr_019a8f2e-7c00-7000-8000-{number:012d}",
        "execution_id": of.id,
        "node_id": NODE,
        "run_id": of.run_id,
        "status": "pending",
        "created_at": now(),
        "expires_at": "2099-01-05T09:30:00.000Z",
        "event_head": example(contract, "EventHead"),
        "approval_request_id": asked["approval_request_id"],
    }
    return told | {name: asked[name] for name in CONTENT if name in asked}


def decided(gate: dict[str, Any], decision: Mapping[str, Any]) -> None:
    """Decide a request: `decision`, and what comes with it."""
    word = decision["decision"]
    gate |= {"decision": word, "status": STATUS.get(word, word), "decided_at": now()}
    for name in ("feedback", "response", "reviewer"):
        if name in decision:
            gate["status_reason" if (word, name) == ("error", "feedback") else name] = decision[
                name
            ]


def callback(gate: Mapping[str, Any], attempt_id: str) -> dict[str, Any]:
    """The message that tells the agent of a decision."""
    told = {
        "execution_id": attempt_id,
        "id": gate["id"],
        "approval_request_id": gate["approval_request_id"],
        "decision": gate.get("decision", "approved"),
        "new_status": "running",
        "event_head": gate["event_head"],
    }
    told |= {name: gate[name] for name in ("feedback", "response", "reviewer") if name in gate}
    if "status_reason" in gate:
        told["feedback"] = gate["status_reason"]
    return told


def problem(status: int, code: str, detail: str, **more: Any) -> dict[str, Any]:
    """A problem, for the statuses that an agent meets."""
    titles = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict"}
    head = {"type": "about:blank", "title": titles[status], "status": status}
    return {**head, "code": code, "detail": detail, **more}
