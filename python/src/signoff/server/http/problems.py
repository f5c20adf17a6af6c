"""Refusals as problem documents (RFC 9457). The one place where a code meets an HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.responses import Response

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.http.contract import Operation
from signoff.server.http.replies import reply

STATUS: Final[Mapping[str, int]] = {
    "invalid_request": 400,
    "invalid_json": 400,
    "unauthorized": 401,
    "invalid_signature": 401,
    "forbidden": 403,
    "untrusted_origin": 403,
    "not_found": 404,
    "unknown_target": 404,
    "method_not_allowed": 405,
    "already_decided": 409,
    "request_conflict": 409,
    "ambiguous_request_id": 409,
    "execution_finished": 409,
    "stale_attempt": 409,
    "step_conflict": 409,
    "idempotency_conflict": 409,
    "delivery_not_retryable": 409,
    "body_too_large": 413,
    "unsupported_media_type": 415,
    "invalid_input": 422,
    "invalid_callback_url": 422,
    "invalid_webhook_url": 422,
    "invalid_base_url": 422,
    "invalid_cursor": 422,
    "internal_error": 500,
    "webhook_secret_missing": 503,
    "store_unavailable": 503,
    "shutting_down": 503,
}
"""The HTTP status of every problem code of the contract."""

MEDIA_TYPE: Final = "application/problem+json"

_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

_RETRY_AFTER: Final = {
    "store_unavailable": "1",
    "shutting_down": "1",
    "webhook_secret_missing": "60",
}
_RETRY_AFTER_OTHERS: Final = "2"

_SCHEMES: Final = {"unauthorized": "Bearer", "invalid_signature": "Webhook-Signature"}


def problem(
    refusal: Refusal, operation: Operation | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that says no, with the headers that the contract promises for it.

    Args:
        refusal: what the domain or the edge said.
        operation: what was asked for; None where the path leads to none.
        headers: more headers, such as ``allow``.

    Raises:
        KeyError: the code is not in the contract: a bug.
    """
    status = STATUS[refusal.code]
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "code": refusal.code,
        "detail": refusal.detail,
    }
    if refusal.errors:
        document["errors"] = [_error(fault) for fault in refusal.errors]
    document.update({name: value for name, value in refusal.extra.items() if value is not None})
    sent = dict(headers or {})
    if status == 401:
        sent["www-authenticate"] = _SCHEMES[refusal.code]
    if status == 503 or (operation and "retry-after" in operation.headers.get(status, ())):
        sent["retry-after"] = _RETRY_AFTER.get(refusal.code, _RETRY_AFTER_OTHERS)
    return reply(status, orjson.dumps(document), MEDIA_TYPE, sent)


def _error(fault: Fault) -> dict[str, str]:
    return {"in": fault.where, "pointer": fault.pointer, "detail": fault.detail}
