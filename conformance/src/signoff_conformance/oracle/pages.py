"""Lists in pages: cursors, and where they lead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from signoff_conformance.oracle.answers import Answer, Refused, Request

DEFAULT: Final = 50
SENTENCE: Final = "Lists … answer `items` and, while there is more, `next_cursor`."


@dataclass(frozen=True, slots=True)
class _Place:
    of: str
    after: str


class Pages:
    """The cursors that were given out."""

    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    def answer(
        self,
        label: str,
        request: Request,
        rows: Sequence[Any],
        of: str,
        name: Callable[[Any], str],
        shown: Callable[[Any], Mapping[str, Any]],
    ) -> Answer:
        """A page of rows, which are in the order of the list.

        Args:
            label: of the operation; names the next cursor.
            request: with ``limit`` and ``cursor``.
            rows: all that the list has now.
            of: which list it is; cursors of others are refused.
            name: of a row: what a cursor remembers.
            shown: a row as the contract shows it.

        Raises:
            Refused: ``invalid_cursor``.
        """
        limit = int(request.query.get("limit", DEFAULT))
        start = self._start(request, rows, of, name)
        page = rows[start : start + limit]
        body: dict[str, Any] = {"items": [shown(row) for row in page]}
        if start + limit < len(rows):
            cursor = f"cur_o-{label}"
            self._places[cursor] = _Place(of, name(page[-1]))
            body["next_cursor"] = cursor
        return Answer(
            200, body, sentence="Lists answer `items` and, while there is more, `next_cursor`"
        )

    def _start(
        self, request: Request, rows: Sequence[Any], of: str, name: Callable[[Any], str]
    ) -> int:
        cursor = request.query.get("cursor")
        if cursor is None:
            return 0
        place = self._places.get(cursor)
        if place is None or place.of != of:
            places = frozenset({("query", "/cursor")})
            raise Refused(422, "invalid_cursor", "The cursor is not from this list.", places)
        names = [name(row) for row in rows]
        return names.index(place.after) + 1
