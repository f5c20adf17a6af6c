"""One try, on real sockets: what a fault is told as, and what goes out."""

import asyncio
import ssl
import sys
import threading
from urllib.parse import unquote

import httpx
import pytest

from signoff.errors import TransportError
from signoff.exchange import build
from signoff.transport import AsyncTransport, Transport, _tls

AWKWARD = "a#b/c?d &=+%41;ü😀"
GET = build("getNode", path={"node_id": AWKWARD}, query={"limit": AWKWARD})
POST = build("retryDelivery", path={"id": "msg_1"})
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Peer:
    """A socket that writes what it is told after each head of a request, and keeps the heads."""

    def __init__(self, reply, *, then="close"):
        self.reply = reply
        self.then = then
        self.heads = []
        self.connections = 0
        self._held = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._held:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self.connections += 1
        self._held.append(writer)
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return writer.close()
            self.heads.append(head.decode())
            if self.then == "reset":
                return writer.transport.abort()
            writer.write(self.reply)
            if self.then == "close":
                return writer.close()


async def exchange(network, url, request=GET, *, key="key-of-mine", read_seconds=5.0, times=1):
    """One try, or several, by one of the ways to the network; the last answer."""
    answer = None
    if network == "blocking":
        blocking = Transport(url, key)
        try:
            for _ in range(times):
                answer = await asyncio.to_thread(blocking.exchange, request, read_seconds)
        finally:
            blocking.close()
        return answer
    given = httpx.AsyncHTTPTransport() if network == "httpx" else None
    transport = AsyncTransport(url, key, http_transport=given)
    try:
        for _ in range(times):
            answer = await transport.exchange(request, read_seconds)
    finally:
        await transport.aclose()
    return answer


@pytest.fixture(params=["aiohttp", "httpx", "blocking"])
def network(request):
    return request.param


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize(
    "reply,then",
    [
        (b"", "close"),
        (b"", "reset"),
        (b"", "hold"),
        (b"HTPP nonsense\r\n\r\n", "close"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "close"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}", "hold"),
    ],
    ids=["closed", "reset", "silent", "garbage", "cut", "stalled"],
)
async def test_a_reply_that_is_lost_may_have_been_sent(network, request_, reply, then):
    async with Peer(reply, then=then) as peer:
        with pytest.raises(TransportError, match=f"^{request_.method} {peer.url}/") as raised:
            await exchange(network, peer.url, request_, read_seconds=1.0)
        assert raised.value.sent
        assert len(peer.heads) == 1, "one try is one request"


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
async def test_a_connection_that_is_refused_has_sent_nothing(network, request_):
    async with Peer(OK) as peer:
        pass
    with pytest.raises(TransportError, match="ConnectError") as raised:
        await exchange(network, peer.url + "/base", request_, key="sk_secret")
    assert not raised.value.sent
    told = str(raised.value)
    assert told.startswith(f"{request_.method} {peer.url}/base/api/v1/")
    assert "?" not in told, "a query may hold what is nobody else's business"
    assert "sk_secret" not in told


async def test_path_and_query_arrive_as_they_were_given(network):
    async with Peer(OK) as peer:
        await exchange(network, peer.url + "/base/")
    path, _, query = peer.heads[0].split(" ")[1].partition("?")
    before, _, segment = path.rpartition("/")
    assert (before, unquote(segment)) == ("/base/api/v1/nodes", AWKWARD)
    assert httpx.QueryParams(query)["limit"] == AWKWARD
    assert "#" not in query


def header(head, name):
    lines = [line.partition(":") for line in head.split("\r\n")[1:]]
    return [value.strip() for each, _, value in lines if each.lower() == name]


async def test_the_key_goes_to_the_server_and_follows_no_redirect(network):
    async with Peer(OK) as elsewhere:
        location = f"HTTP/1.1 307 No\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n"
        async with Peer(location.encode()) as peer:
            answer = await exchange(network, peer.url)
    assert answer.status == 307
    assert header(peer.heads[0], "x-api-key") == ["key-of-mine"]
    assert elsewhere.heads == []


async def test_without_a_key_none_is_sent(network):
    async with Peer(OK) as peer:
        await exchange(network, peer.url, key=None)
    assert header(peer.heads[0], "x-api-key") == []
    assert header(peer.heads[0], "authorization") == []


async def test_proxies_and_netrc_of_the_environment_are_not_used(network, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with Peer(OK) as peer, Peer(OK) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        await exchange(network, peer.url)
    assert proxy.heads == []
    assert header(peer.heads[0], "authorization") == []


async def test_cookies_are_not_kept(network):
    reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}"
    async with Peer(reply, then="hold") as peer:
        await exchange(network, peer.url, times=2)
    assert peer.connections == 1
    assert header(peer.heads[1], "cookie") == []


async def test_answers_have_their_headers_in_lower_case(network):
    reply = b"HTTP/1.1 503 No\r\nRETRY-AFTER: 2\r\nContent-Length: 0\r\n\r\n"
    async with Peer(reply) as peer:
        answer = await exchange(network, peer.url)
    assert (answer.status, answer.headers["retry-after"], answer.content) == (503, "2", b"")


