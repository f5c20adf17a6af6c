"""Parameters: read exactly, or refused with their place and what would be right."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.server.http.requests_of import OPERATIONS, path_of, right_request

ALL = list(OPERATIONS.values())
LISTS = [each for each in ALL if "limit" in each.query_parameters]
WAITS = [each for each in ALL if "wait_seconds" in each.query_parameters]


async def faults_of(client: httpx.AsyncClient, url: str, **sent: Any) -> list[dict[str, str]]:
    problem = (await client.get(url, **sent)).json()
    assert problem["code"] == "invalid_request", problem
    faults: list[dict[str, str]] = problem["errors"]
    return faults


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.id)
async def test_unknown_query_parameters_are_refused(client: httpx.AsyncClient, operation: Any):
    request = right_request(operation)
    response = await client.request(**request | {"url": request["url"] + "?no=1&a%2Fb=2"})
    problem = response.json()
    assert problem["code"] == "invalid_request"
    assert [each["pointer"] for each in problem["errors"]] == ["/no", "/a~1b"]
    assert {each["in"] for each in problem["errors"]} == {"query"}


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.id)
async def test_path_parameters_that_are_no_ids(client: httpx.AsyncClient, operation: Any):
    for parameter in operation.path_parameters:
        for bad in ("%00", "%2F", "a%20b", "%FF", "%E2%82%AC", "a" * 400, "a%0Ab", "%252F"):
            request = right_request(operation)
            url = operation.path.replace(f"{{{parameter.name}}}", bad)
            for other in operation.path_parameters:
                url = url.replace(
                    f"{{{other.name}}}", "node.reasoner" if other.name == "target" else "a"
                )
            problem = (await client.request(**request | {"url": url})).json()
            assert problem["code"] == "invalid_request", (bad, problem)
            fault = problem["errors"][0]
            assert (fault["in"], fault["pointer"]) == ("path", f"/{parameter.name}")


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.id)
async def test_limits_that_are_none(client: httpx.AsyncClient, operation: Any):
    for bad in ("", "0", "-1", "201", "1e2", " 5", "5 ", "+5", "1_0", "05", "5.0", "٥", "0x5",
                "9" * 30, "9" * 5000, "NaN", "null", "5,6"):  # fmt: skip
        [fault] = await faults_of(client, path_of(operation), params={"limit": bad})
        assert (fault["in"], fault["pointer"]) == ("query", "/limit"), bad
        assert "9" * 50 not in fault["detail"]


@pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.id)
async def test_cursors_that_are_none(client: httpx.AsyncClient, operation: Any):
    for bad in ("", "a b", "a" * 501, "a/b", "=", "\0"):
        [fault] = await faults_of(client, path_of(operation), params={"cursor": bad})
        assert fault["pointer"] == "/cursor"
    for foreign in ("a", "abcd", "_____", "YQ", "AAAA"):
        response = await client.get(path_of(operation), params={"cursor": foreign})
        assert response.json()["code"] in ("invalid_cursor", "not_found")


@pytest.mark.parametrize("operation", WAITS, ids=lambda each: each.id)
async def test_waits_that_are_none(client: httpx.AsyncClient, operation: Any):
    for bad in ("", "-1", "601", "1e400", "NaN", "inf", "Infinity", "1_0", ".5", "5.", "0x1", " 1",
                "1e99999", "9" * 400):  # fmt: skip
        request = right_request(operation)
        response = await client.request(**request, params={"wait_seconds": bad})
        [fault] = response.json()["errors"]
        assert (fault["in"], fault["pointer"]) == ("query", "/wait_seconds"), bad


@pytest.mark.parametrize("operation", WAITS, ids=lambda each: each.id)
async def test_waits_as_json_writes_numbers(client: httpx.AsyncClient, operation: Any):
    for good in ("0", "0.5", "1e1", "2.5E-3", "1e-7", "60", "-0"):
        request = right_request(operation)
        response = await client.request(**request, params={"wait_seconds": good})
        assert response.json()["code"] in ("not_found", "unknown_target"), good


@pytest.mark.parametrize("operation", ALL, ids=lambda each: each.id)
async def test_a_query_parameter_counts_once(client: httpx.AsyncClient, operation: Any):
    for name in operation.query_parameters:
        request = right_request(operation)
        url = f"{request['url']}?{name}=a&{name}=a"
        problem = (await client.request(**request | {"url": url})).json()
        assert {"in": "query", "pointer": f"/{name}", "detail": "must be given once"} in problem[
            "errors"
        ]


@pytest.mark.parametrize("query", ["status=nothing", "node_id=a%20b", "run_id=%00", "status="])
async def test_filters_that_are_no_words(client: httpx.AsyncClient, query: str):
    [fault] = await faults_of(client, f"/api/v1/executions?{query}")
    assert fault["pointer"] == "/" + query.partition("=")[0]


@pytest.mark.parametrize(
    "time",
    ["yesterday", "2026-01-05", "2026-02-31T00:00:00.000Z", "2026-13-01T00:00:00.000Z",
     "2026-01-05T09:30:00Z", "2026-01-05T09:30:00.000+01:00", "0000-01-01T00:00:00.000Z",
     "2026-01-05T24:00:00.000Z"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["decided_after", "decided_before"])
async def test_times_that_are_none(client: httpx.AsyncClient, name: str, time: str):
    [fault] = await faults_of(client, "/api/v1/approval-requests", params={name: time})
    assert (fault["in"], fault["pointer"]) == ("query", f"/{name}")


async def test_times_that_are_some(client: httpx.AsyncClient):
    response = await client.get(
        "/api/v1/approval-requests",
        params={
            "decided_after": "0001-01-01T00:00:00.000Z",
            "decided_before": "9999-12-31T23:59:59.999Z",
        },
    )
    assert response.json() == {"items": []}


@pytest.mark.parametrize("query", ["%FF=1", "limit=%FF", "limit=%C0%80", "status=%ED%A0%80"])
async def test_a_query_that_is_no_utf8(client: httpx.AsyncClient, query: str):
    [fault] = await faults_of(client, f"/api/v1/executions?{query}")
    assert fault == {"in": "query", "pointer": "", "detail": "must be percent-encoded UTF-8"}


async def test_empty_parts_of_a_query_say_nothing(client: httpx.AsyncClient):
    response = await client.get("/api/v1/nodes?&limit=5&&")
    assert response.status_code == 200


async def test_a_plus_is_a_space_and_own_ids_may_hold_anything(client: httpx.AsyncClient):
    own_id = "claim 47/11 \u20ac\U0001f600"
    await client.post("/api/v1/approval-requests", json={"approval_request_id": own_id})
    response = await client.get("/api/v1/approval-requests", params={"approval_request_id": own_id})
    assert [each["approval_request_id"] for each in response.json()["items"]] == [own_id]


@pytest.mark.parametrize("key", ["", " ", "a b", "\x7f", "é", "k" * 256])
@pytest.mark.parametrize("operation", ["execute", "executeAsync"])
async def test_idempotency_keys_that_are_none(client: httpx.AsyncClient, operation: str, key: str):
    request = right_request(OPERATIONS[operation])
    request["headers"]["idempotency-key"] = key.encode("latin-1")
    problem = (await client.request(**request)).json()
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["pointer"] == "/Idempotency-Key"


async def test_a_header_counts_once(client: httpx.AsyncClient):
    request = right_request(OPERATIONS["executeAsync"])
    twice = [("idempotency-key", "a"), ("idempotency-key", "a")]
    request["headers"] = [*request["headers"].items(), *twice]
    problem = (await client.request(**request)).json()
    assert problem["errors"] == [
        {"in": "header", "pointer": "/Idempotency-Key", "detail": "must be given once"}
    ]


async def test_a_note_names_its_execution(client: httpx.AsyncClient):
    problem = (await client.post("/api/v1/executions/note", json={"message": "hello"})).json()
    assert problem["errors"] == [
        {"in": "header", "pointer": "/X-Execution-ID", "detail": "is required"}
    ]


@pytest.mark.parametrize("seq", ["", "-1", "x", "1.0", "1e3", "9" * 20, "007"])
async def test_a_last_event_id_that_is_none(client: httpx.AsyncClient, seq: str):
    url = path_of(OPERATIONS["streamExecutionEvents"])
    [fault] = await faults_of(client, url, headers={"last-event-id": seq})
    assert (fault["in"], fault["pointer"]) == ("header", "/Last-Event-ID")
