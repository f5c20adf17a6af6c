"""Rows as the contract shows them, and what users wrote as JSON text.

User JSON goes into the shapes as raw text (:class:`orjson.Fragment`): it is never read again, so
it comes back equal. A column without a value becomes an absent member.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from signoff.contract_gen import ApprovalStatus, InstanceState, Outcome
from signoff.server.domain import event as events
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import running_ms
from signoff.server.domain.store import Row
from signoff.server.domain.timestamp import render
from signoff.server.operations.context import InstanceKey, Liveness
from signoff.strict_json import dumps_text

Shape = dict[str, Any]
"""An object of the contract, ready for :func:`dump`."""


def user_json(value: object) -> str:
    """User JSON as the text that is stored and shown: compact, every value equal."""
    return dumps_text(value)


def user_json_of(body: Mapping[str, Any], name: str) -> str | None:
    """The text of a member that holds user JSON; None when it is absent. Null is ``"null"``."""
    return user_json(body[name]) if name in body else None


def raw(text: str | None) -> orjson.Fragment | None:
    """Stored JSON text as a value of a shape."""
    return None if text is None else orjson.Fragment(text)


def dump(shape: object) -> str:
    """A shape as JSON text: for the bodies of the outbox."""
    return dump_bytes(shape).decode()


def dump_bytes(shape: object) -> bytes:
    """A shape as JSON in UTF-8: for answers."""
    return orjson.dumps(shape)


def execution(row: Row, pending: Iterable[str], *, now: int) -> Shape:
    """An ``Execution``. ``pending``: the ids of its own pending requests, oldest first."""
    completed = row["completed_at"]
    return _present(
        execution_id=row["execution_id"],
        run_id=row["run_id"],
        workflow_id=row["run_id"],
        parent_execution_id=row["parent_execution_id"],
        target=row["target"],
        node_id=row["node_id"],
        status=str(row["status"]),
        status_reason=row["status_reason"],
        input=raw(row["input"]),
        result=raw(row["result"]),
        error=row["error"],
        error_details=raw(row["error_details"]),
        attempt=row["attempt"],
        pending_approvals=list(pending),
        event_head=head(row),
        created_at=render(row["created_at"]),
        started_at=_time(row["started_at"]),
        completed_at=_time(completed),
        duration_ms=None if completed is None else max(0, completed - row["created_at"]),
        running_ms=running_ms(row, now),
    )


def approval(row: Row, event_head: Mapping[str, Any]) -> Shape:
    """An ``Approval``. ``event_head``: of the execution's chain, or its own when standalone.

    A row that was just built lacks the columns that an answer fills.
    """
    return _present(
        id=row["id"],
        approval_request_id=row["approval_request_id"],
        approval_request_url=row["url"],
        title=row["title"],
        description=row["description"],
        payload=raw(row["payload"]),
        execution_id=row["execution_id"],
        node_id=row["node_id"],
        run_id=row["run_id"],
        status=str(row["status"]),
        status_reason=row.get("status_reason"),
        decision=outcome(row["status"]),
        feedback=row.get("feedback"),
        response=raw(row.get("response")),
        reviewer=reviewer(row),
        expires_at=render(row["expires_at"]),
        created_at=render(row["created_at"]),
        decided_at=_time(row["decided_at"]),
        callback_url=row["callback_url"],
        event_head=dict(event_head),
    )


def approval_state(row: Row, event_head: Mapping[str, Any]) -> Shape:
    """An ``ApprovalState``: the words of foreign agents around the request itself."""
    return _present(
        status=str(row["status"]),
        response=row.get("response"),
        request_url=row["url"],
        requested_at=render(row["created_at"]),
        responded_at=_time(row["decided_at"]),
        expires_at=render(row["expires_at"]),
        approval=approval(row, event_head),
    )


def outcome(status: str) -> str | None:
    """What whoever waits is told about a request in this state; None while it is pending."""
    if status == ApprovalStatus.PENDING:
        return None
    return Outcome.ERROR.value if status == ApprovalStatus.CANCELLED else str(status)


def reviewer(row: Row) -> Shape | None:
    """Who decided a request; None when no person did."""
    if row.get("reviewer_id") is None:
        return None
    return dict(Actor(row["reviewer_id"], row["reviewer_name"], row["reviewer_source"]).shown())


def head(row: Row) -> Shape:
    """The ``EventHead`` of a row that has a chain."""
    return {"seq": row["event_seq"], "hash": row["event_hash"]}


def event(row: Row) -> Shape:
    """An ``Event``, as its hash covers it, with its content."""
    shape = events.shown(row)
    if row["content"] is not None:
        shape["content"] = raw(row["content"])
    return shape


def step(row: Row) -> Shape:
    """A ``Step``."""
    return _present(
        key=row["key"],
        kind=row["kind"],
        name=row["name"],
        input_sha256=row["input_sha256"],
        result=raw(row["result"]),
        error=row["error"],
        attempt=row["attempt"],
        at=render(row["at"]),
    )


def node(row: Row, instances: Iterable[Row], liveness: Liveness) -> Shape:
    """A ``Node`` with its instances, newest first."""
    return _present(
        node_id=row["node_id"],
        version=row["version"],
        reasoners=raw(row["reasoners"]),
        skills=raw(row["skills"]),
        instances=[_instance(instance, liveness) for instance in instances],
        created_at=render(row["created_at"]),
        updated_at=render(row["updated_at"]),
    )


def _instance(row: Row, liveness: Liveness) -> Shape:
    live = liveness.is_live(InstanceKey(row["node_id"], row["instance_id"]))
    return _present(
        instance_id=row["instance_id"],
        base_url=row["base_url"],
        state=row["state"] if live else InstanceState.AWAY.value,
        registered_at=render(row["registered_at"]),
        last_heartbeat_at=_time(row["last_heartbeat_at"]),
    )


def delivery(row: Row) -> Shape:
    """A ``Delivery``: its address without user info and query, never its body."""
    return _present(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        url=bare_url(row["url"]),
        execution_id=row["execution_id"],
        approval_id=row["approval_id"],
        attempts=row["attempts"],
        last_status=row["last_status"],
        last_error=row["last_error"],
        resolved=None if row["resolved"] is None else bool(row["resolved"]),
        next_at=_time(row["next_at"]),
        created_at=render(row["created_at"]),
        delivered_at=_time(row["delivered_at"]),
    )


def bare_url(url: str) -> str:
    """A URL without what may be secret in it: user info, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _time(ms: int | None) -> str | None:
    return None if ms is None else render(ms)


def _present(**members: Any) -> Shape:
    return {name: value for name, value in members.items() if value is not None}
