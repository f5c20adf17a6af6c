"""The order of the checks of a signed decision, and that the bytes count, not what they mean."""

from __future__ import annotations

import httpx
import pytest

from signoff.server.main import Server, build
from signoff.server.settings import Settings
from signoff.webhook import sign_approval_response, sign_webhook
from tests.server.http.checked import CheckedTransport
from tests.server.http.conftest import BASE_URL, SECRET

URL = "/api/v1/webhooks/approval-response"
BODY = b'{"requestId": "claim-4711", "decision": "approved"}'


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-webhook-signature": sign_approval_response(secret, body),
    }


@pytest.fixture
async def request_id(client: httpx.AsyncClient) -> str:
    asked = await client.post(
        "/api/v1/approval-requests", json={"approval_request_id": "claim-4711"}
    )
    made: str = asked.json()["id"]
    return made


@pytest.mark.usefixtures("request_id")
async def test_a_signed_decision_counts_once(client: httpx.AsyncClient):
    first = await client.post(URL, content=BODY, headers=signed(BODY))
    assert first.json()["status"] == "processed"
    again = await client.post(URL, content=BODY, headers=signed(BODY))
    assert again.json()["status"] == "already_processed"
    other = BODY.replace(b"approved", b"rejected")
    lost = await client.post(URL, content=other, headers=signed(other))
    assert lost.json()["code"] == "already_decided"
    assert lost.json()["approval"]["status"] == "approved"


@pytest.mark.usefixtures("request_id")
async def test_the_timestamped_form_is_taken_too(server: Server, client: httpx.AsyncClient):
    headers = sign_webhook(SECRET, "msg_1", server.clock.now() // 1000, BODY)
    for _ in range(2):
        response = await client.post(
            URL, content=BODY, headers=headers | {"content-type": "application/json"}
        )
        assert response.json()["status"] == "processed"


@pytest.mark.usefixtures("request_id")
async def test_one_byte_changed_is_401(client: httpx.AsyncClient):
    for body, headers in (
        (BODY + b" ", signed(BODY)),
        (BODY, signed(BODY, "another secret")),
        (BODY, {"content-type": "application/json"}),
        (BODY, signed(BODY) | {"x-webhook-signature": "sha256=" + "0" * 64}),
        (BODY, signed(BODY) | {"x-webhook-signature": "nonsense"}),
        (BODY, signed(BODY) | {"webhook-signature": "v1,AAAA"}),
    ):
        response = await client.post(URL, content=body, headers=headers)
        assert response.status_code == 401
        assert response.json()["code"] == "invalid_signature"
        assert "www-authenticate" in response.headers


@pytest.mark.parametrize(
    "body, media_type", [(b"not json", "application/json"), (BODY, "text/plain"), (b"", "")]
)
async def test_the_signature_is_looked_at_before_the_body_is(
    client: httpx.AsyncClient, body: bytes, media_type: str
):
    response = await client.post(
        URL + "?no=1", content=body, headers={"content-type": media_type, "webhook-id": "x" * 9000}
    )
    assert response.json()["code"] == "invalid_signature"


async def test_a_signature_given_twice_is_none(client: httpx.AsyncClient):
    good = signed(BODY)["x-webhook-signature"]
    headers = [
        ("content-type", "application/json"),
        ("x-webhook-signature", good),
        ("x-webhook-signature", good),
    ]
    response = await client.post(URL, content=BODY, headers=headers)
    assert response.json()["code"] == "invalid_signature"


async def test_too_large_comes_before_the_signature(client: httpx.AsyncClient):
    response = await client.post(URL, content=b" " * 1_048_577)
    assert response.json()["code"] == "body_too_large"


async def test_a_request_that_is_not_there_yet_may_be_asked_for_again(client: httpx.AsyncClient):
    response = await client.post(URL, content=BODY, headers=signed(BODY))
    assert response.json()["code"] == "not_found"
    assert response.headers["retry-after"] == "2"


async def test_without_a_secret_nothing_else_is_looked_at(settings: Settings):
    server = build(Settings(database=settings.database))
    await server.start()
    transport = CheckedTransport(httpx.ASGITransport(server))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        response = await client.post(URL, content=b" " * 1_048_577)
    await server.stop()
    assert response.json()["code"] == "webhook_secret_missing"
    assert "retry-after" in response.headers
