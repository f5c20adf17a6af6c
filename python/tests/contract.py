"""The contract, for tests that compare code with it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).parents[2] / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch")


@cache
def contract() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = contract()
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """By operationId: method, path, and the operation with the parameters of its path."""
    found = {}
    for path, item in contract()["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                shared = item.get("parameters", [])
                parameters = [resolved(p) for p in shared + operation.get("parameters", [])]
                whole = {**operation, "parameters": parameters}
                found[operation["operationId"]] = (method.upper(), path, whole)
    return found


def example(operation_id: str) -> Any:
    """An answer of the operation, from the examples of its schema; None when it has no JSON."""
    _, _, operation = operations()[operation_id]
    for status in ("200", "201", "202"):
        media = operation["responses"].get(status, {}).get("content", {}).get("application/json")
        if media:
            return resolved(media["schema"])["examples"][0]
    return None
