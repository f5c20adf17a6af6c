"""The contract as the server uses it: its operations, each with the rules for what comes in.

Nothing about paths, parameters, bodies, limits or roles is written down a second time: it is read
from `openapi.yaml`, once, at start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml
from jsonschema_rs import Draft202012Validator

from signoff.server.domain.principal import Role

PREFIX: Final = "/api/v1"
"""What the path of every operation starts with."""

BODY_LIMIT: Final = 1024 * 1024
"""Bytes that a body may have."""

LARGE_BODY_LIMIT: Final = 10 * 1024 * 1024
"""Bytes that the body of a status report may have: results are the large things."""

_LARGE: Final = frozenset({"reportExecutionStatus"})
_NAMES: Final = re.compile(r"{(\w+)}")
_PROSE: Final = frozenset({"description", "examples", "example", "default"})
_INT64: Final = {"minimum": -(2**63), "maximum": 2**63 - 1}
_METHODS: Final = ("get", "put", "post", "delete", "patch")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    """As on the wire. Names of headers in lower case."""
    spelled: str
    """As the contract writes it, for people."""
    where: str
    """``path``, ``query`` or ``header``."""
    kind: str
    """``string``, ``integer`` or ``number``."""
    required: bool
    default: Any
    """None when the contract gives none."""
    validator: Draft202012Validator


@dataclass(frozen=True, slots=True)
class BodyRule:
    """What the body of an operation has to be."""

    required: bool
    limit: int
    """Bytes."""
    defaults: Mapping[str, Any]
    """Members that the contract gives a value when they are absent."""
    integers: tuple[tuple[str, ...], ...]
    """Where integers stand, as paths of members: ``1.0`` is one by JSON Schema, and becomes 1."""
    validator: Draft202012Validator


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is addressed, who may call it, what it takes."""

    id: str
    method: str
    path: str
    """With ``{name}`` in the place of parameters."""
    tag: str
    roles: frozenset[Role]
    """Who may call it; empty: everybody, without a key."""
    path_parameters: tuple[Parameter, ...]
    """In the order of the path."""
    query_parameters: Mapping[str, Parameter]
    defaults: Mapping[str, Any]
    """The query parameters that have a value when they are not given."""
    header_parameters: tuple[Parameter, ...]
    body: BodyRule | None
    headers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Every status that it may answer with, and the headers promised for it, in lower case."""

    @property
    def needs_the_store(self) -> bool:
        """Whether it may be unavailable; one that may not answers whatever the store does."""
        return 503 in self.headers


@dataclass(frozen=True, slots=True)
class Contract:
    """`openapi.yaml`: its text as served, its tree, its operations by id."""

    text: bytes
    tree: Mapping[str, Any]
    operations: Mapping[str, Operation]


@cache
def load() -> Contract:
    """Read the contract that the package carries."""
    text = files("signoff").joinpath("openapi.yaml").read_bytes()
    return parse(text)


def parse(text: bytes) -> Contract:
    """Read a contract.

    Raises:
        yaml.YAMLError: it is no YAML.
        KeyError, ValueError: it is no contract of this project's profile.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    tree = yaml.load(text, loader)  # noqa: S506 - one of the two safe ones
    reader = _Reader(tree)
    found = [
        reader.operation(path, item, method)
        for path, item in tree["paths"].items()
        for method in _METHODS
        if method in item
    ]
    return Contract(text, tree, {operation.id: operation for operation in found})


class _Reader:
    """Reads operations off the tree of one contract."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self._tree = tree
        self._validators: dict[str, Draft202012Validator] = {}

    def operation(self, path: str, item: Mapping[str, Any], method: str) -> Operation:
        if not path.startswith(PREFIX + "/"):
            raise ValueError(f"{path} does not start with {PREFIX}/")
        said = item[method]
        parameters = [
            self._parameter(self._resolved(each))
            for each in [*item.get("parameters", ()), *said.get("parameters", ())]
        ]
        by_place = {
            where: {each.name: each for each in parameters if each.where == where}
            for where in ("path", "query", "header")
        }
        return Operation(
            id=said["operationId"],
            method=method.upper(),
            path=path,
            tag=said["tags"][0],
            roles=frozenset(Role(role) for way in said["security"] for role in way["apiKey"]),
            path_parameters=tuple(by_place["path"][name] for name in _NAMES.findall(path)),
            query_parameters=by_place["query"],
            defaults={
                each.name: each.default
                for each in by_place["query"].values()
                if each.default is not None
            },
            header_parameters=tuple(by_place["header"].values()),
            body=self._body(said),
            headers={
                int(status): frozenset(map(str.lower, self._resolved(answer).get("headers", ())))
                for status, answer in said["responses"].items()
            },
        )

    def _parameter(self, said: Mapping[str, Any]) -> Parameter:
        schema = self._resolved(said["schema"])
        where = said["in"]
        return Parameter(
            name=said["name"].lower() if where == "header" else said["name"],
            spelled=said["name"],
            where=where,
            kind=schema["type"],
            required=said.get("required", False),
            default=schema.get("default"),
            validator=self._validator(said["schema"]),
        )

    def _body(self, said: Mapping[str, Any]) -> BodyRule | None:
        if "requestBody" not in said:
            return None
        schema = said["requestBody"]["content"]["application/json"]["schema"]
        members = self._resolved(schema)["properties"]
        return BodyRule(
            required=said["requestBody"].get("required", False),
            limit=LARGE_BODY_LIMIT if said["operationId"] in _LARGE else BODY_LIMIT,
            defaults={
                name: self._resolved(member)["default"]
                for name, member in members.items()
                if "default" in self._resolved(member)
            },
            integers=tuple(self._integers(schema)),
            validator=self._validator(schema),
        )

    def _integers(self, schema: Mapping[str, Any]) -> list[tuple[str, ...]]:
        resolved = self._resolved(schema)
        if resolved.get("type") == "integer":
            return [()]
        members = resolved.get("properties", {})
        return [
            (name, *rest) for name, member in members.items() for rest in self._integers(member)
        ]

    def _validator(self, schema: Mapping[str, Any]) -> Draft202012Validator:
        whole = self._whole(schema)
        key = repr(whole)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(whole)
        return self._validators[key]

    def _whole(self, node: Any) -> Any:
        """A schema with everything that it refers to written out, and no prose."""
        if isinstance(node, list):
            return [self._whole(each) for each in node]
        if not isinstance(node, dict):
            return node
        whole = {
            name: {each: self._whole(member) for each, member in said.items()}
            if name == "properties"
            else self._whole(said)
            for name, said in self._resolved(node).items()
            if name not in _PROSE
        }
        # To a validator a format is a remark; to every client it is the type of the field.
        return _INT64 | whole if whole.get("format") == "int64" else whole

    def _resolved(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in node:
            target: Any = self._tree
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node
