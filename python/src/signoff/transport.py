"""One try over HTTP: the only module of the SDK that knows httpx.

Requests go to httpx's transports without its client: no redirect is followed, no cookie kept, and
neither proxies nor `.netrc` of the environment are used (give an `http_transport` of your own for
a proxy). So the API key goes to the server's own origin only, and a request costs less CPU.

Where `httpx-aiohttp` is installed (`signoff[agent]`) the asynchronous transport stands on it: a
request costs a sixth of the CPU, and hundreds may be in flight.
"""

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from signoff._version import __version__
from signoff.errors import TransportError
from signoff.exchange import Answer, Request

AsyncNetwork = httpx.AsyncBaseTransport
Network = httpx.BaseTransport
"""What may take the place of the network."""

CONNECT_SECONDS: Final = 5.0
"""A connection that is not there by then counts as refused."""

WRITE_SECONDS: Final = 30.0
"""A server that takes nothing of a body for that long is not there any more."""

KEEPALIVE_SECONDS: Final = 4.0
"""Shorter than any server keeps an idle connection: one that just closed loses the request."""

_LIMITS: Final = httpx.Limits(
    # Long polls are many, and each holds a connection.
    max_connections=None,
    max_keepalive_connections=100,
    keepalive_expiry=KEEPALIVE_SECONDS,
)


@dataclass(frozen=True, slots=True)
class AsyncStream:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    read_seconds: float
    """How long nothing may come."""

    async def read(self) -> bytes:
        """All of the body."""
        return b"".join([chunk async for chunk in self.chunks])


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is read as it comes."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]
    read_seconds: float
    """How long nothing may come."""

    def read(self) -> bytes:
        """All of the body."""
        return b"".join(self.chunks)


class AsyncTransport:
    """Sends requests from coroutines. Connections are opened when they are needed.

    `http_transport` takes the place of the network: an `httpx.ASGITransport` for an application
    in this process, an `httpx.AsyncHTTPTransport(proxy=...)`, or one of yours. It is closed with
    this transport.

    Raises:
        ValueError: `server_url` is no http(s) URL, or the key is nothing that a header can carry.
    """

    def __init__(
        self,
        server_url: str,
        api_key: str | None,
        *,
        http_transport: AsyncNetwork | None = None,
    ) -> None:
        self.server_url = checked_url(server_url)
        self._headers = _headers(api_key)
        self._network = http_transport
        self._closed = False

    async def exchange(self, request: Request, read_seconds: float) -> Answer:
        """One try. `read_seconds`: how long nothing may come.

        Raises:
            TransportError: no answer.
        """
        sent = _request(self.server_url, self._headers, request, read_seconds)
        try:
            answer = await self._open().handle_async_request(sent)
            try:
                return Answer(answer.status_code, _lower(answer), await answer.aread())
            finally:
                await answer.aclose()
        except _FAULTS as error:
            raise _fault(request.at(self.server_url), error) from error

    @asynccontextmanager
    async def stream(self, request: Request, read_seconds: float) -> AsyncIterator[AsyncStream]:
        """One try; the body is read in the `async with` block.

        Raises:
            TransportError: no answer, or, from the chunks, no more of it.
        """
        sent = _request(self.server_url, self._headers, request, read_seconds)
        try:
            answer = await self._open().handle_async_request(sent)
        except _FAULTS as error:
            raise _fault(request.at(self.server_url), error) from error
        try:
            chunks = _read_async(request.at(self.server_url), answer)
            yield AsyncStream(answer.status_code, _lower(answer), chunks, read_seconds)
        finally:
            with suppress(*_FAULTS):
                await answer.aclose()

    async def aclose(self) -> None:
        """Close every connection. A closed transport opens none."""
        self._closed = True
        if self._network is not None:
            await self._network.aclose()

    def _open(self) -> AsyncNetwork:
        if self._closed:
            raise RuntimeError("the client is closed")
        # Late, so that a client may be made before there is an event loop.
        if self._network is None:
            self._network = _async_network(_tls(self.server_url))
        return self._network


