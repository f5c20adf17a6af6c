"""A world in which agents register, are given work and report: all through the operations."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from signoff.server.domain.principal import Principal
from signoff.server.domain.store import Change, Missed, Store
from signoff.server.maintenance.liveness import Liveness
from signoff.server.operations import dispatching, executions, nodes, reports
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
        """The next attempt, as it is sent; its agent says that it has it in hand."""
        node_id = (await self.execution(execution_id))["node_id"]
        key = InstanceKey(node_id, instance)
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


class Meanwhile:
    """Lets something happen between what an operation has read and what it applies, once."""

    def __init__(self, stage: Stage, act: Any) -> None:
        self._apply = stage.store.apply
        self._act = act
        self.misses = 0
        stage.context = replace(stage.context, store=self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._apply.__self__, name)

    async def apply(self, change: Change) -> None:
        act, self._act = self._act, None
        if act is not None:
            await act()
        try:
            await self._apply(change)
        except Missed:
            self.misses += 1
            raise


async def soon(awaitable: Any) -> Any:
    """What comes at once; a hang fails the test."""
    async with asyncio.timeout(10):
        return await awaitable
