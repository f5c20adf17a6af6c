"""An agent while it is served: from its registration to the hand-back of what is unfinished."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from signoff.agent.in_hand import InHand
from signoff.agent.incoming import Incoming
from signoff.agent.reasoners import Reasoner
from signoff.agent.registration import Registration
from signoff.agent.suspension import Suspension
from signoff.agent.tracking import tracked
from signoff.client import AsyncClient
from signoff.clock import AsyncClock
from signoff.retries import ONCE, Retry

PATIENT: Final = Retry(attempts=None, seconds=None, first=0.1, longest=5.0)
"""What an agent has to say must not be lost because the server restarts."""

HEARTBEAT_TIMEOUT_SECONDS: Final = 5.0
"""A heartbeat that hangs must leave time for others before the leases end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How an agent is served; see the arguments of `Agent`."""

    server_url: str
    api_key: str | None
    clock: AsyncClock
    shutdown_seconds: float
    suspend_after: float | None
    max_running: int | None

    def client(self, retry: Retry, *, timeout: float = 30.0) -> AsyncClient:
        """A client of the control plane."""
        return AsyncClient(
            server_url=self.server_url,
            api_key=self.api_key,
            retry=retry,
            timeout=timeout,
            clock=self.clock,
        )


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What answers the control plane, and what it knows of this process."""

    registration: Registration
    incoming: Incoming


@contextlib.asynccontextmanager
async def lifetime(
    told: dict[str, Any], reasoners: Mapping[str, Reasoner], in_hand: InHand, terms: Terms
) -> AsyncIterator[Lifetime]:
    """Register, heartbeat, and hand back what is unfinished at the end.

    `told` is what `registerNode` is told. While it ends, what comes in is still answered: a
    decision may finish a run.
    """
    async with (
        terms.client(PATIENT) as client,
        terms.client(ONCE, timeout=HEARTBEAT_TIMEOUT_SECONDS) as impatient,
    ):
        registration = Registration(impatient, terms.clock, in_hand, told)
        incoming = Incoming(
            told["id"], reasoners, in_hand, registration, client, terms.clock, terms.max_running
        )
        with tracked():
            work = _keeping(registration, in_hand, terms)
            keepers = [asyncio.create_task(each) for each in work]
            try:
                yield Lifetime(registration, incoming)
            finally:
                incoming.closing.set()
                await registration.leave(terms.shutdown_seconds)
                await in_hand.hand_back(terms.shutdown_seconds)
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)


def _keeping(
    registration: Registration, in_hand: InHand, terms: Terms
) -> Iterator[Coroutine[Any, Any, None]]:
    yield registration.keep()
    if terms.suspend_after is not None:
        suspension = Suspension(terms.clock, in_hand, terms.suspend_after)
        in_hand.changed = suspension.changed
        yield suspension.keep()
