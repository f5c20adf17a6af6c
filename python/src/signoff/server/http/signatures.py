"""Operations that are called by a signature instead of a key: checked before anything is read."""

from __future__ import annotations

from typing import Final

from signoff.server.domain.errors import Refusal
from signoff.server.http.requests import Headers
from signoff.server.operations.context import Context
from signoff.webhook import SignatureError, Verified, verify_approval_response

SEALED: Final = frozenset({"receiveApprovalResponse"})
"""The operations whose body has to be signed."""

_NAMES: Final = ("x-webhook-signature", "webhook-id", "webhook-timestamp", "webhook-signature")


def require_secret(context: Context) -> None:
    """Let nothing in while there is no secret to check it by.

    Raises:
        Refusal: ``webhook_secret_missing``.
    """
    if not context.options.webhook_secrets:
        raise Refusal(
            "webhook_secret_missing", "set SIGNOFF_APPROVAL_WEBHOOK_SECRET to accept decisions here"
        )


def verify(context: Context, headers: Headers, body: bytes) -> Verified:
    """Check the signature over the raw bytes, in constant time.

    Raises:
        Refusal: ``invalid_signature``.
    """
    given: dict[str, str] = {}
    for name in _NAMES:
        values = headers.get(name, ())
        if len(values) > 1:
            raise Refusal("invalid_signature", f"{name} must be given once")
        if values:
            given[name] = values[0]
    now = context.clock.now() / 1000
    try:
        return verify_approval_response(given, body, context.options.webhook_secrets, now)
    except SignatureError as error:
        raise Refusal("invalid_signature", str(error)) from None
