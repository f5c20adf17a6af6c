"""The server's only HTTP client: POSTs to agents and subscribers, and to nothing else it can reach.

What a name resolves to is checked at every new connection, and the connection goes to the very
address that was checked. No redirect is followed, no proxy of the environment used, no cookie kept.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from signoff._version import __version__
from signoff.server.domain.address import Reach, is_allowed, refusal, url_refusal

CONNECT_SECONDS = 5.0
"""How long finding the address and connecting may take."""

KEEP_SECONDS = 3.0
"""How long an idle connection is kept: less than the 5 s of common agents, so that a request
hardly ever meets one that the other side is just closing."""

RESOLVING_THREADS = 32
"""Names looked up at once: a name server that hangs must not hold up the other names for long."""


class Unsent(Exception):
    """The request never left: nobody listens, the name is unknown, the address is forbidden.

    The text says which in a few words, without the URL.
    """


class Unheard(Exception):
    """The request may have arrived, but no whole answer came back: its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` of None: it was longer than asked for, and was not read."""

    status: int
    body: bytes | None
    retry_after: str | None = None
    """The header as it came."""

    @property
    def ok(self) -> bool:
        """Whether it is one of the 200s."""
        return 200 <= self.status < 300


class HttpClient:
    """Sends POST requests; one per server. Make it while the event loop runs.

    Args:
        allowed_hosts: hosts (``host`` or ``host:port``) that a public URL may name although their
            addresses are not public.
        connect_seconds: how long connecting may take.
    """

    def __init__(
        self,
        *,
        allowed_hosts: Collection[str] = frozenset(),
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._connect_seconds = connect_seconds
        self._pool = ThreadPoolExecutor(RESOLVING_THREADS, thread_name_prefix="resolve")
        # A pool of connections for each reach: one that an agent may have is none for the public.
        self._sessions = {reach: self._open(reach) for reach in Reach}

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, reach: Reach, most: int
    ) -> Answer:
        """POST ``body`` to ``url``; answer what came back, whatever its status.

        There is no limit to how long the answer may take: cancel the call when you have waited
        long enough, which closes its connection.

        Args:
            url: http or https.
            body: as it is to be sent and was signed.
            headers: beside those of every request.
            reach: where the URL may lead to.
            most: the longest body of an answer to read, in bytes.

        Raises:
            Unsent: it was not sent.
            Unheard: nobody knows whether it arrived.
        """
        reach = self._widened(url, reach)
        if why := url_refusal(url, reach):
            raise Unsent(f"may not connect: {why}")
        try:
            async with self._sessions[reach].post(
                url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return Answer(
                    response.status,
                    await _read(response, most),
                    response.headers.get("Retry-After"),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unsent(_reason(error)) from error
        except (aiohttp.InvalidURL, ValueError) as error:
            raise Unsent("it is no URL") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Unheard("the connection was lost before the answer") from error

    async def close(self) -> None:
        """Close all connections, also those in use."""
        for session in self._sessions.values():
            await session.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _widened(self, url: str, reach: Reach) -> Reach:
        """The reach for a URL: what the operator allows by name need not be public."""
        if reach is not Reach.PUBLIC:
            return reach
        try:
            allowed = is_allowed(url, self._allowed_hosts)
        except ValueError:
            allowed = False
        return Reach.AGENT if allowed else reach

    def _open(self, reach: Reach) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Checked(reach, self._pool),
            use_dns_cache=False,
            limit=0,  # bounded by the callers, who know what may hang
            keepalive_timeout=KEEP_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_seconds),
            headers={
                "User-Agent": f"signoff/{__version__}",
                "Content-Type": "application/json",
                # A short compressed answer could be a very long one.
                "Accept-Encoding": "identity",
            },
            auto_decompress=False,
            trust_env=False,
        )


class _Forbidden(OSError):
    """A name resolves to no address that may be connected to."""


class _Checked(AbstractResolver):
    """Resolves names to the addresses that are within reach; the connection goes to one of them."""

    def __init__(self, reach: Reach, pool: ThreadPoolExecutor) -> None:
        self._reach = reach
        self._pool = pool

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._pool, _look_up, host, port, family
        )
        why = None
        good: list[ResolveResult] = []
        for family_found, text in found:
            if reason := refusal(ipaddress.ip_address(text), self._reach):
                why = reason
                continue
            good.append(
                ResolveResult(
                    hostname=host,
                    host=text,
                    port=port,
                    family=family_found,
                    proto=socket.IPPROTO_TCP,
                    flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
                )
            )
        if why is not None and not good:
            raise _Forbidden(f"may not connect: {why}")
        return good

    async def close(self) -> None:
        """Do nothing: the threads are the client's."""


def _look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    return [(entry[0], str(entry[4][0])) for entry in found]


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes | None:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return "connecting took too long"
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, _Forbidden):
            return str(error.os_error)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            return "its name does not resolve"
        if isinstance(error, aiohttp.ClientSSLError):
            return "no TLS connection came about"
        if isinstance(error.os_error, ConnectionRefusedError):
            return "nobody listens there"
    return "no connection came about"
