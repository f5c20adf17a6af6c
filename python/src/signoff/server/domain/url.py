"""Which URLs may be written down: what shows in the text, before any name is resolved.

The address that a name leads to is checked again at every connection.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from signoff.server.domain.address import Reach, is_allowed, url_refusal

_METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog"})


def base_url_refusal(url: str) -> str | None:
    """Why an agent may not register this ``base_url``, in a few words; None when it may.

    It may be private or loopback, never link-local or a metadata address, and it is a prefix: a
    path may follow, user info, a query or a fragment may not.
    """
    refused = url_refusal(url, Reach.AGENT)
    if refused is not None:
        return refused
    parts = urlsplit(url)
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return "it has a query or a fragment"
    return _name_refusal(url)


def webhook_url_refusal(url: str, allowed_hosts: Collection[str]) -> str | None:
    """Why an ``execution.finished`` may not go to this URL, in a few words; None when it may.

    It is public, unless the operator allows its host by name.
    """
    try:
        allowed = is_allowed(url, allowed_hosts)
    except ValueError:
        return "it is no URL"
    refused = url_refusal(url, Reach.AGENT if allowed else Reach.PUBLIC) or _name_refusal(url)
    if refused is None and not allowed and _is_local(_host(url)):
        return "it is not public"
    return refused


def _name_refusal(url: str) -> str | None:
    if "@" in urlsplit(url).netloc:
        return "it has user info"
    if _host(url) in _METADATA_NAMES:
        return "it is a metadata address"
    return None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")


def _is_local(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
