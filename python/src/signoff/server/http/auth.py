"""Who makes a request, and whether they may.

With keys: the key says who it is, the contract says what its role may call. Without any key ever
made, the server is open, listens on loopback only, and even there trusts no request that some
web page or proxy could have sent: loopback is no boundary by itself.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from signoff.server.domain.errors import Refusal
from signoff.server.domain.principal import LOCAL, Principal
from signoff.server.domain.store import StoreUnavailable
from signoff.server.http.contract import Operation
from signoff.server.http.requests import Headers
from signoff.server.operations import keys
from signoff.server.operations.context import Context

NOBODY: Final = Principal("anonymous", LOCAL.role, source=LOCAL.source)
"""Who calls an operation that needs no key, on a server that has keys."""

_FORWARDING: Final = frozenset(
    {
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-port",
        "x-forwarded-server",
        "x-original-forwarded-for",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
    }
)

_LONGEST_HOST: Final = 300

_HOST: Final = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]@/\s]+)(?::[0-9]{1,5})?")


class Gate:
    """Lets requests in.

    What was read of the keys counts for one turn of the event loop: of hundreds of requests that
    come in at once only the first asks the store, and yet a revoked key is refused at once.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._closed = False
        self._open = False
        self._owners: dict[str, Principal | None] = {}

    async def admit(self, operation: Operation, headers: Headers) -> Principal:
        """Who calls, once it is certain that they may.

        Keys made or revoked by another process count from the next request on.

        Raises:
            Refusal: ``untrusted_origin`` on a server without keys; ``unauthorized``, ``forbidden``.
            StoreUnavailable: the keys can't be read.
        """
        try:
            if not self._closed and await self._is_open():
                _trust(headers)
                return LOCAL
        except StoreUnavailable:
            if operation.needs_the_store:
                raise
            return NOBODY
        self._closed = True  # for good: a key that was made once is never unmade
        if not operation.roles:
            return NOBODY
        principal = await self._owner(_token(headers))
        if principal is None:
            raise Refusal("unauthorized", "this key is not known here, or was revoked")
        if principal.role not in operation.roles:
            wanted = " or ".join(sorted(operation.roles))
            raise Refusal(
                "forbidden", f"{operation.id} needs the role {wanted}; this key is {principal.role}"
            )
        return principal

    async def _is_open(self) -> bool:
        if not self._open:
            self._open = await keys.is_open(self._context)
            self._until_the_next_turn()
        return self._open

    async def _owner(self, token: str) -> Principal | None:
        if token not in self._owners:
            self._owners[token] = await keys.owner(self._context, token)
            self._until_the_next_turn()
        return self._owners[token]

    def _until_the_next_turn(self) -> None:
        asyncio.get_running_loop().call_soon(self._forget)

    def _forget(self) -> None:
        self._open = False
        self._owners.clear()


def is_local(host: str) -> bool:
    """Whether a host names this machine by a name that nobody else can give it."""
    return len(host) <= _LONGEST_HOST and _is_local(host)


@lru_cache(maxsize=256)
def _is_local(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _trust(headers: Headers) -> None:
    for name in headers:
        if name in _FORWARDING or name.startswith("x-forwarded-"):
            raise _untrusted(f"nothing that was forwarded is served; this request has {name}")
    hosts = headers.get("host", [])
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None or not is_local(match[1]):
        raise _untrusted("only requests to a local Host are served, such as 127.0.0.1")
    for origin in headers.get("origin", ()):
        if not _is_local_origin(origin):
            raise _untrusted("no page from elsewhere is served; this request has a foreign Origin")


def _is_local_origin(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    return host is not None and is_local(host)


def _untrusted(why: str) -> Refusal:
    return Refusal("untrusted_origin", f"this server has no keys: {why}")


def _token(headers: Headers) -> str:
    given = headers.get("x-api-key")
    if given is None:
        given = [_bearer(value) for value in headers.get("authorization", ())]
    if len(given) != 1 or not given[0]:
        raise Refusal("unauthorized", "send one key, in X-API-Key or as Authorization: Bearer")
    return given[0]


def _bearer(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
