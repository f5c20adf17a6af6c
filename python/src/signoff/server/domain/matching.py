"""When a request of an execution is one that was asked before (contract: steps and attempts).

A run that starts over asks its questions again. What was answered must not be asked twice, what
was approved must be what the reviewer saw, and a loop over one gate must ask every time. All of
it is decided here, from the stored requests of the execution alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from signoff.canonical import digest
from signoff.server.domain.approval import content_sha256, is_pending
from signoff.server.domain.store import Row


@dataclass(frozen=True, slots=True)
class Asked:
    """What comes in: a question from an attempt of an execution, or a standalone one.

    ``step_key`` is the place in the attempt (``pause.n``), None when the agent names none.
    ``own`` says that its steps guard the code before the gate.
    """

    own_id: str
    title: str | None = None
    description: str | None = None
    payload: Mapping[str, Any] | None = None
    url: str | None = None
    attempt: int = 0
    step_key: str | None = None
    own: bool = False
    content_sha256: str = field(init=False)

    def __post_init__(self) -> None:
        sha256 = content_sha256(self.title, self.description, self.payload)
        object.__setattr__(self, "content_sha256", sha256)


@dataclass(frozen=True, slots=True)
class Same:
    """This attempt asked it before: a repeat, whose reply may have been lost."""

    row: Row


@dataclass(frozen=True, slots=True)
class Replayed:
    """An earlier attempt asked it: the stored request stands, with its decision if it has one."""

    row: Row


@dataclass(frozen=True, slots=True)
class New:
    """Asked for the first time; ``occurrence`` counts the requests under its own id, from 1."""

    occurrence: int


@dataclass(frozen=True, slots=True)
class ConflictWith:
    """It meets a stored request that says something else: 409 ``request_conflict``."""

    row: Row
    by_place: bool = False
    """It was met by its ``step_key``, where the URL does not count."""


Match: TypeAlias = Same | Replayed | New | ConflictWith


def match(stored: Sequence[Row], asked: Asked, *, replay_decisions: bool = True) -> Match:
    """Which stored request of the execution the question is, if any.

    Args:
        stored: all requests of the execution.
        asked: the question.
        replay_decisions: False asks anew what an earlier attempt of a foreign agent got decided.
    """
    here = [row for row in stored if row["seen_attempt"] == asked.attempt]
    if row := _repeated(here, asked):
        return Same(row) if _same_content(row, asked) else ConflictWith(row, by_place=True)
    for row in here:
        if row["approval_request_id"] == asked.own_id and is_pending(row):
            return Same(row) if _same_content_and_url(row, asked) else ConflictWith(row)

    earlier = [row for row in stored if row["seen_attempt"] < asked.attempt]
    if not (asked.own or replay_decisions):
        earlier = [row for row in earlier if is_pending(row)]
    if row := _next_occurrence(earlier, asked):
        return Replayed(row) if _same_content_and_url(row, asked) else ConflictWith(row)
    if asked.own and (row := _repeated(earlier, asked)):
        # A fresh own id at the same place: its URL, which often names the id, is fresh too.
        return Replayed(row) if _same_content(row, asked) else ConflictWith(row, by_place=True)
    known = (row["occurrence"] for row in stored if row["approval_request_id"] == asked.own_id)
    return New(1 + max(known, default=0))


def match_standalone(newest: Row | None, asked: Asked, now: int) -> Same | New | ConflictWith:
    """The same for standalone requests of one owner: ``newest`` is its newest under this own id.

    Until ``expires_at``, decided or not, the own id stands for that request.
    """
    if newest is None:
        return New(1)
    if now >= newest["expires_at"]:
        return New(newest["occurrence"] + 1)
    return Same(newest) if _same_content_and_url(newest, asked) else ConflictWith(newest)


def differences(met: ConflictWith, asked: Asked) -> list[str]:
    """The JSON pointers into the request where it differs from the stored one and must not."""
    row = met.row
    stored = None if row["payload"] is None else json.loads(row["payload"])
    pairs = {
        "/title": (row["title"], asked.title),
        "/description": (row["description"], asked.description),
        "/payload": (digest(stored), digest(asked.payload)),
    }
    if not met.by_place:
        pairs["/approval_request_url"] = (row["url"], asked.url)
    return [pointer for pointer, (before, now) in pairs.items() if before != now]


def _repeated(rows: Sequence[Row], asked: Asked) -> Row | None:
    """The request that was asked at the same place."""
    if asked.step_key is None:
        return None
    return next((row for row in rows if row["step_key"] == asked.step_key), None)


def _next_occurrence(earlier: Sequence[Row], asked: Asked) -> Row | None:
    """The first one under this own id that the attempt has not met yet: its k-th meets the k-th."""
    rows = (row for row in earlier if row["approval_request_id"] == asked.own_id)
    return min(rows, key=lambda row: int(row["occurrence"]), default=None)


def _same_content(row: Row, asked: Asked) -> bool:
    return bool(row["content_sha256"] == asked.content_sha256)


def _same_content_and_url(row: Row, asked: Asked) -> bool:
    return _same_content(row, asked) and row["url"] == asked.url
