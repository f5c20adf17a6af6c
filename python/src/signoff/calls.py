"""Tries until there is an answer: what is safe to repeat is repeated, and nothing else.

`signoff/blocking/` is generated from this file, `operations.py` and `client.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import random as system_random
from typing import TypeVar

from pydantic import BaseModel

from signoff.clock import AsyncClock
from signoff.errors import ApiError, SignoffError, TransportError
from signoff.exchange import Answer, Request, decoded, refusal
from signoff.retries import Retry, next_wait
from signoff.transport import AsyncStream, AsyncTransport

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class AsyncCalls:
    """Sends requests through a transport, as often as `retry` allows.

    `timeout`: seconds in which nothing comes before a try is given up, beyond those that the
    server was asked to hold its answer back.
    """

    def __init__(
        self,
        transport: AsyncTransport,
        *,
        clock: AsyncClock,
        retry: Retry,
        timeout: float,
        random: Callable[[], float] = system_random,
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.retry = retry
        self.timeout = timeout
        self.random = random

    async def model(self, model: type[M], request: Request) -> M:
        """The answer as a model of the contract.

        Raises:
            ApiError: the server said no.
            TransportError: no answer.
            ProtocolError: an answer that the contract does not know.
        """
        return decoded(model, await self.answer(request))

    async def answer(self, request: Request) -> Answer:
        """The answer, whatever its body is. Raises as `model`, apart from ProtocolError."""

        async def once() -> Answer:
            read_seconds = self.timeout + request.wait_seconds
            answer = await self.transport.exchange(request, read_seconds)
            error = refusal(answer, self.clock.now())
            if error is not None:
                raise error
            return answer

        return await self.tried(request, once)

    async def tried(self, request: Request, once: Callable[[], Awaitable[T]]) -> T:
        """What `once` returns, tried as often as `retry` and the operation allow."""
        began = self.clock.monotonic()
        failures = 0
        while True:
            try:
                return await once()
            except (TransportError, ApiError) as error:
                failures += 1
                wait = self.wait(error, request.repeatable, failures, began)
                if wait is None:
                    if isinstance(error, TransportError):
                        error.attempts = failures
                    raise
            await self.clock.sleep(wait)

    def wait(
        self, error: SignoffError, repeatable: bool, failures: int, began: float
    ) -> float | None:
        """Seconds until the next try, None when there is none; `began` on the monotonic clock."""
        return next_wait(
            self.retry,
            error,
            repeatable=repeatable,
            failures=failures,
            elapsed=self.clock.monotonic() - began,
            random=self.random,
        )

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncStream]:
        """One try of an answer that is read as it comes. Raises as `answer`."""
        async with self.transport.stream(request, self.timeout + request.wait_seconds) as stream:
            if stream.status >= 400:
                content = b"".join([chunk async for chunk in stream.chunks])
                answer = Answer(stream.status, stream.headers, content)
                error = refusal(answer, self.clock.now())
                if error is not None:
                    raise error
            yield stream
