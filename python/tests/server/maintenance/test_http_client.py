"""The server's HTTP client: what it tells apart, and where it does not go."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from signoff.server.domain.address import Reach
from signoff.server.maintenance import http_client
from signoff.server.maintenance.http_client import Answer, HttpClient, Unheard, Unsent
from tests.server.maintenance.stand_in import StandIn, answer, hang, reset, stand_in, truncate

REAL = socket.getaddrinfo


async def post(
    http: HttpClient, url: str, *, reach: Reach = Reach.AGENT, most: int = 100, **headers: str
) -> Answer:
    return await http.post(url, b'{"a": 1}', headers, reach=reach, most=most)


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Names resolve as the test says; returns the list of names that were looked up."""

    def install(**names: list[str]) -> list[str]:
        asked: list[str] = []

        def look_up(host: str, *args: Any) -> Any:
            asked.append(host)
            found = names[host.replace(".", "_")]
            return [entry for text in found for entry in REAL(text, *args)]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return install


async def test_sends_the_bytes_and_headers_as_given(http: HttpClient, agent: StandIn) -> None:
    agent.respond = answer(200, b"[1]", Retry_After="7")
    got = await post(http, f"{agent.base_url}/a/b~2?c=d", webhook_id="msg_1")
    assert got == Answer(200, b"[1]", "7")
    assert got.ok
    (heard,) = agent.heard
    assert (heard.path, heard.body) == ("/a/b~2?c=d", b'{"a": 1}')
    assert heard.headers["webhook_id"] == "msg_1"
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["accept-encoding"] == "identity"
    assert heard.headers["user-agent"].startswith("signoff/")


async def test_an_answer_that_is_too_long_is_not_read(http: HttpClient, agent: StandIn) -> None:
    agent.script = [answer(200, b"x" * 100), answer(200, b"x" * 101)]
    assert (await post(http, agent.base_url)).body == b"x" * 100
    assert (await post(http, agent.base_url)).body is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(http: HttpClient, agent: StandIn, status: int) -> None:
    async with stand_in() as elsewhere:
        agent.respond = answer(status, Location=f"{elsewhere.base_url}/there")
        got = await post(http, agent.base_url)
        assert (got.status, got.ok) == (status, False)
        assert elsewhere.heard == []


async def test_cookies_are_not_kept(http: HttpClient, agent: StandIn) -> None:
    agent.respond = answer(200, Set_Cookie="session=1")
    await post(http, agent.base_url)
    await post(http, agent.base_url)
    assert "cookie" not in agent.heard[1].headers


async def test_proxies_of_the_environment_are_not_used(
    agent: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stand_in() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.base_url)
        http = HttpClient()
        await post(http, agent.base_url)
        await http.close()
        assert (len(agent.heard), proxy.heard) == (1, [])


async def test_nobody_listening_is_unsent(http: HttpClient) -> None:
    async with stand_in() as gone:
        url = gone.base_url
    with pytest.raises(Unsent, match="nobody listens there"):
        await post(http, url)


@pytest.mark.parametrize("respond", [reset, truncate])
async def test_a_lost_answer_is_unheard(http: HttpClient, agent: StandIn, respond: Any) -> None:
    agent.respond = respond
    with pytest.raises(Unheard, match="lost before the answer"):
        await post(http, agent.base_url)
    assert len(agent.heard) == 1


async def test_something_that_is_not_http_is_unheard(http: HttpClient) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example.com ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(Unheard):
        await post(http, f"http://127.0.0.1:{port}/")
    server.close()


async def test_a_cancelled_call_closes_its_connection(http: HttpClient, agent: StandIn) -> None:
    agent.respond = hang
    call = asyncio.create_task(post(http, agent.base_url))
    await agent.until(lambda: agent.open == 1)
    call.cancel()
    await agent.until(lambda: agent.open == 0)


async def test_no_tls_where_there_is_none_is_unsent(http: HttpClient, agent: StandIn) -> None:
    with pytest.raises(Unsent, match="no TLS connection came about"):
        await post(http, agent.base_url.replace("http:", "https:"))


async def test_connecting_may_not_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*args: Any, **kwargs: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(http_client._Checked, "resolve", never)
    http = HttpClient(connect_seconds=0.01)
    with pytest.raises(Unsent, match="connecting took too long"):
        await post(http, "http://agent.internal/")
    await http.close()


