"""Answers: shapes of the contract as bytes, with the headers that all of them carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson
from starlette.responses import Response

from signoff.server.http.contract import PREFIX

JSON: Final = "application/json"

COMMON: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}
"""State that changes, and secrets, are nobody's to keep; nobody is to guess what a body is."""


def reply(
    status: int, body: bytes, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer from bytes."""
    response = Response(body, status, media_type=media_type)
    response.raw_headers += _COMMON
    if headers:
        response.raw_headers += [(name.encode(), text.encode()) for name, text in headers.items()]
    return response


def shape(content: object, status: int = 200, location: str | None = None) -> Response:
    """An answer from a shape of the contract.

    Args:
        content: as ``operations/rendering.py`` makes it; user JSON in it is raw text.
        status: the HTTP status.
        location: where the thing is read, as a path below the contract's prefix.
    """
    headers = {"location": PREFIX + location} if location else None
    return reply(status, orjson.dumps(content), headers=headers)


_COMMON: Final = [(name.encode(), text.encode()) for name, text in COMMON.items()]
