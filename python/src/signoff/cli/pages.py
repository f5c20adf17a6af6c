"""Reads a list page by page, as far as was asked for."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

MOST: Final = 200
"""What one page may hold."""

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Page(Protocol[Item_co]):
    """A page of the contract's lists."""

    @property
    def items(self) -> Sequence[Item_co]:
        """What is on it."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next one begins; None on the last."""


def take(
    fetch: Callable[[int, str | None], Page[Item]], limit: int
) -> tuple[list[Item], str | None]:
    """Up to `limit` rows, and the cursor of what comes after them, if anything does.

    `fetch` gets how many rows, and the cursor of the page before.
    """
    items: list[Item] = []
    cursor: str | None = None
    while len(items) < limit:
        page = fetch(min(MOST, limit - len(items)), cursor)
        items += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return items, cursor
