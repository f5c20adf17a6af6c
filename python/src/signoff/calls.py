"""Tries until there is an answer: what is safe to repeat is repeated, and nothing else.

`signoff/blocking/calls.py` is generated from this file.
"""

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from random import random as system_random
from typing import TypeVar

from pydantic import BaseModel

from signoff.clock import AsyncClock
from signoff.errors import ApiError, TransportError, WaitTimeoutError
from signoff.exchange import Answer, Request, decoded, outside_contract, refusal
from signoff.retries import Retry, next_wait
from signoff.transport import AsyncStream, AsyncTransport

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")


class AsyncCalls:
    """Sends requests through a transport, as often as `retry` allows.

    `timeout`: seconds in which nothing comes before a try is given up, beyond those that the
    server was asked to hold its answer back. `deadline`: when everything is given up, by the
    monotonic clock.
    """

    def __init__(
        self,
        transport: AsyncTransport,
        *,
        clock: AsyncClock,
        retry: Retry,
        timeout: float,
        deadline: float = math.inf,
        random: Callable[[], float] = system_random,
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.retry = retry
        self.timeout = timeout
        self.deadline = deadline
        self.random = random

    def having(
        self,
        *,
        retry: Retry | None = None,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> "AsyncCalls":
        """The same, with another `retry`, `timeout` or `deadline` where one is given."""
        return AsyncCalls(
            self.transport,
            clock=self.clock,
            retry=self.retry if retry is None else retry,
            timeout=self.timeout if timeout is None else timeout,
            deadline=self.deadline if deadline is None else deadline,
            random=self.random,
        )

    async def model(self, model: type[M], request: Request) -> M:
        """The answer as a model of the contract.

        Raises:
            ApiError: the server said no.
            TransportError: no answer.
            ProtocolError: an answer that the contract does not know.
            WaitTimeoutError: the deadline is there.
        """
        return decoded(model, await self.answer(request))

    async def answer(self, request: Request) -> Answer:
        """The answer, whatever its body is. Raises as `model`, apart from ProtocolError."""

        async def once() -> Answer:
            read_seconds = self.within(request.name, self.timeout + request.wait_seconds)
            answer = await self.transport.exchange(request, read_seconds)
            error = refusal(answer, self.clock.now())
            if error is not None:
                raise error
            return answer

        return await self.tried(request, once)

    def within(
        self, name: str, seconds: float, fault: TransportError | ApiError | None = None
    ) -> float:
        """`seconds`, or what is left until the deadline.

        Raises:
            WaitTimeoutError: nothing is; `fault` is what was met last.
        """
        left = self.deadline - self.clock.monotonic()
        if left <= 0:
            raise WaitTimeoutError(f"{name} is not done in time", id=name) from fault
        return min(seconds, left)

    def passes(self, name: str, read_seconds: float) -> bool:
        """Whether silence on a connection that bears it so long would last past the deadline.

        By a second or more: for less it is not worth a new connection.

        Raises:
            WaitTimeoutError: the deadline is there.
        """
        return self.within(name, read_seconds) < read_seconds - 1

    async def tried(self, request: Request, once: Callable[[], Awaitable[T]]) -> T:
        """What `once` returns, tried as often as `retry` and the operation allow."""
        tries = AsyncTries(self, self.retry, request.name, repeatable=request.repeatable)
        while True:
            try:
                return await once()
            except (TransportError, ApiError) as error:
                await tries.failed(error)

    def patient(self, name: str) -> "AsyncTries":
        """Tries of something that goes on for long: any number, for `retry.seconds` in a row."""
        alone = self.retry.attempts == 1
        retry = self.retry if alone else replace(self.retry, attempts=None)
        return AsyncTries(self, retry, name, repeatable=True)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[AsyncStream]:
        """One try of an answer that is read as it comes. Raises as `answer`."""
        read_seconds = self.within(request.name, self.timeout + request.wait_seconds)
        async with self.transport.stream(request, read_seconds) as stream:
            if stream.status not in (200, 204):
                answer = Answer(stream.status, stream.headers, await stream.read())
                raise refusal(answer, self.clock.now()) or outside_contract(stream.status)
            yield stream


class AsyncTries:
    """The tries of one thing: how many failed in a row, and since when."""

    def __init__(self, calls: AsyncCalls, retry: Retry, name: str, *, repeatable: bool) -> None:
        self._calls = calls
        self._retry = retry
        self._name = name
        self._repeatable = repeatable
        self.succeeded()

    def succeeded(self) -> None:
        """Count from here."""
        self._failures = 0
        self._began = self._calls.clock.monotonic()

    async def failed(self, error: TransportError | ApiError) -> None:
        """Come back when it is time for the next try.

        Raises:
            TransportError, ApiError: `error`, when there is to be none.
            WaitTimeoutError: it could only begin after the deadline.
        """
        self._failures += 1
        wait = next_wait(
            self._retry,
            error,
            repeatable=self._repeatable,
            failures=self._failures,
            elapsed=self._calls.clock.monotonic() - self._began,
            random=self._calls.random,
        )
        if isinstance(error, TransportError):
            error.attempts = self._failures
        elif wait is None:
            raise error
        left = self._calls.within(self._name, math.inf, error)
        if wait is None:
            raise error
        if wait >= left:
            raise WaitTimeoutError(f"{self._name} is not done in time", id=self._name) from error
        await self._calls.clock.sleep(wait)
