"""Generated cases: bodies that are too large, of another type, no JSON, or do not fit."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from signoff_conformance import samples
from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import Contract, Operation

SIGNED: Final = "receiveApprovalResponse"

NO_JSON: Final[Mapping[str, bytes]] = {
    "cut off": b'{"a": 1',
    "nan": b'{"a": NaN}',
    "beyond a double": b'{"a": 1e400}',
    "half a surrogate pair": b'{"a": "\\ud800"}',
    "key twice": b'{"a": 1, "a": 2}',
    "not utf-8": b'{"a": "\xff"}',
    "nested too deep": b'{"a": ' + b"[" * 128 + b"]" * 128 + b"}",
    "two values": b"{} {}",
}


def cases(contract: Contract) -> Iterator[Case]:
    """413, 415, 400 invalid_json, 400 invalid_request of bodies."""
    operations = [one for one in contract.operations.values() if one.body is not None]
    yield from _forms(contract, operations)
    yield from _contents(contract, operations)


def _forms(contract: Contract, operations: list[Operation]) -> Iterator[Case]:
    """What is looked at before what a body says: its length, its type, whether it is JSON."""
    over = "A body over the limit is 413"
    yield _case("001", over, "BODY-LIMIT", _too_large(operations, over=True), "002")
    just = "A body of just the limit is not too large"
    yield _case("002", just, "BODY-LIMIT", _too_large(operations, over=False))
    other = "A body that is not application/json is 415"
    yield _case("003", other, "BODY-TYPE", _other_type(contract, operations), "005")
    yield _case(
        "004",
        "A body that is no JSON is 400 invalid_json",
        "BODY-JSON",
        _no_json(operations),
        "005",
    )
    fits = "A body that fits is not refused for its form"
    yield _case("005", fits, "BODY-FITS", _fitting(contract, operations))


def _contents(contract: Contract, operations: list[Operation]) -> Iterator[Case]:
    """What a body says: members that are missing, of another type, or not known."""
    missing = "A required member that is missing is 400 with its pointer"
    yield _case("006", missing, "BODY-FITS", _missing(contract, operations), "005")
    mistyped = "A member of another type, null too, is 400 with its pointer"
    yield _case("007", mistyped, "BODY-FITS", _mistyped(contract, operations), "005")
    closed = "An unknown member of a closed body is 400 with its pointer"
    yield _case("008", closed, "BODY-CLOSED", _unknown(contract, operations, closed=True), "009")
    is_open = "An unknown member of an open body is no fault"
    yield _case("009", is_open, "BODY-CLOSED", _unknown(contract, operations, closed=False))


def _case(
    number: str,
    title: str,
    requirement: str,
    variants: Iterator[Variant],
    twin: str | None = None,
) -> Case:
    return Case(
        id=f"SRV-BODY-{number}",
        title=title,
        requirement=requirement,
        steps=({"generated": "step"},),
        twin=f"SRV-BODY-{twin}" if twin else None,
        variants=tuple(variants),
    )


def _step(
    operation: Operation, raw: bytes, expect: Mapping[str, Any], content_type: str | None = None
) -> dict[str, Any]:
    """The sample request with another body; signed where that comes first."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    encoded = base64.b64encode(raw).decode()
    if operation.id == SIGNED:
        return {"signed": {}, "base64": encoded, "headers": headers, "expect": expect}
    path = {
        one.name: samples.path_value(operation, one.name)
        for one in operation.parameters
        if one.place == "path"
    }
    for one in operation.parameters:
        if one.place == "header" and one.required:
            headers[one.name] = f"exec_{samples.NOWHERE}"
    return {
        "call": operation.id,
        "path": path,
        "headers": headers,
        "base64": encoded,
        "expect": expect,
    }


def _too_large(operations: list[Operation], *, over: bool) -> Iterator[Variant]:
    refused = {"status": 413, "code": "body_too_large"}
    for one in operations:
        size = one.limit + 1 if over else one.limit
        expect: Mapping[str, Any] = refused if over else {"status": {"$not": 413}}
        # Made when it is sent: as many megabytes as there are operations would lie about.
        step = _step(one, b"", expect) | {"size": size}
        del step["base64"]
        yield Variant(one.id, {"step": step})
        # What does not say how long it is has to be counted as it comes.
        unsaid = {**step.get("headers", {}), "Transfer-Encoding": "chunked"}
        yield Variant(f"{one.id},no length", {"step": step | {"headers": unsaid}})


def _other_type(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    expect = {"status": 415, "code": "unsupported_media_type"}
    for one in operations:
        raw = json.dumps(samples.body(contract, one)).encode()
        for media in ("text/plain", "application/x-www-form-urlencoded"):
            yield Variant(f"{one.id},{media}", {"step": _step(one, raw, expect, media)})


def _no_json(operations: list[Operation]) -> Iterator[Variant]:
    expect = {"status": 400, "code": "invalid_json"}
    for one in operations:
        for name, raw in NO_JSON.items():
            yield Variant(f"{one.id},{name}", {"step": _step(one, raw, expect)})


def _fitting(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    expect = {"status": {"$not": {"$one_of": [400, 413, 415]}}}
    for one in operations:
        raw = json.dumps(samples.body(contract, one)).encode()
        for media in ("application/json", "application/json; charset=utf-8"):
            yield Variant(f"{one.id},{media}", {"step": _step(one, raw, expect, media)})


def _missing(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        schema = contract.resolve(one.body)
        whole = samples.body(contract, one)
        for name in schema.get("required", ()):
            raw = {key: value for key, value in whole.items() if key != name}
            yield _refused(one, raw, name, name)


def _mistyped(contract: Contract, operations: list[Operation]) -> Iterator[Variant]:
    for one in operations:
        whole = samples.body(contract, one)
        for name, schema in contract.resolve(one.body).get("properties", {}).items():
            kind = contract.resolve(schema).get("type")
            if kind is None:
                continue  # user JSON is of any type
            for label, wrong in (("null", None), ("other type", _OTHER[kind])):
                yield _refused(one, {**whole, name: wrong}, name, f"{name},{label}")


_OTHER: Final[Mapping[str, Any]] = {
    "string": 7,
    "integer": "7",
    "number": "7",
    "boolean": "true",
    "object": [],
    "array": {},
}


def _refused(operation: Operation, raw: Any, name: str, label: str) -> Variant:
    expect = {"status": 400, "code": "invalid_request", "pointer": f"/{name}", "in": "body"}
    step = _step(operation, json.dumps(raw).encode(), expect)
    return Variant(f"{operation.id},{label}", {"step": step})


def _unknown(contract: Contract, operations: list[Operation], *, closed: bool) -> Iterator[Variant]:
    for one in operations:
        if (contract.resolve(one.body).get("additionalProperties") is False) != closed:
            continue
        raw = {**samples.body(contract, one), "surprise": 1}
        if closed:
            yield _refused(one, raw, "surprise", "surprise")
            odd = {**samples.body(contract, one), "a~b/c": 1}
            yield _refused(one, odd, "a~0b~1c", "a~b/c")
        else:
            step = _step(one, json.dumps(raw).encode(), {"status": {"$not": 400}})
            yield Variant(one.id, {"step": step})
