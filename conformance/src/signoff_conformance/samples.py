"""One request to each operation that fits the contract and refers to nothing that is there."""

from __future__ import annotations

from typing import Any, Final

from signoff_conformance import profiles
from signoff_conformance.contract import Contract, Operation

NOWHERE: Final = "00000000-0000-7000-8000-000000000000"

PATH: Final[dict[str, str]] = {
    "node_id": "${node}",
    "execution_id": f"exec_{NOWHERE}",
    "step_key": "step.nothing.1",
    "target": "${node}.nothing",
}

_IDS: Final = {"deliveries": f"msg_{NOWHERE}", "approval-requests": f"apr_{NOWHERE}"}


def request(contract: Contract, operation: Operation) -> dict[str, Any]:
    """A ``call`` step of the operation."""
    step: dict[str, Any] = {"call": operation.id, "path": {}}
    for one in operation.parameters:
        if one.place == "path":
            step["path"][one.name] = path_value(operation, one.name)
        elif one.place == "header" and one.required:
            step.setdefault("headers", {})[one.name] = f"exec_{NOWHERE}"
    if operation.body is not None:
        step["body"] = body(contract, operation)
    return step


def body(contract: Contract, operation: Operation) -> Any:
    """A body that fits; the node that registers is that of the cases."""
    value = contract.example(operation.body or {})
    if operation.id == "registerNode":
        return {**value, "id": profiles.NODE, "base_url": "http://127.0.0.1:9/nobody"}
    if operation.id in ("execute", "executeAsync"):
        return {"input": {}}
    return value


def path_value(operation: Operation, name: str) -> str:
    """A value of a path parameter that fits and names nothing, but for nodes."""
    if name == "id":
        return next(value for word, value in _IDS.items() if word in operation.path)
    return PATH[name]
