"""Signed decisions from outside, and deliveries to outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from signoff.server.http import requests
from signoff.server.http.replies import shape
from signoff.server.http.requests import Call
from signoff.server.operations import responses


async def receive_approval_response(call: Call) -> Response:
    """Decide a request by a signed message."""

    def parse(_: bytes) -> Mapping[str, Any]:
        requests.check(call)
        return call.body

    # Several headers of one name are one with commas, by the rules of HTTP.
    headers = {name: ", ".join(values) for name, values in call.sent.headers.items()}
    return shape(
        await responses.receive_approval_response(call.context, headers, call.sent.body, parse)
    )


HANDLERS = {
    "receiveApprovalResponse": receive_approval_response,
}
