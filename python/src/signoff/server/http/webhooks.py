"""Signed decisions from outside, and deliveries to outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from signoff.server.http import requests
from signoff.server.http.replies import shape
from signoff.server.http.requests import Call
from signoff.server.operations import deliveries, responses


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


async def list_deliveries(call: Call) -> Response:
    """A page of deliveries."""
    return shape(await deliveries.list_deliveries(call.context, call.principal, **call.query))


async def retry_delivery(call: Call) -> Response:
    """Send a dead delivery again."""
    return shape(await deliveries.retry_delivery(call.context, call.principal, call.path["id"]))


HANDLERS = {
    "receiveApprovalResponse": receive_approval_response,
    "listDeliveries": list_deliveries,
    "retryDelivery": retry_delivery,
}
