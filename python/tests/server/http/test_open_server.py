"""Without keys, loopback is no boundary by itself: pages and proxies can reach it too."""

from __future__ import annotations

import httpx
import pytest

from signoff.server.domain.principal import Role
from signoff.server.http.auth import is_local
from tests.server.http.conftest import MakeClient
from tests.server.http.requests_of import OPERATIONS, right_request


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:9000",
        "LocalHost",
        "127.0.0.1:8080",
        "127.9.9.9",
        "[::1]:8080",
        "[::1]",
    ],
)
async def test_local_hosts_are_served(client: httpx.AsyncClient, host: str):
    assert (await client.get("/api/v1/nodes", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["review.example.com", "127.0.0.1.example.com", "localhost.example.com", "10.0.0.5:8080", "",
     "0.0.0.0", "[::]", "localhost:80:80", "a@localhost", "localhost, example.com", "192.168.1.1",
     "[::ffff:10.0.0.1]", "localhost/x", "127.0.0.1:port"],
)  # fmt: skip
async def test_other_hosts_are_not(client: httpx.AsyncClient, host: str):
    problem = (await client.get("/api/v1/nodes", headers={"host": host})).json()
    assert problem["code"] == "untrusted_origin"
    assert "Host" in problem["detail"]


@pytest.mark.parametrize(
    "origin", ["https://example.com", "null", "http://127.0.0.1.example.com", "x", "http://[", ""]
)
async def test_foreign_origins_are_not(client: httpx.AsyncClient, origin: str):
    problem = (await client.get("/api/v1/nodes", headers={"origin": origin})).json()
    assert problem["code"] == "untrusted_origin"


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"])
async def test_local_origins_are(client: httpx.AsyncClient, origin: str):
    assert (await client.get("/api/v1/nodes", headers={"origin": origin})).status_code == 200


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Anything", "X-Real-IP", "Via"]
)
async def test_what_was_forwarded_is_not(client: httpx.AsyncClient, header: str):
    problem = (await client.get("/api/v1/nodes", headers={header: "127.0.0.1"})).json()
    assert problem["code"] == "untrusted_origin"
    assert header.lower() in problem["detail"]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.id)
async def test_every_operation_looks_at_it_first(client: httpx.AsyncClient, operation):
    request = right_request(operation)
    headers = request["headers"] | {"origin": "https://example.com", "content-type": "text/plain"}
    response = await client.request(**request | {"headers": headers})
    assert response.json()["code"] == "untrusted_origin"


async def test_with_keys_a_proxy_may_stand_in_front(client_of: MakeClient, tokens: dict[Role, str]):
    headers = {"host": "signoff.example.com", "x-forwarded-for": "10.0.0.1"}
    client = client_of(X_API_Key=tokens[Role.CLIENT])
    assert (await client.get("/api/v1/nodes", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "host, local",
    [("localhost", True), ("127.1.2.3", True), ("::1", True), ("example.com", False),
     ("0.0.0.0", False), ("::", False), ("", False)],
)  # fmt: skip
def test_what_is_local(host: str, local: bool):
    assert is_local(host) is local
