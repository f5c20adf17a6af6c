"""The contract, read from ``openapi.yaml``: its operations, what they answer, and what fits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import yaml
from jsonschema_rs import Draft202012Validator, ValidationError

from signoff_conformance import places

BODY_LIMIT: Final = 1024 * 1024
LIMITS: Final[Mapping[str, int]] = {"reportExecutionStatus": 10 * 1024 * 1024}
"""The longest bodies, in bytes: openapi.yaml, Conventions."""

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Response:
    """What an operation may answer with one status."""

    content: Mapping[str, Mapping[str, Any]]
    """Media types and their schemas; empty when there is no body."""
    codes: tuple[str, ...]
    """The problem codes that it may have."""
    headers: tuple[str, ...]
    """Headers that it must have."""
    unreachable: str | None = None
    """Why no test can bring it about."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path, the query or a header."""

    name: str
    place: str
    required: bool
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the server, or one message that the server sends."""

    id: str
    method: str
    path: str
    """A template such as ``/api/v1/nodes/{node_id}``; the name of the message for one it sends."""
    roles: frozenset[str]
    """Who may call it; empty: whoever."""
    parameters: Sequence[Parameter]
    body: Mapping[str, Any] | None
    """The schema of the body; None when it has none."""
    body_required: bool
    responses: Mapping[int, Response]
    pattern: re.Pattern[str] = field(repr=False)

    @property
    def limit(self) -> int:
        """The longest body in bytes."""
        return LIMITS.get(self.id, BODY_LIMIT)

    def url(self, values: Mapping[str, Any]) -> str:
        """The path with the values put in, as they are: a case escapes what it wants escaped."""
        return re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]), self.path)


class Contract:
    """``openapi.yaml``."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Draft202012Validator] = {}

    @classmethod
    @cache
    def load(cls, path: Path = places.CONTRACT) -> Contract:
        """Read it, once: all that read the same file have the same one, and its validators."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cls(yaml.load(path.read_text(encoding="utf-8"), Loader=loader))  # noqa: S506

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """The operations by operationId, in the order of the file."""
        return {one.id: one for one in self._operations("paths")}

    @cached_property
    def messages(self) -> Mapping[str, Operation]:
        """What the server sends, by its name under ``webhooks``."""
        return {one.path: one for one in self._operations("webhooks")}

    @cached_property
    def codes(self) -> Sequence[str]:
        """All problem codes."""
        return list(self.document["components"]["schemas"]["ProblemCode"]["enum"])

    def find(self, method: str, path: str) -> Operation | None:
        """The operation of a request; paths with fewer parameters go first."""
        plain = path.partition("?")[0]
        for one in self._by_rank:
            if one.method == method and one.pattern.fullmatch(plain):
                return one
        return None

    def methods(self, path: str) -> set[str]:
        """The methods that a path template has."""
        return {one.method for one in self.operations.values() if one.path == path}

    def faults(self, schema: Mapping[str, Any], value: Any) -> list[str]:
        """How a value does not fit a schema of the contract: a line for each place."""
        return [_line(error) for error in self.errors(schema, value)]

    def errors(self, schema: Mapping[str, Any], value: Any) -> Iterator[ValidationError]:
        """The same as the validator has it, with the kind of each."""
        return iter(self._validator(schema).iter_errors(value))

    def fits(self, schema: Mapping[str, Any], value: Any) -> bool:
        """Whether a value fits a schema of the contract."""
        return bool(self._validator(schema).is_valid(value))

    def example(self, schema: Mapping[str, Any]) -> Any:
        """The first example of a schema that the contract names."""
        found = self.resolve(schema)
        return found["examples"][0] if "examples" in found else None

    def resolve(self, node: Any) -> Any:
        """A node of the document, with its ``$ref`` followed."""
        while isinstance(node, Mapping) and "$ref" in node:
            found: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            node = found
        return node

    @cached_property
    def _by_rank(self) -> list[Operation]:
        return sorted(self.operations.values(), key=lambda one: one.path.count("{"))

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"components": self.document["components"], "allOf": [schema]}
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]

    def _operations(self, section: str) -> Iterator[Operation]:
        for path, item in self.document.get(section, {}).items():
            for method in ("get", "post", "put", "patch", "delete"):
                if method in item:
                    yield self._operation(path, method.upper(), item, item[method])

    def _operation(
        self, path: str, method: str, item: Mapping[str, Any], node: Mapping[str, Any]
    ) -> Operation:
        body = self.resolve(node.get("requestBody", {}))
        content = body.get("content", {})
        parameters = [*item.get("parameters", ()), *node.get("parameters", ())]
        return Operation(
            id=node["operationId"],
            method=method,
            path=path,
            roles=frozenset(role for entry in node["security"] for role in entry["apiKey"]),
            parameters=[self._parameter(one) for one in parameters],
            body=content[JSON]["schema"] if JSON in content else None,
            body_required=bool(body.get("required")),
            responses={
                int(status): self._response(response)
                for status, response in node["responses"].items()
            },
            pattern=re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))),
        )

    def _parameter(self, node: Mapping[str, Any]) -> Parameter:
        one = self.resolve(node)
        required = bool(one.get("required"))
        return Parameter(one["name"], one["in"], required, one["schema"])

    def _response(self, node: Mapping[str, Any]) -> Response:
        one = self.resolve(node)
        headers = one.get("headers", {})
        return Response(
            content={
                media: kind.get("schema", {}) for media, kind in one.get("content", {}).items()
            },
            codes=tuple(one.get("x-problem-codes", ())),
            headers=tuple(name for name in headers if self.resolve(headers[name]).get("required")),
            unreachable=node.get("x-unreachable") or one.get("x-unreachable"),
        )


def path_values(operation: Operation, path: str) -> Mapping[str, str]:
    """The values that a path has for the parameters of the operation."""
    names = re.findall(r"\{(\w+)\}", operation.path)
    pattern = re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(operation.path))
    match = re.fullmatch(pattern, path.partition("?")[0])
    return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}


def _line(error: Any) -> str:
    place = "/" + "/".join(str(part) for part in error.instance_path)
    message = error.message if len(error.message) <= 200 else error.message[:200] + "…"
    return f"{place}: {message}"
