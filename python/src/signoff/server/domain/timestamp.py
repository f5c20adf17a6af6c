"""Times as text: RFC 3339 in UTC with milliseconds and ``Z``. Elsewhere a time is an int of ms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@lru_cache(maxsize=1024)  # the events of one change share their time
def render(ms: int) -> str:
    """``2026-11-21T00:00:00.000Z``."""
    text = (_EPOCH + ms * _MS).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def render_or_none(ms: int | None) -> str | None:
    """The same, with None for None."""
    return None if ms is None else render(ms)


def parse(text: str) -> int:
    """Ms since the epoch of an RFC 3339 time; what is finer than a millisecond is cut off.

    Raises:
        ValueError: it is no time, or does not name its zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as Z")
    return (moment - _EPOCH) // _MS
