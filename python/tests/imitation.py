"""The one place where a server is imitated: for faults that a real one has too rarely."""

import inspect
from typing import Any

import httpx
import respx

from signoff import AsyncClient, Client, Retry
from tests.contract import example
from tests.fake_clock import AsyncFakeClock, FakeClock


def problem(status, code, headers=()):
    body = {"type": "about:blank", "title": "No", "status": status, "code": code, "detail": "why"}
    return httpx.Response(status, json=body, headers=dict(headers))


def answer(operation_id):
    value = example(operation_id)
    return httpx.Response(200, text="text") if value is None else httpx.Response(200, json=value)


class Imitation:
    """A client of one kind, a clock, and a server that does as it is told."""

    def __init__(self, kind, retry=None):
        self.router = respx.Router(assert_all_called=False)
        self.route = self.router.route()
        self.requests = self.route.calls
        self.client: Any
        self.clock: Any
        options: dict[str, Any] = {"retry": retry or Retry(), "random": lambda: 0.0}
        if kind == "async":
            self.clock = AsyncFakeClock()
            transport = httpx.MockTransport(self.router.async_handler)
            self.client = AsyncClient(http_transport=transport, clock=self.clock, **options)
        else:
            self.clock = FakeClock()
            transport = httpx.MockTransport(self.router.handler)
            self.client = Client(http_transport=transport, clock=self.clock, **options)

    def answers(self, *replies):
        """Reply by reply, an exception for no reply; then no more."""
        self.route.mock(side_effect=list(replies))

    def behaves(self, reply):
        """Each reply is what the function `reply` makes of the request."""
        self.route.mock(side_effect=reply)

    async def run(self, call):
        result = call(self.client)
        return await result if inspect.isawaitable(result) else result

    async def all(self, call):
        rows = call(self.client)
        return [row async for row in rows] if hasattr(rows, "__aiter__") else list(rows)
