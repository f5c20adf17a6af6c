"""The signature of a signed decision, over what is really sent."""

from __future__ import annotations

import itertools
import time

import requests
from requests.auth import AuthBase

from signoff.webhook import sign_webhook
from tests.acceptance.servers import signed

STANDARD = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Signing(AuthBase):
    """Signs requests, in the two forms in turn."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._numbers = itertools.count()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else body
        assert isinstance(raw, bytes)
        for name in (*STANDARD, "X-Webhook-Signature"):
            request.headers.pop(name, None)
        number = next(self._numbers)
        if number % 2:
            request.headers["X-Webhook-Signature"] = signed(raw, self._secret)[
                "X-Webhook-Signature"
            ]
        else:
            timed = sign_webhook(self._secret, f"fuzz-{number}", int(time.time()), raw)
            request.headers.update(timed)
        return request