class Transport:
    """Sends requests from threads; like `AsyncTransport` in everything else."""

    def __init__(
        self,
        server_url: str,
        api_key: str | None,
        *,
        http_transport: Network | None = None,
    ) -> None:
        self.server_url = checked_url(server_url)
        self._headers = _headers(api_key)
        self._network = http_transport
        self._closed = False

    def exchange(self, request: Request, read_seconds: float) -> Answer:
        """One try. `read_seconds`: how long nothing may come.

        Raises:
            TransportError: no answer.
        """
        sent = _request(self.server_url, self._headers, request, read_seconds)
        try:
            answer = self._open().handle_request(sent)
            try:
                return Answer(answer.status_code, _lower(answer), answer.read())
            finally:
                answer.close()
        except _FAULTS as error:
            raise _fault(request.at(self.server_url), error) from error

    @contextmanager
    def stream(self, request: Request, read_seconds: float) -> Iterator[Stream]:
        """One try; the body is read in the `with` block.

        Raises:
            TransportError: no answer, or, from the chunks, no more of it.
        """
        sent = _request(self.server_url, self._headers, request, read_seconds)
        try:
            answer = self._open().handle_request(sent)
        except _FAULTS as error:
            raise _fault(request.at(self.server_url), error) from error
        try:
            chunks = _read(request.at(self.server_url), answer)
            yield Stream(answer.status_code, _lower(answer), chunks, read_seconds)
        finally:
            with suppress(*_FAULTS):
                answer.close()

    def close(self) -> None:
        """Close every connection. A closed transport opens none."""
        self._closed = True
        if self._network is not None:
            self._network.close()

    def _open(self) -> Network:
        if self._closed:
            raise RuntimeError("the client is closed")
        if self._network is None:
            tls = _tls(self.server_url)
            self._network = httpx.HTTPTransport(verify=tls, trust_env=False, limits=_LIMITS)
        return self._network


def checked_url(server_url: str) -> str:
    """The URL without its last slash.

    Raises:
        ValueError: it is no http(s) URL, or has user info, a query or a fragment.
    """
    parts = urlsplit(server_url)
    try:
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if parts.scheme not in ("http", "https") or not named:
        raise ValueError("the server's URL must start with http:// or https:// and name a host")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("the server's URL must have no user info, query or fragment")
    return server_url.rstrip("/")


def _headers(api_key: str | None) -> dict[str, str]:
    headers = {"Accept-Encoding": "gzip, deflate", "User-Agent": f"signoff-python/{__version__}"}
    if api_key is None:
        return headers
    # The key itself stays out of the message.
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key or not api_key:
        raise ValueError("the API key must be of visible ASCII characters")
    return headers | {"X-API-Key": api_key}


def _request(
    server_url: str, headers: Mapping[str, str], request: Request, read_seconds: float
) -> httpx.Request:
    timeout = {
        "connect": min(CONNECT_SECONDS, read_seconds),
        "read": read_seconds,
        "write": min(WRITE_SECONDS, read_seconds),
    }
    return httpx.Request(
        request.method,
        server_url + request.target,
        headers={**headers, **request.headers},
        content=request.content,
        extensions={"timeout": timeout},
    )


def _tls(server_url: str) -> ssl.SSLContext:
    if server_url.startswith("https:"):
        return httpx.create_ssl_context(trust_env=False)
    # Reading the certificates takes longer than a request. This context trusts none.
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _async_network(tls: ssl.SSLContext) -> AsyncNetwork:
    try:
        from signoff.transport_aiohttp import AiohttpNetwork
    except ImportError:
        return httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=_LIMITS)
    return AiohttpNetwork(tls, KEEPALIVE_SECONDS)


_FAULTS: Final = (httpx.HTTPError, httpx.StreamError)
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


def _fault(name: str, error: Exception) -> TransportError:
    kind = type(error).__name__
    detail = f"{kind}: {error}" if str(error) else kind
    return TransportError(f"{name}: {detail}", sent=not isinstance(error, _NEVER_SENT))


def _lower(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}


async def _read_async(name: str, answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    except _FAULTS as error:
        raise _fault(name, error) from error


def _read(name: str, answer: httpx.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_bytes()
    except _FAULTS as error:
        raise _fault(name, error) from error
