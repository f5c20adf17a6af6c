"""Agents register, give signs of life and go; clients look at who is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from signoff.contract_gen import InstanceState
from signoff.server.domain.errors import Fault, NotFound, Refusal
from signoff.server.domain.in_hand import Roll
from signoff.server.domain.node import LEASE_MS, AttemptId, parse_attempt_id
from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Row, Statement, Value
from signoff.server.domain.url import base_url_refusal
from signoff.server.operations import cursors, leases, offers, outbox, pages_in_hand, rendering
from signoff.server.operations.context import Context, InstanceKey
from signoff.server.operations.rendering import Shape
from signoff.strict_json import dumps_text
from signoff.webhook import new_secret

OWN_HEARTBEAT_SECONDS = 1.0
FOREIGN_HEARTBEAT_SECONDS = 2.0

OFFLINE = "offline"
"""The word of a heartbeat that drains its instance; any other is a sign of life."""

OFFER_MS = 10_000
"""For so long an attempt that another server claimed may be on its way to the agent."""

AWAY = InstanceState.AWAY.value
"""The state of an instance that was not heard in time, and holds nothing."""

NODES = "nodes"
"""The topic of who has come, and of who is about to go."""

NOT_LEASED = "not_leased"
"""Why an agent is told to stop an attempt that it has in hand all the same."""

_KEPT = ("id", "input_schema", "output_schema", "tags", "description")


async def register_node(
    context: Context, principal: Principal, body: Mapping[str, Any]
) -> tuple[Shape, bool]:
    """``registerNode``: an instance says what it is. Safe to repeat.

    An instance keeps the secret that it got first. A new one ends no lease: that takes its
    predecessor's silence.

    Returns:
        ``NodeRegistered``, and whether the node is new.

    Raises:
        Refusal: ``forbidden``, ``invalid_base_url``.
    """
    node_id = body["id"]
    principal.require_node(node_id)
    base_url = body["base_url"]
    if (refused := base_url_refusal(base_url)) is not None:
        fault = Fault("/base_url", refused)
        raise Refusal("invalid_base_url", f"base_url: {refused}", errors=[fault])
    own = _is_own(body)
    key = InstanceKey(node_id, body.get("instance_id") or _process_at(base_url))
    async with _locked(context, node_id):
        new = await context.store.one("get_node", node_id=node_id) is None
        await context.store.apply(_registration(context, principal, body, key, own=own))
        context.liveness.registered(key, base_url=base_url, own=own)
    context.rolls.pop(key, None)
    # What is queued for the node can go now; the dispatcher listens to liveness, too.
    context.store.wake("due")
    instance = await _instance(context, key)
    return {
        "node_id": node_id,
        "instance_id": key.instance_id,
        "webhook_secret": instance["secret"],
        "heartbeat_seconds": OWN_HEARTBEAT_SECONDS if own else FOREIGN_HEARTBEAT_SECONDS,
        "lease_seconds": LEASE_MS / 1000,
    }, new


async def heartbeat_node(
    context: Context, principal: Principal, node_id: str, body: Mapping[str, Any]
) -> Shape:
    """``heartbeatNode``: renew the leases of an instance, and compare what it has in hand.

    What two whole lists in a row lack is dispatched again.

    Returns:
        A ``HeartbeatReceipt``.

    Raises:
        NotFound: register (again): the node or the instance is not known.
        Refusal: ``forbidden``.
    """
    instance = await _named(context, principal, node_id, body.get("instance_id"))
    key = InstanceKey(node_id, instance["instance_id"])
    drains = instance["state"] == InstanceState.DRAINING
    back = not drains and not context.liveness.takes_work(key)
    if body.get("status") == OFFLINE:
        await _drain(context, key)
    else:
        change = Change()
        context.liveness.seen(key, instance)
        _beat(context, change, instance)
        if back:
            change.add("hasten_messages", expect=None, now=context.clock.now(), **key._asdict())
            change.wake("due")
        await context.store.apply(change)
    resync = await _compare(context, instance, body["in_hand"]) if "in_hand" in body else False
    left_ms = context.liveness.lease_left_ms(key)
    return {"node_id": node_id, "lease_seconds": left_ms / 1000, "resync": resync}


async def shutdown_node(
    context: Context, principal: Principal, node_id: str, body: Mapping[str, Any]
) -> Shape:
    """``shutdownNode``: drain an instance; it keeps its leases for ``timeout_seconds`` + 10 s.

    Returns:
        The ``Node``.

    Raises:
        NotFound: the node or the instance is not known.
        Refusal: ``forbidden``.
    """
    instance = await _named(context, principal, node_id, body.get("instance_id"))
    key = InstanceKey(node_id, instance["instance_id"])
    await _drain(context, key, round(body.get("timeout_seconds", 0) * 1000))
    return await _shape(context, await _node(context, node_id))


async def sign_of_life(context: Context, key: InstanceKey) -> None:
    """An instance was heard, though not by a heartbeat: its leases are renewed."""
    instance = await context.store.one("get_instance", **key._asdict())
    if instance is not None:
        change = Change()
        context.liveness.seen(key, instance)
        _beat(context, change, instance)
        await context.store.apply(change)


async def get_node(
    context: Context,
    principal: Principal,  # noqa: ARG001 - whoever may call it may see all
    node_id: str,
) -> Shape:
    """``getNode``: a ``Node`` with its instances.

    Raises:
        NotFound: there is no such node.
    """
    return await _shape(context, await _node(context, node_id))


async def list_nodes(
    context: Context,
    principal: Principal,  # noqa: ARG001 - whoever may call it may see all
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Shape:
    """``listNodes``: a page of nodes, newest first.

    Raises:
        Refusal: ``invalid_cursor``.
    """
    after = {} if cursor is None else _after(cursor)
    rows = await context.store.all("list_nodes", limit=limit + 1, **after)
    shown, more = cursors.page(
        "nodes", rows, limit, lambda row: f"{row['created_at']} {row['node_id']}"
    )
    return {"items": [await _shape(context, row) for row in shown], **more}


def _after(cursor: str) -> dict[str, Value]:
    at, _, node_id = cursors.decode("nodes", cursor).partition(" ")
    if not at.isdecimal() or len(at) > 16:
        raise cursors.invalid()
    return {"before_at": int(at), "before_id": node_id}


def _registration(
    context: Context,
    principal: Principal,
    body: Mapping[str, Any],
    key: InstanceKey,
    *,
    own: bool,
) -> Change:
    now = context.clock.now()
    reasoners, skills = body.get("reasoners", ()), body.get("skills", ())
    change = Change()
    change.add(
        "put_node",
        node_id=key.node_id,
        version=body.get("version"),
        own=int(own),
        reasoners=_offered(reasoners),
        skills=_offered(skills),
        metadata="{}",
        owner=principal.id,
        now=now,
    )
    change.add(
        "put_instance",
        **key._asdict(),
        base_url=body["base_url"],
        secret=new_secret(),
        own=int(own),
        state=InstanceState.LIVE.value,
        offers=offers.offered([one["id"] for one in (*reasoners, *skills)]),
        now=now,
    )
    if own:
        change.add("free_held", expect=None, node_id=key.node_id)
    change.wake(NODES)
    return change


def _beat(context: Context, change: Change, instance: Row) -> None:
    """A sign of life, for the other servers and for the next start."""
    away = instance["state"] == AWAY
    key = InstanceKey(instance["node_id"], instance["instance_id"])
    seen: dict[str, Value] = {"last_heartbeat_at": context.clock.now(), **key._asdict()}
    if away:  # it may drain since it was read
        seen |= {"state": InstanceState.LIVE.value, "was": AWAY}
    change.statements.append(Statement("update_instance", seen))
    if away:
        change.wake(NODES)


async def _drain(context: Context, key: InstanceKey, drain_ms: int | None = None) -> None:
    """It gets no new work; ``drain_ms`` of None: it keeps its leases for what was said before."""
    async with _locked(context, key.node_id):
        instance, now, change = await _instance(context, key), context.clock.now(), Change()
        keeps_ms = (instance["drain_ms"] or 0) if drain_ms is None else drain_ms
        change.add(
            "update_instance",
            last_heartbeat_at=now,
            state=InstanceState.DRAINING.value,
            was=None,
            drain_ms=keeps_ms,
            draining_since=instance["draining_since"] or now,
            **key._asdict(),
        )
        change.wake("due", NODES)
        with context.liveness.draining(key, keeps_ms, instance):
            await context.store.apply(change)


def _locked(context: Context, node_id: str) -> AbstractAsyncContextManager[None]:
    """What is known here of who registers and drains changes in the order of the commits."""
    return context.locks.hold(f"node {node_id}")


async def _compare(context: Context, instance: Row, said: Mapping[str, Any]) -> bool:
    """Whether to ask the instance for its list.

    What it has lost is dispatched again, and what it runs in vain it is told to stop.
    """
    key = InstanceKey(instance["node_id"], instance["instance_id"])
    said = await pages_in_hand.gather(context, key, said)
    rows = await context.store.all("list_lease_attempts", **key._asdict())
    leased = [AttemptId(row["execution_id"], row["attempt"]) for row in rows]
    roll = context.rolls.setdefault(key, Roll())
    called = roll.call(said, leased, context.in_flight.union(_sent_by_others(context, rows)))
    for attempt_id in called.lost:
        named = parse_attempt_id(attempt_id)
        await leases.end_lease(context, named.execution_id, named.attempt, why="lost")
    if called.stray:
        await _stop_strays(context, instance, called.stray)
    return called.resync


def _sent_by_others(context: Context, rows: Iterable[Row]) -> set[str]:
    """Attempts that another server claimed a moment ago: they may be on their way."""
    if not context.peers:
        return set()
    now = context.clock.now()  # in the future is what was offered before the clock was set back
    fresh = (row for row in rows if abs(now - (row["offered_at"] or 0)) < OFFER_MS)
    return {str(AttemptId(row["execution_id"], row["attempt"])) for row in fresh}


async def _stop_strays(context: Context, instance: Row, stray: Iterable[str]) -> None:
    now, change = context.clock.now(), Change(topics={"due"})
    for attempt_id in stray:
        with suppress(ValueError):  # whatever that is, it is no attempt of ours
            named = parse_attempt_id(attempt_id)
            change.statements.append(
                outbox.cancel_notice(context, named, instance, now=now, reason=NOT_LEASED)
            )
    await context.store.apply(change)


async def _named(
    context: Context, principal: Principal, node_id: str, instance_id: str | None
) -> Row:
    """The instance of this id, or the newest one without an id."""
    principal.require_node(node_id)
    await _node(context, node_id)
    if instance_id:
        return await _instance(context, InstanceKey(node_id, instance_id))
    instances = await context.store.all("list_instances", node_id=node_id)
    if not instances:
        raise NotFound(f"{node_id} has no instance")
    return instances[0]


async def _node(context: Context, node_id: str) -> Row:
    row = await context.store.one("get_node", node_id=node_id)
    if row is None:
        raise NotFound(f"there is no node {node_id}")
    return row


async def _instance(context: Context, key: InstanceKey) -> Row:
    row = await context.store.one("get_instance", **key._asdict())
    if row is None:
        raise NotFound(f"{key.node_id} has no instance {key.instance_id}")
    return row


async def _shape(context: Context, row: Row) -> Shape:
    instances = await context.store.all("list_instances", node_id=row["node_id"])
    return rendering.node(row, instances, context.liveness)


def _is_own(body: Mapping[str, Any]) -> bool:
    level = body.get("features", {}).get("signoff", 0)
    return bool(level == 1)


def _process_at(base_url: str) -> str:
    """What stands for the process at an address when it does not name itself."""
    return f"at-{hashlib.sha256(base_url.rstrip('/').encode()).hexdigest()[:32]}"


def _offered(offers: Sequence[Mapping[str, Any]]) -> str:
    """What a node offers, without what only its own control plane knows; null is absent."""
    return dumps_text(
        [{name: one[name] for name in _KEPT if one.get(name) is not None} for one in offers]
    )
