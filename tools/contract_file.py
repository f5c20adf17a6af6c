"""Reads `openapi.yaml` and says what its schemas are used for."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT / "openapi.yaml"

Node = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class _Yaml12Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML 1.2's core words, as the other languages' parsers read them.

    PyYAML's own are those of YAML 1.1, where an unquoted time is a datetime, `no` is false
    and `1:30` is ninety.
    """

    yaml_implicit_resolvers: ClassVar[dict[str, object]] = {}


_Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)
_Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"]
)
_Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)
_Yaml12Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_Yaml12Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
_Yaml12Loader.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node))
)
_Yaml12Loader.add_constructor(
    "tag:yaml.org,2002:float", lambda loader, node: float(loader.construct_scalar(node))
)


@cache
def _contract_text(path: Path) -> str:
    # Through JSON: what stood behind a YAML anchor becomes a copy that can be changed alone.
    return json.dumps(yaml.load(path.read_text(encoding="utf-8"), _Yaml12Loader))


def load(path: Path = CONTRACT) -> Node:
    """Return the contract as plain JSON values, a fresh copy each time."""
    contract: Node = json.loads(_contract_text(path))
    return contract


def schemas(contract: Node) -> dict[str, Node]:
    """Return the named schemas, in the contract's order."""
    named: dict[str, Node] = contract["components"]["schemas"]
    return named


def schema_name(node: Any) -> str | None:
    """Return the name of the component schema that `node` refers to, if it does."""
    if not isinstance(node, dict):
        return None
    reference = node.get("$ref", "")
    prefix = "#/components/schemas/"
    return reference.removeprefix(prefix) if reference.startswith(prefix) else None


def resolve(contract: Node, node: Node) -> Node:
    """Follow `$ref` until there is none."""
    while "$ref" in node:
        found: Any = contract
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def is_free(schema: Node) -> bool:
    """Say whether `schema` holds user JSON: any value, or an object of any members."""
    if any(word in schema for word in ("$ref", "enum", "const", "oneOf", "anyOf", "allOf")):
        return False
    kind = schema.get("type")
    return kind is None or (
        kind == "object"
        and not schema.get("properties")
        and schema.get("additionalProperties", True) is True
    )


def is_scalar(schema: Node) -> bool:
    """Say whether `schema` is text, a number or a truth value, and not one of a list of words."""
    return schema.get("type") in ("string", "integer", "number", "boolean") and "enum" not in schema


def operations(contract: Node, section: str = "paths") -> Iterator[tuple[str, str, Node]]:
    """Yield (path or webhook name, method, operation)."""
    for path, item in contract.get(section, {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def media_types(contract: Node, body: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield (media type, its object) of a request body or a response."""
    if body is not None:
        yield from resolve(contract, body).get("content", {}).items()


def _reachable(contract: Node, roots: list[Any]) -> set[str]:
    found: set[str] = set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            name = schema_name(node)
            if name is not None and name not in found:
                found.add(name)
                pending.append(schemas(contract)[name])
            pending.extend(
                value for key, value in node.items() if key not in ("example", "examples")
            )
    return found


def request_schemas(contract: Node) -> set[str]:
    """Return the names of the schemas that only ever travel to the server in a body."""
    sent = [
        media["schema"]
        for _, _, operation in operations(contract)
        for _, media in media_types(contract, operation.get("requestBody"))
    ]
    return _reachable(contract, sent) - answer_schemas(contract)


def answer_schemas(contract: Node) -> set[str]:
    """Return the names of the schemas of what the server answers and sends."""
    received: list[Any] = []
    for _, _, operation in operations(contract):
        for response in operation["responses"].values():
            received.extend(media.get("schema") for _, media in media_types(contract, response))
    for _, _, operation in operations(contract, "webhooks"):
        received.extend(
            media["schema"] for _, media in media_types(contract, operation.get("requestBody"))
        )
    return _reachable(contract, received)
