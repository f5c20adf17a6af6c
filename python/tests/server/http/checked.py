"""A client that holds every answer of the server against `openapi.yaml`."""

from __future__ import annotations

import re
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

from signoff.server.http import contract
from signoff.strict_json import loads_strict

TREE: dict[str, Any] = dict(contract.load().tree)

PROBLEM = "application/problem+json"


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = TREE
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": TREE["components"]})


PROBLEMS = validator({"$ref": "#/components/schemas/Problem"})
CODES = set(TREE["components"]["schemas"]["ProblemCode"]["enum"])


def path_item(path: str) -> dict[str, Any] | None:
    """What the contract says of a path; those without parameters go first."""
    for template in sorted(TREE["paths"], key=lambda each: each.count("{")):
        pattern = re.sub(r"{\w+}", "[^/]+", template.replace(".", r"\."))
        if re.fullmatch(pattern, path):
            found: dict[str, Any] = TREE["paths"][template]
            return found
    return None


def check(response: httpx.Response) -> None:
    """Fail when the contract does not describe this answer to this request."""
    request = response.request
    item = path_item(request.url.raw_path.decode().partition("?")[0])
    said = item.get(request.method.lower()) if item else None
    if said is None:
        assert response.status_code == (404 if item is None else 405)
        check_problem(response, {"not_found" if item is None else "method_not_allowed"})
        return
    where = f"{said['operationId']} answered {response.status_code}: {response.text[:300]}"
    answer = said["responses"].get(str(response.status_code))
    assert answer is not None, f"not in the contract: {where}"
    answer = resolved(answer)
    for name, header in answer.get("headers", {}).items():
        assert name in response.headers or not resolved(header).get("required"), f"{name}: {where}"
    content = answer.get("content", {})
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if not content:
        assert not response.content, where
        return
    assert media_type in content, f"{media_type}: {where}"
    if media_type == PROBLEM:
        check_problem(response, set(answer["x-problem-codes"]))
    elif media_type == "application/json":
        schema = content[media_type]["schema"]
        faults = [
            str(each) for each in validator(schema).iter_errors(loads_strict(response.content))
        ]
        assert not faults, f"{faults}: {where}"


def check_problem(response: httpx.Response, codes: set[str]) -> None:
    assert response.headers["content-type"] == PROBLEM
    if response.request.method == "HEAD":
        return
    problem = loads_strict(response.content)
    faults = [str(each) for each in PROBLEMS.iter_errors(problem)]
    assert not faults, faults
    assert problem["code"] in codes & CODES, problem
    assert problem["status"] == response.status_code
    assert len(response.content) < 20_000, "a problem repeats what was sent"


class CheckedTransport(httpx.AsyncBaseTransport):
    """Passes requests on, and checks what comes back."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            await response.aread()
            response.request = request
            check(response)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
