"""What goes over the wire while a case runs, and whether it fits the contract, both ways.

Every answer of the server must be one that the contract has; what it accepts must be what the
contract allows, and what it refuses as a bad request must not be; every message that it sends must
fit too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from signoff_conformance.contract import JSON, PROBLEM, Contract, Operation

LONGEST_SHOWN = 4_000
SECRETS = ("x-api-key", "authorization")


@dataclass(slots=True)
class Exchange:
    """A request and its answer: to the server, or from it to an agent or subscriber."""

    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str]
    body: bytes
    status: int = 0
    """0 while there is no answer, or where none came."""
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    answer: bytes = b""
    message: str | None = None
    """Of what the server has sent: its name under ``webhooks``. None for requests to the server."""
    note: str = ""
    """What became of it, where that is not an answer."""

    def json(self) -> Any:
        """The answer as JSON; None when it is none."""
        return _json(self.answer)

    def request_json(self) -> Any:
        """The body of the request as JSON; None when it is none."""
        return _json(self.body)

    def shown(self) -> dict[str, Any]:
        """For the transcript; keys are not shown."""
        told: dict[str, Any] = {
            "direction": "to_server" if self.message is None else "from_server",
            "request": f"{self.method} {self.path}",
            "headers": {
                name: "…" if name.lower() in SECRETS else value
                for name, value in self.headers.items()
            },
            "body": _shown(self.body),
            "status": self.status,
            "answer_headers": dict(self.answer_headers),
            "answer": _shown(self.answer),
        }
        if self.note:
            told["note"] = self.note
        return told


def violations(contract: Contract, exchange: Exchange) -> list[str]:
    """How an exchange breaks the contract, in words."""
    if exchange.message is not None:
        return _of_message(contract, contract.messages.get(exchange.message), exchange)
    if not exchange.status:
        return []
    operation = contract.find(exchange.method, exchange.path)
    if operation is None:
        return list(_of_no_operation(contract, exchange))
    where = f"{operation.id} answered {exchange.status}"
    return [f"{where}: {line}" for line in _of_answer(contract, operation, exchange)]


def _of_answer(contract: Contract, operation: Operation, exchange: Exchange) -> Iterator[str]:
    response = operation.responses.get(exchange.status)
    if response is None:
        yield "the contract has no such answer of this operation"
        return
    for name in response.headers:
        if name.lower() not in exchange.answer_headers:
            yield f"the header {name} is missing"
    media = exchange.answer_headers.get("content-type", "").partition(";")[0]
    if not response.content:
        if exchange.answer:
            yield "the contract has no body for it"
    elif media not in response.content:
        yield f"Content-Type is {media or 'missing'}, not {' or '.join(response.content)}"
    elif media in (JSON, PROBLEM):
        value = exchange.json()
        yield from contract.faults(response.content[media], value)
        if media == PROBLEM and isinstance(value, Mapping):
            yield from _of_problem(response.codes, exchange.status, value)
    yield from _of_request(contract, operation, exchange)


def _of_problem(codes: Sequence[str], status: int, value: Mapping[str, Any]) -> Iterator[str]:
    if value.get("status") != status:
        yield f"/status: is {value.get('status')}"
    if value.get("code") not in codes:
        yield f"/code: is {value.get('code')}, which is not one of {', '.join(codes)}"


def _of_request(contract: Contract, operation: Operation, exchange: Exchange) -> Iterator[str]:
    """Whether what it accepted is allowed."""
    if operation.body is None or exchange.status >= 300:
        return
    if exchange.body and _is_json(exchange.body):
        for line in contract.faults(operation.body, _json(exchange.body)):
            yield f"it accepted a body that the contract forbids: {line}"


def _of_no_operation(contract: Contract, exchange: Exchange) -> Iterator[str]:
    if not exchange.path.startswith("/api/v1/"):
        return
    schema = {"$ref": "#/components/schemas/Problem"}
    for line in contract.faults(schema, exchange.json()):
        yield f"{exchange.method} {exchange.path} answered {exchange.status}: {line}"


def _of_message(contract: Contract, message: Operation | None, exchange: Exchange) -> list[str]:
    if message is None:
        return [f"the server sent {exchange.message}, which the contract does not have"]
    lines = []
    if message.body is not None:
        if not _is_json(exchange.body):
            lines.append("the body is no JSON")
        else:
            lines += contract.faults(message.body, _json(exchange.body))
    names = {name.lower() for name in exchange.headers}
    lines += [
        f"the header {one.name} is missing"
        for one in message.parameters
        if one.required and one.name.lower() not in names
    ]
    return [f"the message {exchange.message}: {line}" for line in lines]


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _shown(body: bytes) -> Any:
    if not body:
        return None
    if len(body) > LONGEST_SHOWN:
        return f"{len(body)} bytes"
    try:
        value = json.loads(body, parse_constant=str)
        json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
        return value
    except (ValueError, RecursionError):
        pass
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
