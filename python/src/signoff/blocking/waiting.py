# Generated from signoff/waiting.py by tools/generate.py; do not edit.
"""Long polls to a deadline, through every fault: what the waiting verbs have in common.

Made from `signoff/waiting.py`, which has all of it for coroutines.
"""

import math
from collections.abc import Callable
from typing import Final, TypeVar

from signoff.blocking.calls import Calls
from signoff.blocking.operations import Operations
from signoff.errors import ApiError, TransportError, WaitTimeoutError
from signoff.retries import FOREVER, ONCE, next_wait

LONGEST_HOLD_SECONDS: Final = 60.0
"""How long the server holds the answer to one long poll."""

POLL_GRACE_SECONDS: Final = 5.0
"""An answer to a long poll that is this late is not coming any more."""

T = TypeVar("T")


def until(
    calls: Calls,
    poll: Callable[[Operations, float], T],
    done: Callable[[T], bool],
    deadline: float,
    id: str,
) -> T:
    """What `poll` finds, once it is done.

    `poll` is given the operations, and how many seconds the server may hold its answer; `deadline`
    is by the monotonic clock of `calls`; `id` is what is waited for.

    Raises:
        WaitTimeoutError: the deadline is there.
        ApiError: the server said no, and no repeat can change that.
    """
    clock = calls.clock
    limit = deadline if deadline > clock.monotonic() else None  # with no time it looks once
    polled = calls.having(retry=ONCE, timeout=POLL_GRACE_SECONDS, deadline=limit)
    operations = Operations(polled)
    idle = 0
    fault: TransportError | ApiError | None = None
    while True:
        asked = clock.monotonic()
        # Whole milliseconds, and never past the deadline.
        left = max(0.0, min(LONGEST_HOLD_SECONDS, deadline - asked))
        hold = math.floor(left * 1000) / 1000
        try:
            found = poll(operations, hold)
            if done(found):
                return found
            # Answered before its time: the server is stopping, or nothing holds polls here.
            where = calls.transport.server_url
            fault = TransportError(f"{id}: {where} does not hold the answer")
            idle = idle + 1 if clock.monotonic() - asked < hold / 2 else 0
        except WaitTimeoutError as error:
            raise WaitTimeoutError(f"{id} is not done in time", id=id) from (
                error.__cause__ or fault
            )
        except (TransportError, ApiError) as error:
            fault = error
            idle += 1
        wait = 0.0 if idle == 0 else _wait(fault, idle, calls.random)
        left = deadline - clock.monotonic()
        if left <= 0:
            raise WaitTimeoutError(f"{id} is not done in time", id=id) from fault
        clock.sleep(min(wait, left))


def _wait(error: TransportError | ApiError, failures: int, random: Callable[[], float]) -> float:
    wait = next_wait(FOREVER, error, repeatable=True, failures=failures, elapsed=0.0, random=random)
    if wait is None:
        raise error
    return wait
