"""Signatures of webhooks: made, and checked over the raw bytes in constant time.

Two forms are in use:

- **timestamped** (Standard Webhooks): the headers `webhook-id`, `webhook-timestamp` (seconds since
  1970) and `webhook-signature`, which holds `v1,` and the base64 HMAC-SHA256 of
  `{id}.{timestamp}.{body}`; several signatures may stand there, separated by spaces. The key is
  the base64 after `whsec_`. Everything that the server sends is signed like this.
- **body**: `X-Webhook-Signature: sha256=` and the hex HMAC-SHA256 of the body, keyed by the UTF-8
  bytes of the secret as written, `whsec_` included. A reviewer's service may answer like this; it
  is what `openssl dgst -sha256 -hmac "$SECRET"` prints. No time is in it: it can be replayed.

A secret that does not start with `whsec_` serves the body form only. Several secrets may be given
while one is being replaced: a signature by any of them is good.

Pure, standard library only: the clock is an argument. The SDK and the server share it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from secrets import token_bytes
from typing import Final, Literal

WINDOW_SECONDS: Final = 300
"""How far `webhook-timestamp` may be from now, to either side."""

Kind = Literal["timestamped", "body"]
Reason = Literal["missing", "malformed", "stale", "mismatch", "secret"]


class SignatureError(Exception):
    """A message is not to be believed.

    `reason` is `missing` (no signature), `malformed` (a header that has no such form), `stale`
    (outside the window), `mismatch` (not signed by one of the secrets) or `secret` (no secret
    that this form could use was given). Neither it nor the text holds a secret or a signature.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good signature vouches for: its form, and in the timestamped form id and time."""

    kind: Kind
    id: str | None = None
    timestamp: int | None = None
    """Seconds since 1970."""


def new_secret() -> str:
    """A fresh secret for both forms: `whsec_` and the base64 of 32 random bytes."""
    return "whsec_" + base64.b64encode(token_bytes(32)).decode()


def sign_webhook(secret: str, msg_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the timestamped form; `timestamp` in seconds since 1970.

    Raises:
        SignatureError: `secret` has not the form `whsec_<base64>`.
    """
    signature = _timestamped(_key(secret), msg_id, str(timestamp), body)
    return {
        "webhook-id": msg_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
    }


def sign_approval_response(secret: str, body: bytes) -> str:
    """The value of `X-Webhook-Signature`, the body form.

    Raises:
        SignatureError: `secret` is empty.
    """
    return f"sha256={_of_body(secret, body)}"


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float
) -> Verified:
    """Check the timestamped form; `now` in seconds since 1970, `body` as it came.

    Names of headers count in any case. `sha256=`, the body form, is refused: the server never
    sends it, and as no time is in it, whoever has seen one message could send that again for ever.
    What comes to a server may have either form: `verify_approval_response`.

    Raises:
        SignatureError: nothing else, whatever the headers and the body hold.
    """
    given = _lower(headers)
    try:
        msg_id = given["webhook-id"]
        timestamp = given["webhook-timestamp"]
        signatures = given["webhook-signature"]
    except KeyError as absent:
        raise SignatureError("missing", f"the header {absent} is missing") from None
    if not _ID.fullmatch(msg_id):
        raise SignatureError("malformed", "webhook-id is not 1 to 255 visible ASCII characters")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureError("malformed", "webhook-timestamp is not a number of seconds")
    candidates = [token[3:] for token in signatures.split(" ") if token.startswith("v1,")]
    if not candidates:
        raise SignatureError("malformed", "webhook-signature holds no v1 signature")
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        raise SignatureError("stale", f"webhook-timestamp is not within {WINDOW_SECONDS} s of now")
    keys = [_key(secret) for secret in secrets if secret.startswith("whsec_")]
    if not keys:
        raise SignatureError("secret", _NO_KEY)
    wanted = [_timestamped(key, msg_id, timestamp, body) for key in keys]
    if not _any_equal(wanted, candidates):
        raise SignatureError("mismatch", "webhook-signature does not fit the body and the secret")
    return Verified("timestamped", msg_id, int(timestamp))


def verify_approval_response(
    headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now: float
) -> Verified:
    """Check either form; where `webhook-signature` is given, the timestamped form decides alone.

    Arguments as for `verify_webhook`.

    Raises:
        SignatureError: nothing else, whatever the headers and the body hold.
    """
    given = _lower(headers)
    if "webhook-signature" in given:
        return verify_webhook(given, body, secrets, now)
    signature = given.get("x-webhook-signature")
    if signature is None:
        raise SignatureError(
            "missing", "neither X-Webhook-Signature nor webhook-signature is there"
        )
    match = _SHA256.fullmatch(signature)
    if not match:
        raise SignatureError("malformed", "X-Webhook-Signature is not sha256= and 64 hex digits")
    wanted = [_of_body(secret, body) for secret in secrets if secret]
    if not wanted:
        raise SignatureError("secret", _EMPTY)
    if not _any_equal(wanted, [match[1].lower()]):
        raise SignatureError("mismatch", "X-Webhook-Signature does not fit the body and the secret")
    return Verified("body")


_NO_KEY: Final = "the timestamped form needs a secret of the form whsec_<base64>"
_EMPTY: Final = "the secret is empty"

_ID: Final = re.compile(r"[!-~]{1,255}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,15}")
_SHA256: Final = re.compile(r"sha256=([0-9a-fA-F]{64})")


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        raise SignatureError("secret", _NO_KEY)
    encoded = secret[6:]
    try:
        # Some write it without its padding.
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        raise SignatureError("secret", _NO_KEY) from None
    if not key:
        raise SignatureError("secret", _EMPTY)
    return key


def _timestamped(key: bytes, msg_id: str, timestamp: str, body: bytes) -> str:
    signed = b".".join([msg_id.encode(), timestamp.encode(), body])
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _of_body(secret: str, body: bytes) -> str:
    if not secret:
        raise SignatureError("secret", _EMPTY)
    # From the environment, bytes that are no UTF-8 come as surrogates, and go back to what they
    # were: openssl uses them so.
    try:
        key = secret.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise SignatureError("secret", "the secret has no UTF-8 form") from None
    return hmac.digest(key, body, hashlib.sha256).hex()


def _any_equal(wanted: list[str], candidates: list[str]) -> bool:
    """Every pair is compared, each in constant time: how long it takes tells nothing."""
    equal = False
    for mine in wanted:
        for theirs in candidates:
            equal |= hmac.compare_digest(mine.encode(), theirs.encode(errors="replace"))
    return equal


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
