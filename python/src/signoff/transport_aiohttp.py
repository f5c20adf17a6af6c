"""The network by way of aiohttp, for whoever has `httpx-aiohttp` (`signoff[agent]`).

Apart from `transport`, because the import fails where that is not installed, and takes time where
it is not needed. What aiohttp raises is told apart more finely than httpx-aiohttp does: there a
refused connection and a reply that was lost are both a ConnectTimeout, but only after the first
may a request be sent again that is not safe to repeat.
"""

import ssl
from collections.abc import AsyncIterator
from typing import cast

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


class AiohttpNetwork(AiohttpTransport):
    """Connections without a limit to their number, without cookies, without the environment."""

    def __init__(self, tls: ssl.SSLContext, keepalive_seconds: float) -> None:
        def session() -> aiohttp.ClientSession:
            return aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=tls, limit=0, keepalive_timeout=keepalive_seconds
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                middlewares=(_once,),
            )

        super().__init__(verify=tls, trust_env=False, client=session)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send; what fails is an `httpx.TransportError` of the right kind."""
        try:
            answer = await super().handle_async_request(request)
        except (httpx.TransportError, aiohttp.ClientError) as error:
            raise _told_apart(error) from error
        answer.stream = _Stream(cast("httpx.AsyncByteStream", answer.stream))
        return answer


class _Lost(aiohttp.ClientError):
    """A connection failed; the cause says how."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """One try is one request: aiohttp would send a GET again at once, and nobody would know."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Lost(str(error)) from error


class _Stream(httpx.AsyncByteStream):
    """A body; the end of the connection before its end is a ReadError, whoever notices."""

    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._inner:
                yield chunk
        except (httpx.TransportError, aiohttp.ClientError) as error:
            raise _told_apart(error) from error

    async def aclose(self) -> None:
        await self._inner.aclose()


def _told_apart(error: httpx.TransportError | aiohttp.ClientError) -> httpx.TransportError:
    wrapped = isinstance(error, httpx.TransportError | _Lost)
    cause = error.__cause__ if wrapped else error
    if isinstance(cause, _NEVER_SENT):
        return httpx.ConnectError(str(error))
    if isinstance(cause, TimeoutError):
        return httpx.ReadTimeout(str(error))
    return httpx.ReadError(str(error) or type(cause).__name__)
