"""What the server sends, as rows of the outbox: written with the fact that it tells.

Build a message last: its body shows the state and the head of the chain after the change. Whatever
is to be unsaid (a lease that ended, an execution that is finished) is dropped in the change that
makes it so; the delivery sends what is due and looks at nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from signoff.contract_gen import DeliveryKind, DeliveryState, Outcome
from signoff.server.domain.execution import Execution
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Row, Statement
from signoff.server.domain.timestamp import render
from signoff.server.operations import rendering
from signoff.server.operations.context import Context


class SecretRef(StrEnum):
    """Where the delivery finds the secret that a message is signed with; NULL: unsigned."""

    INSTANCE = "instance"
    """Of the instance that the message names."""
    NOTIFY = "notify"
    """Of the subscriber to notifications, from the settings."""
    EXECUTION = "execution"
    """``webhook_secret`` of the execution that the message names."""


def callback(
    context: Context, execution: Execution, request: Row, instance: Row, *, now: int
) -> Statement:
    """``approvalCallback`` to the leaseholder: the answer to its question.

    Args:
        context: the server's.
        execution: as it is after the change; its attempt is the one that waits.
        request: the decided request.
        instance: who holds the lease.
        now: ms since the epoch.

    A foreign agent that doesn't know the request would open whatever gate is pending for the
    execution, so it gets an ``execution_id`` that matches none: ``{attempt id}#{apr_id}``.
    """
    attempt_id = execution.attempt_id
    body = {
        "execution_id": attempt_id if instance["own"] else f"{attempt_id}#{request['id']}",
        "id": request["id"],
        "approval_request_id": request["approval_request_id"],
        "decision": rendering.outcome(request["status"]),
        "new_status": str(execution.status),
        "feedback": _words(request),
        "response": rendering.raw(request["response"]),
        "reviewer": rendering.reviewer(request),
        "event_head": execution.head,
    }
    return _message(
        context,
        DeliveryKind.APPROVAL_CALLBACK,
        _callback_url(request, instance),
        body,
        now=now,
        execution_id=execution.chain_id,
        approval_id=request["id"],
        instance=instance,
    )


def cancel_notice(
    context: Context, attempt: AttemptId, instance: Row, *, now: int, reason: str | None = None
) -> Statement:
    """``cancelAgentExecution`` to the instance that runs the attempt."""
    attempt_id = str(attempt)
    return _message(
        context,
        DeliveryKind.CANCEL_AGENT_EXECUTION,
        f"{_base(instance)}/_internal/executions/{attempt_id}/cancel",
        {"execution_id": attempt_id, "reason": reason},
        now=now,
        execution_id=attempt.execution_id,
        instance=instance,
    )


def notification(
    context: Context,
    kind: DeliveryKind,
    request: Row,
    event_head: Mapping[str, Any],
    *,
    now: int,
) -> list[Statement]:
    """``approval.*`` to the configured subscriber; nothing when there is none."""
    url = context.options.notify_url
    if url is None:
        return []
    body = {
        "type": kind.value,
        "timestamp": render(now),
        "data": rendering.approval(request, event_head),
    }
    message = _message(
        context,
        kind,
        url,
        body,
        now=now,
        execution_id=request["execution_id"],
        approval_id=request["id"],
        secret=SecretRef.NOTIFY,
    )
    return [message]


def execution_finished(context: Context, execution: Execution, *, now: int) -> list[Statement]:
    """``execution.finished`` to the webhook of who asked for the execution, if it named one."""
    row = execution.row
    if row["webhook_url"] is None:
        return []
    head = execution.head
    shown = {**row, "event_seq": head["seq"], "event_hash": head["hash"]}
    body = {
        "type": DeliveryKind.EXECUTION_FINISHED.value,
        "timestamp": render(now),
        "data": rendering.execution(shown, [], now=now),
    }
    message = _message(
        context,
        DeliveryKind.EXECUTION_FINISHED,
        row["webhook_url"],
        body,
        now=now,
        execution_id=execution.chain_id,
        secret=None if row["webhook_secret"] is None else SecretRef.EXECUTION,
    )
    return [message]


def drop_callbacks(execution_id: str) -> Statement:
    """Nobody is left to hear the answers of this execution: its lease ended, or it did."""
    return Statement(
        "drop_messages",
        {
            "execution_id": execution_id,
            "state": DeliveryState.DROPPED.value,
            "kinds": (DeliveryKind.APPROVAL_CALLBACK.value,),
        },
        expect=None,
    )


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an http URL, so that equal origins are equal.

    Raises:
        ValueError: it has no host, or a port that is none.
    """
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    return scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(scheme)


def _callback_url(request: Row, instance: Row) -> str:
    url: str | None = request["callback_url"]
    # The address that an earlier attempt gave may be that of a process that is gone.
    if url is not None and origin(url) == origin(instance["base_url"]):
        return url
    return f"{_base(instance)}/webhooks/approval"


def _base(instance: Row) -> str:
    return str(instance["base_url"]).rstrip("/")


def _words(request: Row) -> str | None:
    """The reviewer's feedback; the reason, when there was none because it was withdrawn."""
    withdrawn = rendering.outcome(request["status"]) == Outcome.ERROR
    words: str | None = request["status_reason"] if withdrawn else request["feedback"]
    return words


def _message(
    context: Context,
    kind: DeliveryKind,
    url: str,
    body: Mapping[str, Any],
    *,
    now: int,
    execution_id: str | None,
    approval_id: str | None = None,
    instance: Row | None = None,
    secret: SecretRef | None = None,
) -> Statement:
    if instance is not None:
        secret = SecretRef.INSTANCE
    present = {name: value for name, value in body.items() if value is not None}
    return Statement(
        "insert_message",
        {
            "id": context.ids.message(),
            "kind": kind.value,
            "url": url,
            "execution_id": execution_id,
            "approval_id": approval_id,
            "node_id": None if instance is None else instance["node_id"],
            "instance_id": None if instance is None else instance["instance_id"],
            "body": rendering.dump(present),
            "secret_ref": secret,
            "state": DeliveryState.PENDING.value,
            "next_at": now,
            "created_at": now,
        },
    )
