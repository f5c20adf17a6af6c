"""Whatever stands in a body, the answer is a problem that says what would be right; never a 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest

from signoff.server.http.contract import Operation
from signoff.strict_json import dumps_text
from tests.server.http.checked import resolved
from tests.server.http.requests_of import (
    WITH_BODY,
    body_schema,
    example_of,
    headers_for,
    path_of,
)

each_operation = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda each: each.id)


async def send(
    client: httpx.AsyncClient, operation: Operation, content: bytes, **headers: str
) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await client.request(
        operation.method,
        path_of(operation),
        content=content,
        headers=headers_for(operation, content) | named,
    )
    problem: dict[str, Any] = response.json()
    return problem


BROKEN = {
    "half": b'{"a": ',
    "words": b"not json",
    "single quotes": b"{'a': 1}",
    "two values": b"{} {}",
    "trailing comma": b'{"a": 1,}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "latin-1": b'{"a": "\xe9"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "1e400": b'{"a": 1e400}',
    "lone surrogate": rb'{"a": "\ud800"}',
    "lone surrogate in a key": rb'{"\udc00": 1}',
    "key twice": b'{"a": 1, "a": 2}',
    "deep": b"[" * 100_000,
    "deep and closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "129 deep": b'{"a":' * 129 + b"1" + b"}" * 129,
    "integer of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "NUL": b"\0",
    "control character": b'{"a": "\x01"}',
}


@each_operation
async def test_what_is_no_json(client: httpx.AsyncClient, operation: Operation):
    for kind, content in BROKEN.items():
        problem = await send(client, operation, content)
        assert problem["code"] == "invalid_json", kind
        assert problem["errors"][0]["in"] == "body"
        assert problem["errors"][0]["pointer"] == ""


@each_operation
async def test_json_that_is_no_object(client: httpx.AsyncClient, operation: Operation):
    for content in (b"null", b"[]", b'"a"', b"1", b"true", b" 1.5 "):
        problem = await send(client, operation, content)
        assert problem["code"] == "invalid_request"
        assert problem["errors"] == [{"in": "body", "pointer": "", "detail": "must be an object"}]


@each_operation
async def test_no_body_where_one_is_required(client: httpx.AsyncClient, operation: Operation):
    assert operation.body is not None
    problem = await send(client, operation, b"")
    if operation.body.required:
        assert problem["code"] == "invalid_request"
        assert "is required" in problem["detail"]
    else:
        assert problem["code"] == "not_found"


@each_operation
async def test_an_optional_body_may_be_left_out_with_its_type(
    client: httpx.AsyncClient, operation: Operation
):
    assert operation.body is not None
    response = await client.request(operation.method, path_of(operation))
    assert response.json()["code"] in (
        {"not_found"} if not operation.body.required else {"invalid_request", "invalid_signature"}
    )


@each_operation
async def test_every_required_member_is_missed(client: httpx.AsyncClient, operation: Operation):
    required = body_schema(operation).get("required", [])
    if required:
        problem = await send(client, operation, b"{}")
        assert problem["code"] == "invalid_request"
        missing = {each["pointer"]: each["detail"] for each in problem["errors"]}
        assert missing == {f"/{name}": "is required" for name in required}


@each_operation
async def test_unknown_members_are_refused_where_the_contract_is_closed(
    client: httpx.AsyncClient, operation: Operation
):
    content = dumps_text(example_of(operation) | {"a/b~c": 1, "x" * 500: 2}).encode()
    problem = await send(client, operation, content)
    if body_schema(operation)["additionalProperties"]:
        assert problem.get("code") != "invalid_request"
    else:
        assert problem["code"] == "invalid_request"
        pointers = {each["pointer"] for each in problem["errors"]}
        assert pointers == {"/a~1b~0c", "/" + "x" * 100 + "…"}


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    """Values that a schema of this profile does not allow. Null: absent is the only "not given"."""
    kind = schema.get("type")
    if kind is None:
        return []
    others = {"object": {}, "array": [], "string": "1", "boolean": True, "integer": 1, "number": 1}
    same = {"number", "integer"} if kind in ("number", "integer") else {kind}
    wrong = [None, *(value for name, value in others.items() if name not in same)]
    return [*wrong, *BEYOND[kind](schema)]


def beyond_string(schema: dict[str, Any]) -> Iterator[Any]:
    if "pattern" in schema:
        yield "\0"
    if "maxLength" in schema:
        yield "a" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield ""
    if "enum" in schema:
        yield "no such word"


def beyond_number(schema: dict[str, Any]) -> Iterator[Any]:
    if schema["type"] == "integer":
        yield 1.5
        yield 2**63
        yield -(2**63) - 1
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "exclusiveMinimum" in schema:
        yield schema["exclusiveMinimum"]
    if "maximum" in schema:
        yield schema["maximum"] + 1
        yield 10**400


def beyond_array(schema: dict[str, Any]) -> Iterator[Any]:
    yield [None]
    yield [{}] * (schema["maxItems"] + 1)


def beyond_object(schema: dict[str, Any]) -> Iterator[Any]:
    if schema.get("required"):
        yield {}


BEYOND: dict[str, Callable[[dict[str, Any]], Iterator[Any]]] = {
    "string": beyond_string,
    "integer": beyond_number,
    "number": beyond_number,
    "array": beyond_array,
    "object": beyond_object,
}


def places(
    schema: dict[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every member, and every wrong value for it."""
    for name, said in schema.get("properties", {}).items():
        member = resolved(said)
        for value in wrong_values(member):
            yield (*at, name), value
        yield from places(member, (*at, name))


