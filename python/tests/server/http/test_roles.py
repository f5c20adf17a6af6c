"""Each role calls what the contract lists for it, and nothing else."""

from __future__ import annotations

import pytest

from signoff.server.domain.principal import Role
from signoff.server.http.contract import Operation
from signoff.server.main import KeyRing, Server
from tests.server.http.conftest import MakeClient
from tests.server.http.requests_of import OPERATIONS, right_request

each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.id)


@each_operation
async def test_each_role(client_of: MakeClient, tokens: dict[Role, str], operation: Operation):
    for role, token in tokens.items():
        response = await client_of(X_API_Key=token).request(**right_request(operation))
        if not operation.roles or role in operation.roles:
            assert response.status_code != 401
            if response.status_code == 403:
                # It may call the operation, but not on this node: see what the operations check.
                assert "needs the role" not in response.json()["detail"]
        else:
            assert response.status_code == 403
            problem = response.json()
            assert problem["code"] == "forbidden"
            assert problem["detail"].startswith(f"{operation.id} needs the role ")
            assert problem["detail"].endswith(f"this key is {role}")


@pytest.mark.usefixtures("tokens")
@each_operation
async def test_nobody_gets_in_without_a_key(client_of: MakeClient, operation: Operation):
    for headers in (
        {},
        {"X_API_Key": ""},
        {"X_API_Key": "signoff_wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer signoff_wrong"},
        {"Authorization": "Basic dXNlcjpwYXNz"},
        {"Authorization": ""},
    ):
        response = await client_of(**headers).request(**right_request(operation))
        if operation.roles:
            assert response.json()["code"] == "unauthorized"
            assert response.headers["www-authenticate"] == "Bearer"
        else:
            assert response.status_code != 401


@pytest.mark.usefixtures("tokens")
async def test_who_may_not_in_learns_nothing_else(client_of: MakeClient):
    """The key is looked at before the path, the query and the body are."""
    response = await client_of().post(
        "/api/v1/approval-requests?no=1", content=b"x" * 2_000_000, headers={"content-type": "a"}
    )
    assert response.json()["code"] == "unauthorized"


async def test_both_headers_carry_a_key(client_of: MakeClient, tokens: dict[Role, str]):
    token = tokens[Role.CLIENT]
    for headers in (
        {"X_API_Key": token},
        {"Authorization": f"Bearer {token}"},
        {"Authorization": f"bearer  {token}"},
    ):
        assert (await client_of(**headers).get("/api/v1/nodes")).status_code == 200


async def test_two_keys_are_none(client_of: MakeClient, tokens: dict[Role, str]):
    twice = [("X-API-Key", tokens[Role.CLIENT]), ("X-API-Key", tokens[Role.ADMIN])]
    response = await client_of().get("/api/v1/nodes", headers=twice)
    assert response.json()["code"] == "unauthorized"


async def test_a_revoked_key_is_refused_at_once(server: Server, client_of: MakeClient):
    ring = KeyRing(server.context.store, server.clock)
    made = await ring.create("desk", "client")
    client = client_of(X_API_Key=made.token)
    assert (await client.get("/api/v1/nodes")).status_code == 200
    await ring.revoke(made.key_id)
    assert (await client.get("/api/v1/nodes")).json()["code"] == "unauthorized"


async def test_the_last_key_revoked_does_not_open_the_server(server: Server, client_of: MakeClient):
    ring = KeyRing(server.context.store, server.clock)
    made = await ring.create("desk", "client")
    await ring.revoke(made.key_id)
    assert (await client_of().get("/api/v1/nodes")).json()["code"] == "unauthorized"


async def test_the_first_key_closes_a_server_that_runs(server: Server, client_of: MakeClient):
    client = client_of()
    assert (await client.get("/api/v1/nodes")).status_code == 200
    await KeyRing(server.context.store, server.clock).create("desk", "client")
    assert (await client.get("/api/v1/nodes")).json()["code"] == "unauthorized"
    assert (await client.get("/api/v1/health")).status_code == 200


async def test_the_reviewer_of_a_decision_is_the_owner_of_the_key(
    client_of: MakeClient, tokens: dict[Role, str]
):
    asked = await client_of(X_API_Key=tokens[Role.CLIENT]).post(
        "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
    )
    url = f"/api/v1/approval-requests/{asked.json()['id']}/decision"
    decided = await client_of(X_API_Key=tokens[Role.REVIEWER]).post(
        url, json={"decision": "approved"}
    )
    reviewer = decided.json()["approval"]["reviewer"]
    assert reviewer["name"] == "the reviewer"
    assert reviewer["source"] == "key"
