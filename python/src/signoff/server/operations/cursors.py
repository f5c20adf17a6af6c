"""Cursors of listings: opaque text that names the list and the last row of the page before."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any

from signoff.server.domain.errors import Fault, Refusal
from signoff.server.domain.store import Row


def encode(listing: str, last: str) -> str:
    """The cursor that goes on after the row ``last`` of the list of this name."""
    return urlsafe_b64encode(f"{listing} {last}".encode()).decode().rstrip("=")


def decode(listing: str, cursor: str) -> str:
    """The last row that a cursor of this list names.

    Raises:
        Refusal: ``invalid_cursor``: it is not of this list.
    """
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    name, _, last = text.partition(" ")
    if name != listing or not last or "\0" in last or encode(listing, last) != cursor:
        raise invalid()
    return last


def decode_number(listing: str, cursor: str) -> int:
    """The same for lists whose rows are numbered.

    Raises:
        Refusal: ``invalid_cursor``: it is not of this list.
    """
    last = decode(listing, cursor)
    if not last.isascii() or not last.isdecimal() or len(last) > 16:
        raise invalid()
    return int(last)


def invalid() -> Refusal:
    """The refusal of a cursor."""
    fault = Fault("/cursor", "not a cursor of this list", "query")
    return Refusal("invalid_cursor", "cursor: not a cursor of this list", errors=[fault])


def page(
    listing: str, rows: Sequence[Row], limit: int, last: Callable[[Row], str]
) -> tuple[Sequence[Row], dict[str, Any]]:
    """The rows of a page, and ``{next_cursor}`` when there are more.

    Ask the store for ``limit + 1`` rows: the extra one tells that there is another page.
    """
    if len(rows) <= limit:
        return rows, {}
    shown = rows[:limit]
    return shown, {"next_cursor": encode(listing, last(shown[-1]))}
