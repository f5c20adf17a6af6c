"""Times of the contract, as people say them."""

from datetime import UTC, datetime
from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def read(at: str) -> datetime:
    """A time of the contract (RFC 3339, `Z`).

    Raises:
        ValueError: it is none.
    """
    return datetime.fromisoformat(at)


def relative(at: str, now: float) -> str:
    """How long ago or how far ahead: `3 min ago`, `in 2 d 1 h`. `now` in seconds since 1970."""
    seconds = round(read(at).timestamp() - now)
    if seconds == 0:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def span(seconds: float) -> str:
    """A length of time, as exact as matters: `2 d 1 h`, `47 s`, `3.2 s`, `15 ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 10:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    left = int(seconds)
    parts: list[str] = []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts))


def local(at: str) -> str:
    """The time by the clock of this machine, to the second, with its zone."""
    return read(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def utc(now: float) -> str:
    """`now`, seconds since 1970, as the contract writes times."""
    text = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
