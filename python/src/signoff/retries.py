"""Whether to try again, and when: pure rules, with time and chance as arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from signoff.errors import ApiError, SignoffError, TransportError

RETRIED_STATUSES: Final = frozenset({429, 502, 503, 504})
"""Too much, or nobody there, for now."""

NOT_RETRIED_CODES: Final = frozenset({"webhook_secret_missing"})
"""Only somebody who configures the server can change this."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How long to go on with a request that failed for now.

    `attempts`: tries in all, the first one included; None is no limit. `seconds`: no new try
    begins later than this after the first; None is no limit. Between tries it waits `first`
    seconds, twice as long each time, at most `longest`, less a random part of up to a half.
    The server's `Retry-After` goes before.
    """

    attempts: int | None = 6
    seconds: float | None = 60.0
    first: float = 0.2
    longest: float = 10.0


ONCE: Final = Retry(attempts=1)
"""One try."""

FOREVER: Final = Retry(attempts=None, seconds=None)
"""Until there is an answer that no repeat can change."""


def next_wait(
    retry: Retry,
    error: SignoffError,
    *,
    repeatable: bool,
    failures: int,
    elapsed: float,
    random: Callable[[], float],
) -> float | None:
    """Seconds to wait before the next try; None when there is to be none.

    `failures` counts the tries that failed, this one included, `elapsed` is the time since the
    first began, `random` draws from [0, 1).
    """
    if not _for_now(error, repeatable):
        return None
    if retry.attempts is not None and failures >= retry.attempts:
        return None
    wait = error.retry_after if isinstance(error, ApiError) else None
    if not wait:
        # "At once" (0, or a date in the past) counts as not said: a clock that differs must not
        # make a storm. 2.0**1000 is no float any more; long before that the wait is the longest.
        wait = min(retry.longest, retry.first * 2.0 ** min(failures - 1, 60))
        wait *= 1 - random() / 2
    if retry.seconds is not None and elapsed + wait > retry.seconds:
        return None
    return wait


def _for_now(error: SignoffError, repeatable: bool) -> bool:
    if isinstance(error, TransportError):
        return repeatable or not error.sent
    if isinstance(error, ApiError):
        return (
            repeatable and error.status in RETRIED_STATUSES and error.code not in NOT_RETRIED_CODES
        )
    return False


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a `Retry-After` header asks for, whichever of its two forms it has.

    `now` in seconds since 1970. A date in the past is 0; what is neither form counts as absent.
    """
    if value is None:
        return None
    value = value.strip()
    # A number of more digits is no wait but a mistake, and might be too large for a float.
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None
