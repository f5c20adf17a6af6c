"""A right request for every operation, made of the contract's own examples."""

from __future__ import annotations

from typing import Any

from signoff.server.http import contract
from signoff.server.http.contract import Operation
from signoff.strict_json import dumps_text
from signoff.webhook import sign_approval_response
from tests.server.http.checked import TREE, resolved

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

OPERATIONS = contract.load().operations
WITH_BODY = [operation for operation in OPERATIONS.values() if operation.body]

PATHS = {
    "node_id": "refund-agent",
    "target": "refund-agent.decide_refund",
    "execution_id": "exec_019a8f2e-7c00-7000-8000-000000000000",
    "step_key": "step.create_review.1",
    "id": "apr_019a8f2e-7c00-7000-8000-000000000001",
}


def path_of(operation: Operation, **values: str) -> str:
    return operation.path.format(**(PATHS | values))


def body_schema(operation: Operation) -> dict[str, Any]:
    said = TREE["paths"][operation.path][operation.method.lower()]
    return resolved(said["requestBody"]["content"]["application/json"]["schema"])


def example_of(operation: Operation) -> dict[str, Any]:
    example: dict[str, Any] = dict(body_schema(operation)["examples"][0])
    return example


def headers_for(operation: Operation, content: bytes) -> dict[str, str]:
    """The headers that the operation wants, for a body with these bytes."""
    headers = {"content-type": "application/json"}
    if operation.id == "addNote":
        headers["x-execution-id"] = PATHS["execution_id"]
    if operation.id == "receiveApprovalResponse":
        headers["x-webhook-signature"] = sign_approval_response(SECRET, content)
    return headers


def right_request(operation: Operation) -> dict[str, Any]:
    """The arguments of `client.request` for a request that the contract allows."""
    content = dumps_text(example_of(operation)).encode() if operation.body else b""
    headers = headers_for(operation, content)
    if not operation.body:
        headers.pop("content-type")
    return {
        "method": operation.method,
        "url": path_of(operation),
        "content": content or None,
        "headers": headers,
    }