async def test_more_requests_are_in_flight_than_any_pool_would_hold():
    async with Peer(b"", then="hold") as peer:
        transport = AsyncTransport(peer.url, None)
        tries = [asyncio.create_task(transport.exchange(GET, 30.0)) for _ in range(150)]
        async with asyncio.timeout(30):
            while peer.connections < 150 or len(peer.heads) < 150:
                await asyncio.sleep(0)
        for each in tries:
            each.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        await transport.aclose()


async def test_without_the_extra_the_network_is_plain_httpx(monkeypatch):
    monkeypatch.setitem(sys.modules, "signoff.transport_aiohttp", None)
    async with Peer(OK) as peer:
        assert (await exchange("default", peer.url)).status == 200
        head = peer.heads[0]
    assert header(head, "user-agent")[0].startswith("signoff-python/")


async def test_an_application_in_this_process_takes_the_place_of_the_network():
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    transport = AsyncTransport("http://in.process", None, http_transport=httpx.ASGITransport(app))
    answer = await transport.exchange(POST, 5.0)
    assert answer.content == b"/api/v1/deliveries/msg_1/retry"
    await transport.aclose()


CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


async def streamed(network, url, read_seconds=1.0):
    """The chunks of a stream until it breaks."""
    found: list[bytes] = []
    if network == "blocking":

        def run():
            transport = Transport(url, None)
            try:
                with transport.stream(GET, read_seconds) as stream:
                    found.extend(stream.chunks)
            finally:
                transport.close()

        await asyncio.to_thread(run)
        return found
    given = httpx.AsyncHTTPTransport() if network == "httpx" else None
    transport = AsyncTransport(url, None, http_transport=given)
    try:
        async with transport.stream(GET, read_seconds) as stream:
            async for chunk in stream.chunks:
                found.append(chunk)
    finally:
        await transport.aclose()
    return found


@pytest.mark.parametrize("then", ["close", "hold"])
async def test_a_stream_that_breaks_off_is_a_reply_that_was_lost(network, then):
    async with Peer(CHUNKS, then=then) as peer:
        with pytest.raises(TransportError, match=f"^GET {peer.url}/api/v1/nodes/") as raised:
            await streamed(network, peer.url)
    assert raised.value.sent


async def test_a_stream_that_ends_has_been_read(network):
    async with Peer(CHUNKS + b"0\r\n\r\n") as peer:
        assert b"".join(await streamed(network, peer.url)) == b"hello"


async def test_a_stream_that_does_not_begin_is_a_fault(network):
    async with Peer(OK) as peer:
        pass
    with pytest.raises(TransportError) as raised:
        await streamed(network, peer.url)
    assert not raised.value.sent


async def test_a_closed_transport_opens_nothing_and_closes_what_it_was_given():
    class Given(httpx.AsyncBaseTransport, httpx.BaseTransport):
        closed = 0

        async def aclose(self):
            self.closed += 1

        def close(self):
            self.closed += 1

    given = Given()
    transport = AsyncTransport("http://a.example", None, http_transport=given)
    await transport.aclose()
    with pytest.raises(RuntimeError, match="the client is closed"):
        await transport.exchange(GET, 1.0)
    blocking = Transport("http://a.example", None, http_transport=given)
    blocking.close()
    with pytest.raises(RuntimeError, match="the client is closed"):
        blocking.exchange(GET, 1.0)
    assert given.closed == 2


def test_certificates_are_checked():
    for url in ("https://a.example", "http://a.example"):
        context = _tls(url)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert _tls("https://a.example").cert_store_stats()["x509_ca"] > 0
    assert _tls("http://a.example").cert_store_stats()["x509_ca"] == 0


@pytest.mark.parametrize("kind", [AsyncTransport, Transport])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://a.example",
        "http://",
        "http://user:password@a.example",
        "http://a.example?x=1",
        "http://a.example#x",
        "http://a.example:port",
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(kind, url):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the words are checked below
        kind(url, None)
    assert "URL" in str(raised.value)
    assert "password" not in str(raised.value)


@pytest.mark.parametrize("kind", [AsyncTransport, Transport])
@pytest.mark.parametrize("key", ["", "se cret", "se\r\ncret", "secrét"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(kind, key):
    with pytest.raises(ValueError, match="the API key must be of visible ASCII") as raised:
        kind("http://a.example", key)
    assert "cret" not in str(raised.value)


async def test_a_blocking_transport_serves_several_threads():
    async with Peer(OK, then="hold") as peer:
        transport = Transport(peer.url, None)
        ready = threading.Barrier(4)

        def run():
            ready.wait(10)
            return transport.exchange(GET, 10.0).status

        async with asyncio.timeout(30):
            found = await asyncio.gather(*[asyncio.to_thread(run) for _ in range(4)])
        transport.close()
    assert found == [200] * 4
