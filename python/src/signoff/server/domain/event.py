"""Events: one hash chain per execution, or per standalone approval request.

The row that the chain belongs to holds its head (``event_seq``, ``event_hash``). A change takes
the head that it read, appends in memory, and moves the head by one UPDATE guarded by the number
it read, which comes first among its statements: two changes built on one head can't both apply.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from signoff.canonical import GENESIS, canonical, digest, event_hash
from signoff.server.domain import timestamp
from signoff.server.domain.store import Row, Statement, Value


class EventType(StrEnum):
    """What the server's events are called. Agents append others, all of them ``agent.*``."""

    EXECUTION_CREATED = "execution.created"
    EXECUTION_DISPATCHED = "execution.dispatched"
    EXECUTION_REQUEUED = "execution.requeued"
    EXECUTION_WAITING = "execution.waiting"
    EXECUTION_RESUMED = "execution.resumed"
    EXECUTION_SUCCEEDED = "execution.succeeded"
    EXECUTION_FAILED = "execution.failed"
    EXECUTION_CANCELLED = "execution.cancelled"
    EXECUTION_TIMED_OUT = "execution.timed_out"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_DECIDED = "approval.decided"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_CANCELLED = "approval.cancelled"
    APPROVAL_REPLAYED = "approval.replayed"
    STEP_RECORDED = "step.recorded"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a key, a reviewer named in a signed webhook, an agent, or the server itself."""

    id: str
    name: str | None
    source: str

    def shown(self) -> dict[str, str]:
        """The object that the API shows and the hash covers; no name is an absent name."""
        name = {} if self.name is None else {"name": self.name}
        return {"id": self.id, **name, "source": self.source}


SERVER = Actor("signoff", None, "system")
"""The actor of what the server does by itself: expiry, time-outs, dispatch."""


class Chain(ABC):
    """The chain of one row while a change is built, with what the change assigns to that row.

    Subclasses say how the row is written: see ``domain/execution.py`` and ``domain/approval.py``.
    """

    def __init__(self, chain_id: str, execution_id: str | None, seq: int, last_hash: str) -> None:
        self._chain_id = chain_id
        self._execution_id = execution_id
        self._from_seq = seq
        self._seq = seq
        self._hash = last_hash
        self._events: list[Statement] = []

    @property
    def chain_id(self) -> str:
        """The id of the row that holds the head."""
        return self._chain_id

    @property
    def head(self) -> dict[str, Any]:
        """``{seq, hash}`` with what was appended so far: the ``event_head`` of answers."""
        return {"seq": self._seq, "hash": self._hash}

    @property
    def from_seq(self) -> int:
        """The number that the head had when it was read; 0 for a new chain."""
        return self._from_seq

    def append(
        self,
        kind: str,
        *,
        at: int,
        actor: Actor,
        data: Mapping[str, Any] | None = None,
        approval_id: str | None = None,
        content: str | None = None,
        key: str | None = None,
    ) -> Row:
        """Append an event and return its row.

        Args:
            kind: its type, an :class:`EventType` or ``agent.*``.
            at: ms since the epoch.
            actor: who did it.
            data: ids, words, integers below 2^53 and SHA-256 digests; never user JSON itself.
            approval_id: the request that it is about.
            content: user JSON as text, kept beside the event; its digest becomes
                ``data.content_sha256``.
            key: the caller's own word for it, unique in the chain; a taken one is a miss.
        """
        said = dict(data or {})
        if content is not None:
            said["content_sha256"] = digest(json.loads(content))
        text = _encode(said)
        row: dict[str, Value] = {
            "chain_id": self._chain_id,
            "seq": self._seq + 1,
            "type": str(kind),
            "execution_id": self._execution_id,
            "approval_id": approval_id,
            "at": at,
            "actor_id": actor.id,
            "actor_name": actor.name,
            "actor_source": actor.source,
            "data": text.decode(),
            "content": content,
            "event_key": key,
            "prev_hash": self._hash,
        }
        covered = self._hash.encode() + _plain(_shown(row, orjson.Fragment(text)))
        row["hash"] = hashlib.sha256(covered).hexdigest()
        self._events.append(Statement("insert_event", row))
        self._seq += 1
        self._hash = str(row["hash"])
        return row

    def statements(self) -> list[Statement]:
        """The statement that writes the head, then those that insert the events."""
        if not self._events:
            raise ValueError(f"nothing was appended to {self._chain_id}")
        return [self._head(self._seq, self._hash), *self._events]

    @abstractmethod
    def _head(self, seq: int, last_hash: str) -> Statement:
        """The statement that writes the row with its new head."""


def _encode(data: Mapping[str, Any]) -> bytes:
    """RFC 8785. For what events hold, orjson writes the same, many times as fast."""
    plain = all(isinstance(item, str | int | None) for item in data.values())
    return _plain(data) if plain and all(map(str.isascii, data)) else canonical(data)


def _plain(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def shown(row: Row) -> dict[str, Any]:
    """An event row as the API shows it. ``content`` is left to the edge: it is raw user JSON."""
    return _shown(row, json.loads(row["data"]))


def _shown(row: Row, data: Mapping[str, Any] | orjson.Fragment) -> dict[str, Any]:
    event: dict[str, Any] = {
        "seq": row["seq"],
        "type": row["type"],
        "execution_id": row["execution_id"],
        "approval_id": row["approval_id"],
        "at": timestamp.render(row["at"]),
        "actor": Actor(row["actor_id"], row["actor_name"], row["actor_source"]).shown(),
        "data": data,
        "prev_hash": row["prev_hash"],
        "hash": row.get("hash"),
    }
    return {name: value for name, value in event.items() if value is not None}


def first_break(rows: Iterable[Row], *, prev_hash: str = GENESIS, seq: int = 0) -> int | None:
    """The number of the first event that does not fit its predecessor or its hash; None if all do.

    ``prev_hash`` and ``seq`` are those of the event before the first of ``rows``.
    """
    for row in rows:
        event = shown(row)
        seq += 1
        fits = event["seq"] == seq and event["prev_hash"] == prev_hash
        if not fits or event_hash(event) != event["hash"]:
            return seq
        prev_hash = event["hash"]
    return None
