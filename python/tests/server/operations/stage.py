"""A world in which agents register, are given work and report: all through the operations."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Missed, Row, Store
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations import (
    deliveries,
    dispatching,
    executions,
    nodes,
    reports,
    steps,
)
from signoff.server.operations.context import InstanceKey
from signoff.server.operations.dispatching import Dispatch
from tests.server.operations.world import AGENT, CLIENT, NODE, World, seen

TARGET = f"{NODE}.decide_refund"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
OTHER_SHA = SHA[::-1]

SCHEMA = {
    "type": "object",
    "properties": {"ticket": {"type": "string"}, "amount": {"type": "integer"}},
    "required": ["ticket"],
}
TICKET = {"ticket": "I was billed twice."}


class Stage(World):
    """Agents, with the liveness that the server uses."""

    def __init__(self, store: Store, **options: Any) -> None:
        super().__init__(store, **options)
        self.liveness = Liveness(self.clock)
        self.context = replace(self.context, liveness=self.liveness)

    async def register(
        self,
        instance_id: str = "i-1",
        *,
        node_id: str = NODE,
        base_url: str = "http://127.0.0.1:8001",
        own: bool = True,
        principal: Principal | None = None,
        **more: Any,
    ) -> InstanceKey:
        body: dict[str, Any] = {
            "id": node_id,
            "base_url": base_url,
            "instance_id": instance_id,
            "reasoners": [{"id": "decide_refund", "input_schema": SCHEMA}, {"id": "free"}],
            "skills": [{"id": "lookup"}],
            **more,
        }
        if own:
            body["features"] = {"signoff": 1}
        who = principal or replace(AGENT, nodes=frozenset({node_id}))
        shape, _ = await nodes.register_node(self.context, who, body)
        return InstanceKey(node_id, shape["instance_id"])

    async def start(
        self, target: str = TARGET, *, principal: Principal = CLIENT, **body: Any
    ) -> dict[str, Any]:
        """``executeAsync``; ``parent`` and ``idempotency_key`` go where they belong."""
        named = {name: body.pop(name) for name in ("parent", "idempotency_key") if name in body}
        shape = await executions.execute_async(
            self.context, principal, target=target, body={"input": TICKET, **body}, **named
        )
        shown: dict[str, Any] = seen(shape)
        return shown

    async def claim_next(self, execution_id: str, instance: str = "i-1") -> Dispatch:
        """The next attempt, as it is sent when it is due; its agent says that it has it in hand."""
        row = await self.execution(execution_id)
        key = InstanceKey(row["node_id"], instance)
        self.clock.advance(max(0, (row["dispatch_at"] or 0) - self.clock.now()))
        dispatch = await dispatching.claim(self.context, execution_id, key)
        assert dispatch is not None
        dispatching.sent(self.context, dispatch)
        return dispatch

    async def at_work(self, **body: Any) -> Dispatch:
        """A registered agent that has an execution in hand."""
        await self.register()
        return await self.claim_next((await self.start(**body))["execution_id"])

    async def child(self, parent: Dispatch, **body: Any) -> dict[str, Any]:
        return await self.start(principal=AGENT, parent=parent.attempt_id, **body)

    async def report(
        self, attempt_id: str, status: str = "succeeded", *, by: Principal = AGENT, **body: Any
    ) -> dict[str, Any]:
        shape = await reports.report_execution_status(
            self.context, by, attempt_id, {"status": status, **body}
        )
        shown: dict[str, Any] = seen(shape)
        return shown

    async def step(
        self, attempt_id: str, key: str, sha256: str = SHA, **body: Any
    ) -> tuple[dict[str, Any], bool]:
        record = {"kind": "step", "name": "work", "input_sha256": sha256, **body}
        shape, new = await steps.record_step(self.context, AGENT, attempt_id, key, record)
        return seen(shape), new

    async def message(self, message_id: str) -> Row:
        row = await self.store.one("get_message", id=message_id)
        assert row is not None
        return row

    async def heard(self, message_id: str) -> None:
        """A message is answered 200."""
        row = await self.message(message_id)
        assert await deliveries.mark_delivered(self.context, row, status=200, resolved=True)

    async def put_off(self, message_id: str, ms: int) -> None:
        """A try of a message failed; the next is due in so long."""
        row = await self.message(message_id)
        next_at = self.clock.now() + ms
        assert await deliveries.mark_failed(self.context, row, error="refused", next_at=next_at)

    async def node_alone(self, node_id: str) -> None:
        """A node whose instances nobody knows any more."""
        change = Change()
        empty: dict[str, Any] = {
            "reasoners": "[]",
            "skills": "[]",
            "metadata": "{}",
            "version": None,
        }
        change.add("put_node", node_id=node_id, own=1, owner="local", now=self.clock.now(), **empty)
        await self.store.apply(change)

    async def message_to(self, url: str, **columns: Any) -> None:
        empty = dict.fromkeys(("approval_id", "node_id", "instance_id", "secret_ref"))
        change = Change()
        due = {"next_at": self.clock.now()}
        change.add(
            "insert_message",
            id=self.context.ids.message(),
            kind="execution.finished",
            url=url,
            body="{}",
            state="pending",
            created_at=self.clock.now(),
            **empty | due | columns,
        )
        await self.store.apply(change)


class Meanwhile:
    """Lets something happen between what an operation has read and what it applies, once."""

    def __init__(self, stage: Stage, act: Any) -> None:
        self._store = stage.store
        self._act = act
        self.misses = 0
        stage.context = replace(stage.context, store=self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def apply(self, change: Change) -> None:
        act, self._act = self._act, None
        if act is not None:
            await act()
        try:
            await self._store.apply(change)
        except Missed:
            self.misses += 1
            raise


async def soon(awaitable: Any) -> Any:
    """What comes at once; a hang fails the test."""
    async with asyncio.timeout(10):
        return await awaitable
