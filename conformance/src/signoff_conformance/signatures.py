"""Signatures of webhooks, written from the contract: made for the server, checked of the server."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

WINDOW_SECONDS = 300


def body_signature(secret: str, body: bytes) -> str:
    """The value of ``X-Webhook-Signature``."""
    return "sha256=" + hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def timestamped(secret: str, message_id: str, timestamp: int | str, body: bytes) -> str:
    """One token of ``webhook-signature``: ``v1,…``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def fault(headers: Mapping[str, str], body: bytes, secret: str, now: float | None) -> str | None:
    """What is wrong with the signature of a message from the server; None if it is good.

    Args:
        headers: names in lower case.
        body: as it came.
        secret: what it must be signed with.
        now: seconds since 1970 by the server's clock; None when that is not known.
    """
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        if not headers.get(name):
            return f"the header {name} is missing"
    stamp = headers["webhook-timestamp"]
    if not stamp.isdecimal():
        return f"webhook-timestamp is {stamp}, no number of seconds"
    if now is not None and abs(now - int(stamp)) > WINDOW_SECONDS:
        return f"webhook-timestamp is {int(stamp) - now:+.0f} s off"
    good = timestamped(secret, headers["webhook-id"], stamp, body)
    if good not in headers["webhook-signature"].split(" "):
        return "webhook-signature does not fit the body and the secret"
    return None
