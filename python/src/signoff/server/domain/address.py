"""Which addresses the server may connect to. Pure: resolving names is the connector's work.

Whoever can make the server send a request can make it knock on doors that only it can reach. So
each kind of target has a reach, checked for the address that a connection really goes to: once
for what stands in a URL (:func:`literal`), and again for what its name resolves to each time.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class Reach(StrEnum):
    """How far a target may lie. Link-local and metadata addresses are out of every reach."""

    AGENT = "agent"
    """The ``base_url`` of a registered instance, or a host that the operator allowed: public,
    private and loopback addresses."""
    PUBLIC = "public"
    """A URL that came with a request: public addresses only."""
    OPERATOR = "operator"
    """A URL from the server's own settings: whatever the operator wrote."""


# Where clouds serve credentials to whoever asks from inside, apart from 169.254.169.254,
# which is link-local anyway.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192"))
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")


def literal(host: str) -> Address | None:
    """The address that a host in a URL spells out; None for a name.

    IPv4 counts in every form that connecting takes: ``127.1``, ``0x7f.1``, ``2130706433``,
    ``017700000001``.
    """
    text = host.strip("[]")
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeError, ValueError):
        return None


def refusal(address: Address, reach: Reach) -> str | None:
    """Why the server does not connect to ``address`` for this reach, in a few words; else None."""
    if reach is Reach.OPERATOR:
        return None
    reasons = (_refusal(target, reach) for target in _targets(address))
    return next((reason for reason in reasons if reason is not None), None)


@lru_cache(maxsize=1024)  # of the same few agents, again and again
def url_refusal(url: str, reach: Reach) -> str | None:
    """Why a URL is no target, as far as it shows without resolving its name; else None."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "it is no URL"
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "it is no http or https URL with a host"
    address = literal(host)
    if address is None:
        return None
    return refusal(address, reach)


def is_allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether the operator's list names the host of ``url``, as ``host`` or as ``host:port``."""
    parts = urlsplit(url)
    host = (parts.hostname or "").strip("[]")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    shown = f"[{host}]" if ":" in host else host
    wanted = {entry.lower() for entry in hosts}
    return not wanted.isdisjoint((host, shown, f"{shown}:{port}"))


def _targets(address: Address) -> list[Address]:
    """Where packets for an address end: itself, and what is inside a mapped or tunnelled one."""
    if address.version == 4:
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inside = [address.sixtofour, *(address.teredo or ())]
    return [address, *(inner for inner in inside if inner is not None)]


def _refusal(address: Address, reach: Reach) -> str | None:
    if address in _METADATA:
        return "it is a metadata address"
    if address.is_link_local:
        return "it is link-local"
    if address.is_unspecified:
        return "it is no address of a host"
    if address.is_multicast:
        return "it is a multicast address"
    if address.is_reserved and not address.is_loopback:
        return "it is reserved"
    if reach is Reach.PUBLIC and (not address.is_global or address in _SITE_LOCAL):
        return "it is not public"
    return None
