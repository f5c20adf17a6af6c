"""The start of an execution: who may, of what, once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.canonical import digest
from signoff.server.domain.call import Target, match_call
from signoff.server.domain.errors import Fault, Refusal
from signoff.server.domain.execution import Execution
from signoff.server.domain.principal import Principal, Role
from signoff.server.domain.store import Change, Row, Statement
from signoff.server.domain.url import webhook_url_refusal
from signoff.server.operations import access, rendering, serial, targets
from signoff.server.operations.context import Context
from signoff.server.operations.idempotency import Claim
from signoff.server.operations.tree import Tree

TIMEOUT_SECONDS = 7200
MAX_ATTEMPTS = 10

# The columns that a new row gets from the store.
_UNSTARTED: dict[str, Any] = dict.fromkeys(
    ("status_reason", "result", "error", "error_details", "started_at", "running_since")
) | {"attempt": 0, "pending_own": 0, "running_ms": 0}


@dataclass(frozen=True, slots=True)
class Request:
    """A call of ``execute`` or ``executeAsync``."""

    operation: str
    target: str
    body: Mapping[str, Any]
    parent: str | None = None
    idempotency_key: str | None = None

    @property
    def input(self) -> Any:
        """The input; an absent one is an empty object."""
        return self.body.get("input", {})

    def claim(self, principal: Principal) -> Claim | None:
        """What stands for its idempotency key; None without one."""
        if self.idempotency_key is None:
            return None
        # The other defaults are in the body already: one that is written out is no other body.
        sha256 = digest({"target": self.target, "body": {**self.body, "input": self.input}})
        return Claim(principal, self.operation, self.idempotency_key, sha256)


async def start(context: Context, principal: Principal, request: Request) -> Row:
    """Store the execution, or find the one that this call made before; return its row.

    The key's claim, the child's place under its parent and the execution are one change, so a
    concurrent repeat misses, looks again and joins.

    Raises:
        NotFound: ``unknown_target``, or ``not_found``: there is no such parent.
        Refusal: ``forbidden``: an agent whose parent is missing or not a run of its own node.
        Conflict: ``idempotency_conflict``; ``stale_attempt`` or ``execution_finished`` of the
            parent.
        Refusal: ``invalid_input``, ``invalid_webhook_url``.
    """
    parent = await _parent(context, principal, request)
    claim = request.claim(principal)
    if parent is not None:
        key = str(parent["run_id"])
    elif claim is not None:
        key = f"{principal.id} {claim.key}"
    else:  # there is nothing that it could meet
        return await _start(context, principal, request, claim)

    async def work() -> Row:
        return await _start(context, principal, request, claim)

    return await serial.change(context, key, work)


async def _start(
    context: Context, principal: Principal, request: Request, claim: Claim | None
) -> Row:
    parent = await _parent(context, principal, request)
    known = None if claim is None else await claim.execution(context)
    if known is not None:
        return await _joined(context, known, parent)
    if parent is not None:
        access.require_unfinished(context, parent)
    offer = await targets.find(context, request.target)
    offer.check_input(request.input)
    _check_webhook(context, request.body)
    if parent is None:
        return await _create(context, principal, request, claim, Change(), {})
    return await _call(context, principal, request, claim, parent)


async def _call(
    context: Context, principal: Principal, request: Request, claim: Claim | None, parent: Row
) -> Row:
    call_digest = digest(request.input)
    parent_id = parent["execution_id"]
    calls = await context.store.all(
        "list_calls",
        parent_execution_id=parent_id,
        target=request.target,
        call_digest=call_digest,
    )
    child, occurrence = match_call(calls, parent["attempt"])
    # The parent must still be what was read: a child must not slip in behind its cancellation.
    tree = await Tree.load(context, parent_id)
    if tree.execution.row["attempt"] != parent["attempt"]:  # dispatched just now: look again
        return await _start(context, principal, request, claim)
    access.require_unfinished(context, tree.execution.row)
    tree.hold()
    if child is not None:
        change = tree.change()
        change.statements.append(_repeat(child, parent))
        if claim is not None:
            claim.put(change, child["execution_id"], tree.now)
        await context.store.apply(change)
        return child
    columns = {
        "run_id": parent["run_id"],
        "parent_execution_id": parent_id,
        "parent_attempt": parent["attempt"],
        "call_digest": call_digest,
        "call_occurrence": occurrence,
    }
    return await _create(context, principal, request, claim, tree.change(), columns)


async def _create(
    context: Context,
    principal: Principal,
    request: Request,
    claim: Claim | None,
    change: Change,
    columns: Mapping[str, Any],
) -> Row:
    now = context.clock.now()
    webhook = request.body.get("webhook", {})
    execution = Execution.create(
        at=now,
        actor=principal.actor,
        data=_said(request, columns),
        **{
            "execution_id": context.ids.execution(),
            "run_id": context.ids.run(),
            "target": request.target,
            **Target.parse(request.target)._asdict(),
            "owner": principal.id,
            "input": rendering.user_json(request.input),
            "timeout_ms": int(request.body.get("timeout_seconds", TIMEOUT_SECONDS)) * 1000,
            "max_attempts": int(request.body.get("max_attempts", MAX_ATTEMPTS)),
            "webhook_url": webhook.get("url"),
            "webhook_secret": webhook.get("secret"),
            **columns,
        },
    )
    change.statements.extend(execution.statements())
    if claim is not None:
        claim.put(change, execution.chain_id, now)
    change.wake(f"exec:{execution.chain_id}", "due")
    await context.store.apply(change)
    return _UNSTARTED | execution.shown


def _said(request: Request, columns: Mapping[str, Any]) -> dict[str, str]:
    """What the first event says of the execution."""
    input_sha256 = columns.get("call_digest") or digest(request.input)
    said = {"target": request.target, "input_sha256": str(input_sha256)}
    if columns:
        said["parent_execution_id"] = str(columns["parent_execution_id"])
    return said


async def _joined(context: Context, execution_id: str, parent: Row | None) -> Row:
    """The execution that an idempotency key stands for; a child counts as called again."""
    row = await access.stored(context, execution_id)
    called = row["parent_attempt"]
    if parent is not None and called is not None and called < parent["attempt"]:
        await context.store.apply(Change([_repeat(row, parent)]))
    return row


def _repeat(child: Row, parent: Row) -> Statement:
    return Statement(
        "repeat_call",
        {
            "execution_id": child["execution_id"],
            "parent_attempt": parent["attempt"],
            "if_parent_attempt": child["parent_attempt"],
        },
    )


async def _parent(context: Context, principal: Principal, request: Request) -> Row | None:
    if request.parent is None:
        if principal.is_agent:
            raise Refusal("forbidden", "An agent says in X-Parent-Execution-ID which run calls.")
        return None
    if principal.role is Role.CLIENT:  # clients never see attempts
        return await access.readable_execution(context, principal, request.parent)
    return await access.newest_attempt(context, principal, request.parent)


def _check_webhook(context: Context, body: Mapping[str, Any]) -> None:
    if "webhook" not in body:
        return
    refused = webhook_url_refusal(body["webhook"]["url"], context.options.allowed_hosts)
    if refused is not None:
        fault = Fault("/webhook/url", refused)
        raise Refusal("invalid_webhook_url", f"webhook.url: {refused}", errors=[fault])