@each_operation
async def test_every_member_with_every_wrong_value(client: httpx.AsyncClient, operation: Operation):
    """The answer points at the place (or at one inside), and does not repeat the value."""
    for path, value in places(body_schema(operation)):
        body = example_of(operation)
        inner = body
        for name in path[:-1]:
            inner[name] = dict(inner.get(name, {}))
            inner = inner[name]
        inner[path[-1]] = value
        content = dumps_text(body).encode()
        limit = operation.body.limit if operation.body else 0
        problem = await send(client, operation, content)
        if len(content) > limit:
            assert problem["code"] == "body_too_large"
            continue
        assert problem["code"] == "invalid_request", (path, value, problem)
        pointers = {each["pointer"] for each in problem["errors"]}
        assert any(each.startswith("/" + "/".join(path)) for each in pointers), (path, pointers)


@each_operation
async def test_secrets_and_texts_are_not_repeated(client: httpx.AsyncClient, operation: Operation):
    for member in body_schema(operation)["properties"]:
        content = dumps_text(example_of(operation) | {member: ["hunter2hunter2"]}).encode()
        problem = await send(client, operation, content)
        assert "hunter2" not in dumps_text(problem)


OTHER_MEDIA_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "application/json; charset=latin-1",
    "application/json, text/plain",
    "multipart/form-data; boundary=x",
    "",
    ";",
    "application/problem+json",
)


@each_operation
async def test_other_media_types(client: httpx.AsyncClient, operation: Operation):
    for media_type in OTHER_MEDIA_TYPES:
        content = dumps_text(example_of(operation)).encode()
        problem = await send(client, operation, content, content_type=media_type)
        assert problem["code"] == "unsupported_media_type", media_type


@pytest.mark.parametrize(
    "media_type",
    ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"', "application/json;x=1"],
)
async def test_ways_to_write_the_right_media_type(client: httpx.AsyncClient, media_type: str):
    response = await client.post(
        "/api/v1/approval-requests",
        content=b'{"approval_request_id": "claim-4711"}',
        headers={"content-type": media_type},
    )
    assert response.status_code == 201


@each_operation
async def test_a_body_over_the_limit(client: httpx.AsyncClient, operation: Operation):
    assert operation.body is not None
    problem = await send(client, operation, b" " * (operation.body.limit + 1))
    assert problem["code"] == "body_too_large"
    assert str(operation.body.limit) in problem["detail"]


@each_operation
async def test_a_body_over_the_limit_that_does_not_say_so(
    client: httpx.AsyncClient, operation: Operation
):
    assert operation.body is not None
    limit = operation.body.limit
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 100_000
            yield b" " * 100_000

    response = await client.request(
        operation.method,
        path_of(operation),
        content=pieces(),
        headers=headers_for(operation, b"") | {"transfer-encoding": "chunked"},
    )
    assert response.json()["code"] == "body_too_large"
    assert sent <= limit + 200_000, "it goes on reading what it will refuse"


@each_operation
async def test_a_content_length_that_is_none(client: httpx.AsyncClient, operation: Operation):
    named = headers_for(operation, b"{}")
    sent = [(name.encode(), value.encode()) for name, value in named.items()]
    for length in ("x", "-1", "1e3", " ", "1_0", "٣", "9" * 30, "5, 5"):
        response = await client.request(
            operation.method,
            path_of(operation),
            content=b"{}",
            headers=[*sent, (b"content-length", length.encode())],
        )
        assert response.json()["code"] in ("invalid_request", "body_too_large"), length


async def test_many_faults_are_cut_to_twenty(client: httpx.AsyncClient):
    content = dumps_text({f"x{number}": 1 for number in range(1_500)}).encode()
    response = await client.post(
        "/api/v1/approval-requests", content=content, headers={"content-type": "application/json"}
    )
    problem = response.json()
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith("(and 19 more)")


@pytest.mark.parametrize(
    "path, member",
    [("/nodes/register", "reasoners"), ("/nodes/a/heartbeat", "in_hand"), ("/nodes/register", "x")],
)
async def test_half_a_million_faults_take_no_longer_than_one(
    client: httpx.AsyncClient, path: str, member: str
):
    """To gather them all would hold the server up for ten seconds."""
    wrong = "[" + ",".join(["1"] * 500_000) + "]"
    value = f'{{"executions": {wrong}}}' if member == "in_hand" else wrong
    content = f'{{"{member}": {value}}}'.encode()
    headers = {"content-type": "application/json"}
    async with asyncio.timeout(3):
        response = await client.post(f"/api/v1{path}", content=content, headers=headers)
    problem = response.json()
    assert problem["code"] == "invalid_request"
    assert len(problem["errors"]) == 1


async def test_an_integer_may_be_written_as_a_double(client: httpx.AsyncClient):
    response = await client.post(
        "/api/v1/execute/async/refund-agent.decide_refund",
        content=b'{"timeout_seconds": 600.0, "max_attempts": 1e1}',
        headers={"content-type": "application/json"},
    )
    assert response.json()["code"] == "unknown_target"
