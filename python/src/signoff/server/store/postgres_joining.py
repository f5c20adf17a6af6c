"""A change as one statement, where that means the same: one round trip, not one for each part.

Every part becomes a member of one ``WITH``; the last word raises when a part has not touched the
rows that it must, which undoes all of them::

    WITH s0 AS (UPDATE executions … RETURNING 1), s1 AS (INSERT INTO events … RETURNING 1)
    SELECT (CASE WHEN (SELECT count(*) FROM s0) <> 1 THEN 'missed 0'
                 WHEN (SELECT count(*) FROM s1) <> 1 THEN 'missed 1' ELSE '0' END)::int

It looks at the parts one after the other, and what is looked at is done then: rows are locked in
the order of the change, in which two changes never wait for each other.

The members of a ``WITH`` see one state of the database, which a transaction's statements do not:
each of those sees what was committed until it began. So only such parts are joined as name their
row by its key: an UPDATE that waits for another transaction then judges the row as that one left
it, whatever was to be seen before. Of a set of rows, only what the guarded head of the same change
keeps from growing is among them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from signoff.server.domain.store import Statement

if TYPE_CHECKING:
    from signoff.server.store.queries import Bound

Job: TypeAlias = "list[tuple[Statement, Bound]]"
"""The statements of a change, each in the engine's dialect."""

INSERTS: Final = frozenset(
    {
        "insert_approval_request",
        "insert_event",
        "insert_execution",
        "insert_idempotency",
        "insert_message",
        "insert_step",
    }
)
"""New rows; one whose key is taken misses."""

UPDATES: Final = {
    "deliver_decision": "approval_requests",
    "drop_messages": "messages",
    "extend_approval_request": "approval_requests",
    "move_approval_request": "approval_requests",
    "move_execution": "executions",
    "move_message": "messages",
    "see_approval_request": "approval_requests",
    "take_offer": "executions",
    "touch_execution": "executions",
}
"""What changes a row that it names by its key, and the table that it is in. Messages are dropped by
their execution: whoever writes one for it appends to its chain, and so misses or makes us miss."""

_ONE_EACH: Final = frozenset({"executions", "messages"})
"""Tables of which a joined change writes one row, or one set of rows: heads have to be locked in
the order of the change, which members of a WITH do not keep, and none may be written twice."""

MOST_PARTS: Final = 60
"""Of more than these a change is not made one statement: most have six. To plan it takes longer
with the square of the parts, and PostgreSQL takes no more than 32,767 values in one; the end of a
run that asks a thousand people at once would be neither planned in time nor taken."""

_VERBS: Final = ("INSERT", "UPDATE", "DELETE")
_PLACE: Final = re.compile(r"\$(\d+)")
_MISSED: Final = re.compile(r"\bmissed (\d+)\b")  # in whatever quotes: messages are translated


def joined(job: Job) -> Bound | None:
    """The change as one statement with its values; None when that could mean something else."""
    if not _fits(job):
        return None
    parts = tuple((bound[0], len(bound[1]), statement.expect) for statement, bound in job)
    return _text(parts), tuple(value for _, (_, values) in job for value in values)


def missed(job: Job, words: str) -> Statement | None:
    """The part that did not touch what it must, if an error's words say so."""
    found = _MISSED.search(words)
    return job[int(found[1])][0] if found else None


def _fits(job: Job) -> bool:
    if not job or len(job) > MOST_PARTS:
        return False
    if len(job) == 1:
        return job[0][1][0].startswith(_VERBS)
    written: set[object] = set()
    for statement, _ in job:
        if statement.query in INSERTS:
            if statement.query == "insert_execution":
                written.add("executions")
            continue
        table = UPDATES.get(statement.query)
        row = table if table in _ONE_EACH else (table, statement.params.get("id"))
        if table is None or row in written:
            return False
        written.add(row)
    return True


@lru_cache(maxsize=4096)
def _text(parts: tuple[tuple[str, int, int | None], ...]) -> str:
    members, checks, start = [], [], 0
    for number, (sql, places, expect) in enumerate(parts):
        moved = _PLACE.sub(lambda place, by=start: f"${int(place[1]) + by}", sql)  # type: ignore[misc]
        members.append(f"s{number} AS ({moved} RETURNING 1)")
        held = f"(SELECT count(*) FROM s{number})"  # noqa: S608 - a number
        wrong = "< 0" if expect is None else f"<> {expect}"  # looked at, so that it is done now
        checks.append(f"WHEN {held} {wrong} THEN 'missed {number}'")
        start += places
    judged = f"(CASE {' '.join(checks)} ELSE '0' END)::int"
    return f"WITH {', '.join(members)} SELECT {judged}"
