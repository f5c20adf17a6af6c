"""Cases about clients and receivers that are made from the contract and the vectors.

As with those for servers, each is one case with a variant for each operation, example or vector.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from signoff_conformance import documents, places
from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import PROBLEM, Contract, Operation

KINDS: Final[Mapping[str, str]] = {
    "invalid_request": "validation",
    "invalid_json": "validation",
    "unauthorized": "auth",
    "invalid_signature": "signature",
    "forbidden": "auth",
    "untrusted_origin": "auth",
    "not_found": "not_found",
    "unknown_target": "not_found",
    "method_not_allowed": "validation",
    "already_decided": "conflict",
    "request_conflict": "conflict",
    "ambiguous_request_id": "conflict",
    "execution_finished": "conflict",
    "stale_attempt": "conflict",
    "step_conflict": "conflict",
    "idempotency_conflict": "conflict",
    "delivery_not_retryable": "conflict",
    "body_too_large": "validation",
    "unsupported_media_type": "validation",
    "invalid_input": "validation",
    "invalid_callback_url": "validation",
    "invalid_webhook_url": "validation",
    "invalid_base_url": "validation",
    "invalid_cursor": "validation",
    "internal_error": "server",
    "webhook_secret_missing": "server",
    "store_unavailable": "server",
    "shutting_down": "server",
}
"""The kind of error that each problem code is: SPEC.md, Kinds of errors."""

_RESPONSE: Final = '{"requestId":"gate","decision":"approved"}'


def cases(contract: Contract) -> Iterator[Case]:
    """All of them."""
    yield _kinds(contract)
    yield _codec(contract)
    yield from _signatures()


def _kinds(contract: Contract) -> Case:
    variants = []
    for operation in contract.operations.values():
        for status, response in operation.responses.items():
            if status >= 400 and PROBLEM in response.content:
                variants += [_kind(operation, status, code) for code in response.codes]
    steps: list[Mapping[str, Any]] = [
        {"wire": [{"do": "answer", "of": "*", "status": "${status}", "body": "${problem}",
                   "times": "all"}]},
        {"call": "${op}", "args": "${args}"},
        {"until": "${op}"},
        {"raises": {"kind": "${kind}", "code": "${code}", "status": "${status}"}},
    ]  # fmt: skip
    title = "Every problem that the contract has for an operation reaches the caller by its kind"
    return Case("CLI-KINDS-100", title, "CLI-R-KINDS", steps, variants=tuple(variants))


def _kind(operation: Operation, status: int, code: str) -> Variant:
    problem = {"type": "about:blank", "title": "T", "status": status, "code": code, "detail": "d"}
    values = {
        "op": operation.id,
        "args": arguments(operation.id),
        "status": status,
        "code": code,
        "kind": KINDS.get(code, f"no kind: {code}"),
        "problem": problem,
    }
    return Variant(f"{operation.id},{status},{code}", values)


def arguments(operation_id: str) -> Mapping[str, Any]:
    """Arguments that an operation can be called with: those of CLI-NAMES-001."""
    if operation_id in _arguments():
        return _arguments()[operation_id]
    if operation_id == "receiveApprovalResponse":
        return {"body": _RESPONSE, "headers": {"X-Webhook-Signature": "sha256=0"}}
    return {"execution_id": "exec_1"} if operation_id == "streamExecutionEvents" else {}


@cache
def _arguments() -> Mapping[str, Mapping[str, Any]]:
    rows = documents.load(places.CASES / "client" / "operations.yaml")[0]["each"]
    return {row["op"]: row["args"] for row in reversed(rows)}


def _is_type(contract: Contract, name: str) -> bool:
    schema = contract.document["components"]["schemas"][name]
    return "enum" in schema or "properties" in schema


def _codec(contract: Contract) -> Case:
    rows = documents.load(places.VECTORS / "contract_examples.json")
    variants = tuple(
        Variant(
            row["id"],
            {"type": row["schema"], "text": row["value"], "value": json.loads(row["value"])},
        )
        for row in rows
        # Strings with a shape are strings in every language; the input of a dispatch is user JSON.
        if _is_type(contract, row["schema"])
    )
    steps = [
        {"codec": {"type": "${type}", "text": "${text}"}, "gives": {"$exact": "${value}"}},
    ]
    title = "Every example of the contract is read and written again as the same value"
    return Case("CLI-CODEC-001", title, "CLI-R-VALUES", steps, variants=variants)


def _signatures() -> Iterator[Case]:
    vectors = documents.load(places.VECTORS / "webhook_signatures.json")["cases"]
    good = [_vector(row, {"gives": row["verified"]}) for row in vectors if "verified" in row]
    bad = [
        _vector(row, {"fails": {"kind": "signature", "reason": row["reason"]}})
        for row in vectors
        if "reason" in row
    ]
    steps: list[Mapping[str, Any]] = [{"receive": "${message}", "outcome": "${outcome}"}]
    believed = "A message that one of the secrets has signed in time is believed"
    yield Case("HOOK-SIGN-001", believed, "HOOK-R-SIGNATURE", steps, variants=tuple(good))
    refused = "A message that is not signed so is not believed, and the reason is told"
    yield Case("HOOK-SIGN-002", refused, "HOOK-R-SIGNATURE", steps, variants=tuple(bad))


def _vector(row: Mapping[str, Any], outcome: Mapping[str, Any]) -> Variant:
    names = ("headers", "secrets", "now")
    message = {name: row[name] for name in names} | {"form": row["verify"]}
    body = {"base64": row["body_base64"]} if "body_base64" in row else {"body": row["body"]}
    return Variant(row["name"], {"message": message | body, "outcome": outcome})
