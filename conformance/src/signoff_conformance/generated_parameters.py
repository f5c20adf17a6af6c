"""Generated cases: methods, parameters, cursors, and things that are not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from signoff_conformance import samples
from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import Contract, Operation, Parameter

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def cases(contract: Contract) -> Iterator[Case]:
    """405, 400 of parameters, 422 of cursors, 404."""
    operations = list(contract.operations.values())
    yield _case(
        "SRV-HTTP-001",
        "A method that a path does not have is 405, with all that it has",
        "HTTP-METHODS",
        _methods(contract, operations),
    )
    yield _case(
        "SRV-HTTP-002",
        "A query parameter that is not known is 400 with its name",
        "HTTP-PARAMETERS",
        _unknown(contract, operations),
        twin="SRV-HTTP-004",
    )
    yield _case(
        "SRV-HTTP-003",
        "A parameter that does not fit is 400 with its name",
        "HTTP-PARAMETERS",
        _wrong(contract, operations),
        twin="SRV-HTTP-004",
    )
    yield _case(
        "SRV-HTTP-004",
        "Parameters that fit are not refused",
        "HTTP-PARAMETERS",
        _right(contract, operations),
    )
    yield _case(
        "SRV-HTTP-005",
        "A cursor of no list is 422 invalid_cursor",
        "LIST-CURSOR",
        _cursors(contract, operations),
    )
    yield _case(
        "SRV-HTTP-006",
        "What is not there is 404",
        "HTTP-NOT-FOUND",
        _not_found(contract, operations),
    )


def _case(
    case_id: str,
    title: str,
    requirement: str,
    variants: Iterator[Variant],
    twin: str | None = None,
) -> Case:
    return Case(
        id=case_id,
        title=title,
        requirement=requirement,
        steps=({"generated": "step"},),
        twin=twin,
        variants=tuple(variants),
    )


def _methods(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    seen: set[str] = set()
    for one in operations:
        if one.path in seen:
            continue
        seen.add(one.path)
        there = contract.methods(one.path)
        values = {part.name: samples.path_value(one, part.name) for part in _of(one, "path")}
        for method in METHODS:
            at = one.url(values)
            if method in there or contract.find(method, at) is not None:
                continue
            expect = {
                "status": 405,
                "code": "method_not_allowed",
                "headers": {"Allow": {"$all": [{"$match": rf"\b{word}\b"} for word in there]}},
            }
            step = {"raw": method, "at": at, "expect": expect}
            yield Variant(f"{method} {one.path}", {"step": step})


def _unknown(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        if one.id == "receiveApprovalResponse":
            continue  # the signature comes first
        step = samples.request(contract, one) | {"query": {"surprise": "1"}}
        yield Variant(one.id, {"step": step | {"expect": _bad("surprise", "query")}})


def _wrong(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        for part in one.parameters:
            for label, value in _wrong_values(contract, part):
                step = _with(samples.request(contract, one), part, value)
                step["expect"] = _bad(part.name, part.place)
                yield Variant(f"{one.id},{part.name},{label}", {"step": step})


def _right(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        for part in _of(one, "query"):
            for value in _right_values(contract, part):
                step = _with(samples.request(contract, one), part, value)
                step["expect"] = {"status": {"$not": 400}}
                yield Variant(f"{one.id},{part.name}={value}", {"step": step})


def _cursors(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        if not any(part.name == "cursor" for part in one.parameters):
            continue
        setup: Sequence[Mapping[str, Any]] = _SETUP.get(one.id, ())
        step = samples.request(contract, one) | {"query": {"cursor": "bm90aGluZw"}}
        if setup:
            step["path"] = {}
        step["expect"] = {"status": 422, "code": "invalid_cursor", "pointer": "/cursor"}
        yield Variant(one.id, {"before": list(setup), "step": step})


_SETUP: Final[Mapping[str, Sequence[Mapping[str, Any]]]] = {
    "listSteps": ({"scene": "run"},),
    "listExecutionEvents": ({"scene": "run"},),
    "listApprovalRequestEvents": ({"scene": "question"},),
}


def _not_found(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        if 404 not in one.responses or one.id == "receiveApprovalResponse":
            continue
        step = samples.request(contract, one)
        code = {"$one_of": list(one.responses[404].codes)}
        step["expect"] = {"status": 404, "code": code}
        yield Variant(one.id, {"step": step})


def _bad(name: str, place: str) -> dict[str, Any]:
    return {"status": 400, "code": "invalid_request", "pointer": f"/{name}", "in": place}


def _with(step: dict[str, Any], part: Parameter, value: Any) -> dict[str, Any]:
    key = {"path": "path", "query": "query", "header": "headers"}[part.place]
    return step | {key: {**step.get(key, {}), part.name: value}}


def _of(operation: Operation, place: str) -> list[Parameter]:
    return [one for one in operation.parameters if one.place == place]


def _wrong_values(contract: Contract, part: Parameter) -> Iterator[tuple[str, Any]]:
    schema = contract.resolve(part.schema)
    if part.place == "path":
        yield "a character that ids do not have", "a b"
        return
    if part.name in ("X-Webhook-Signature", "webhook-id", "webhook-timestamp", "webhook-signature"):
        return
    if schema["type"] in ("integer", "number"):
        yield "no number", "many"
        if "minimum" in schema:
            yield "too small", schema["minimum"] - 1
        if "maximum" in schema and schema["maximum"] < 2**53 - 1:
            yield "too large", schema["maximum"] + 1
    elif "enum" in schema:
        yield "no such word", "surprising"
    elif "maxLength" in schema:
        yield "too long", "x" * (schema["maxLength"] + 1)
    elif "pattern" in schema:
        yield "another form", "yesterday"


def _right_values(contract: Contract, part: Parameter) -> Iterator[Any]:
    schema = contract.resolve(part.schema)
    if part.name == "cursor" or part.name == "wait_seconds":
        return
    if schema["type"] in ("integer", "number"):
        yield from (schema[name] for name in ("minimum", "maximum") if name in schema)
    elif "enum" in schema:
        yield from schema["enum"]
    else:
        yield schema["examples"][0]