@pytest.mark.parametrize(
    "url",
    ["http://[::1/", "http:///", "ftp://h/", "http://h:0/", "http://h:99999/", "", "http://a..b/"],
)
async def test_what_is_no_url_is_unsent(http: HttpClient, url: str) -> None:
    for reach in Reach:
        with pytest.raises(Unsent):
            await post(http, url, reach=reach)


async def test_a_literal_address_out_of_reach_is_not_connected_to(
    http: HttpClient, agent: StandIn
) -> None:
    for host in ("127.0.0.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "127.1"):
        with pytest.raises(Unsent, match="may not connect: it is not public"):
            await post(http, f"http://{host}:{agent.port}/", reach=Reach.PUBLIC)
    with pytest.raises(Unsent, match="may not connect: it is link-local"):
        await post(http, "http://169.254.169.254/latest/meta-data/")
    assert agent.heard == []


async def test_a_name_is_judged_by_what_it_resolves_to(
    http: HttpClient, agent: StandIn, resolves: Callable[..., list[str]]
) -> None:
    resolves(agent_internal=["127.0.0.1"], cloud_internal=["169.254.169.254"])
    url = f"http://agent.internal:{agent.port}/"
    assert (await post(http, url)).status == 202
    with pytest.raises(Unsent, match="may not connect: it is not public"):
        await post(http, url, reach=Reach.PUBLIC)
    with pytest.raises(Unsent, match="may not connect: it is link-local"):
        await post(http, "http://cloud.internal/")
    assert (await post(http, url, reach=Reach.OPERATOR)).status == 202


async def test_the_addresses_out_of_reach_are_left_out(
    http: HttpClient, agent: StandIn, resolves: Callable[..., list[str]]
) -> None:
    resolves(both_internal=["169.254.169.254", "127.0.0.1"])
    assert (await post(http, f"http://both.internal:{agent.port}/")).status == 202


async def test_a_name_is_checked_at_every_new_connection(
    http: HttpClient, agent: StandIn, resolves: Callable[..., list[str]]
) -> None:
    asked = resolves(agent_internal=["127.0.0.1"])
    url = f"http://agent.internal:{agent.port}/"
    agent.respond = answer(202, Connection="close")
    await post(http, url)
    resolves(agent_internal=["169.254.169.254"])
    with pytest.raises(Unsent, match="link-local"):
        await post(http, url)
    assert asked == ["agent.internal"]


async def test_a_connection_for_agents_does_not_serve_the_public(
    http: HttpClient, agent: StandIn, resolves: Callable[..., list[str]]
) -> None:
    resolves(agent_internal=["127.0.0.1"])
    url = f"http://agent.internal:{agent.port}/"
    await post(http, url)  # leaves an idle connection
    with pytest.raises(Unsent, match="not public"):
        await post(http, url, reach=Reach.PUBLIC)


async def test_an_unknown_name_is_unsent(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(Unsent, match="its name does not resolve"):
        await post(http, "http://nowhere.example/")


@pytest.fixture
async def allowing(agent: StandIn) -> AsyncIterator[HttpClient]:
    http = HttpClient(allowed_hosts={f"127.0.0.1:{agent.port}", "169.254.169.254"})
    yield http
    await http.close()


async def test_an_allowed_host_may_be_private_but_no_metadata_address(
    allowing: HttpClient, agent: StandIn
) -> None:
    assert (await post(allowing, agent.base_url, reach=Reach.PUBLIC)).status == 202
    with pytest.raises(Unsent, match="link-local"):
        await post(allowing, "http://169.254.169.254/", reach=Reach.PUBLIC)


async def test_close_ends_the_calls_in_flight(agent: StandIn) -> None:
    http = HttpClient()
    agent.respond = hang
    call = asyncio.create_task(post(http, agent.base_url))
    await agent.until(lambda: agent.open == 1)
    await http.close()
    with pytest.raises(Unheard):
        await call


async def test_a_host_that_is_not_reached_is_unsent(
    http: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*args: Any, **options: Any) -> Any:
        raise OSError(errno.EHOSTUNREACH, "no route")

    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", fail)
    with pytest.raises(Unsent, match="no connection came about"):
        await post(http, "http://127.0.0.1:1/")
