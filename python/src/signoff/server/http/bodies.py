"""Reading bodies: never more than the limit, whatever the headers say."""

from __future__ import annotations

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.http import faults
from signoff.server.http.contract import BodyRule
from signoff.server.http.requests import Headers


async def read(rule: BodyRule, headers: Headers, receive: Receive) -> bytes:
    """Read a body to its end.

    Raises:
        Refusal: ``body_too_large``, as soon as that is known; ``invalid_request`` for a
            Content-Length that is no number.
        ClientDisconnect: the client has gone before the end.
    """
    _check_length(rule, headers.get("content-length"))
    return await _stream(rule.limit, receive)


async def _stream(limit: int, receive: Receive) -> bytes:
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        # The usual case: one piece.
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise _too_large(limit)
        return body
    pieces = bytearray()
    while message["type"] == "http.request":
        pieces += message.get("body", b"")
        if len(pieces) > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return bytes(pieces)
        message = await receive()
    raise ClientDisconnect


def _check_length(rule: BodyRule, given: list[str] | None) -> None:
    if given is None:
        return
    length = given[0]
    if len(given) > 1 or not (length.isascii() and length.isdecimal()):
        raise faults.refuse([Fault("/content-length", "must be one number of bytes", "header")])
    # The length of the digits first: int() of thousands of them is slow.
    if len(length) > 18 or int(length) > rule.limit:
        raise _too_large(rule.limit)


def _too_large(limit: int) -> Refusal:
    return Refusal("body_too_large", f"a body may have {limit} bytes")
