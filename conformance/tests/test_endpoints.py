"""What a server sends to where nobody listens is noticed."""

import aiohttp
import pytest

from signoff_conformance.endpoints import Host


@pytest.fixture
async def host():
    host = Host()
    await host.start()
    yield host
    await host.stop()


async def send(url):
    async with aiohttp.ClientSession() as session, session.post(url, json={}) as answer:
        return answer.status


async def test_what_comes_to_an_unknown_address_is_a_stray(host):
    worker = host.open("worker", [])
    assert await send(f"{worker.url}/webhooks/approval") == 200
    assert host.strays == []
    assert await send(f"http://{host.address}/nobody/reasoners/work") == 410
    assert await send(f"{worker.url}-2/webhooks/approval") == 410
    assert host.strays == ["POST /nobody/reasoners/work", "POST /worker-2/webhooks/approval"]


async def test_what_is_left_of_the_case_before_is_none(host):
    worker = host.open("worker", [])
    await send(f"http://{host.address}/nobody")
    host.clear()
    assert await send(f"{worker.url}/webhooks/approval") == 410
    assert host.strays == []


async def test_what_the_configured_subscriber_is_sent_is_none(host):
    assert await send(f"http://{host.address}/subscriber/notify") == 410
    assert host.strays == []
