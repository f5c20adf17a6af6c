"""Rows that tests of the server start from, made through the store as the operations make them."""

from __future__ import annotations

from typing import Any

from signoff.server.domain.approval import Request
from signoff.server.domain.clock import ManualClock
from signoff.server.domain.event import Actor
from signoff.server.domain.execution import Execution
from signoff.server.domain.ids import Ids
from signoff.server.domain.matching import Asked
from signoff.server.domain.store import Change, Store

PERSON = Actor("key_7f3a", "refund desk", "key")
NOW = 1_800_000_000_000


class Maker:
    """Makes nodes, executions and requests with the least that they need."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = ManualClock(NOW)
        self.ids = Ids(self.clock)

    async def node(self, node_id: str = "refund-agent") -> str:
        change = Change()
        change.add(
            "put_node",
            node_id=node_id,
            version="1.0.0",
            own=1,
            reasoners="[]",
            skills="[]",
            metadata="{}",
            owner="local",
            now=self.clock.now(),
        )
        await self.store.apply(change)
        return node_id

    def new_execution(self, **columns: Any) -> Execution:
        execution_id = self.ids.execution()
        wanted: dict[str, Any] = {
            "execution_id": execution_id,
            "run_id": self.ids.run(),
            "target": "refund-agent.decide_refund",
            "node_id": "refund-agent",
            "reasoner": "decide_refund",
            "owner": "local",
            "input": "{}",
            "timeout_ms": 7_200_000,
            "max_attempts": 10,
        }
        return Execution.create(at=self.clock.now(), actor=PERSON, **wanted | columns)

    async def execution(self, *, node: bool = True, **columns: Any) -> str:
        if node:
            await self.node()
        execution = self.new_execution(**columns)
        change = Change()
        change.add_chains(execution)
        await self.store.apply(change)
        return execution.chain_id

    async def load(self, execution_id: str) -> Execution:
        row = await self.store.one("get_execution", execution_id=execution_id)
        assert row is not None
        return Execution(row)

    async def claimed(self, instance_id: str = "i-1", **columns: Any) -> str:
        execution_id = await self.execution(**columns)
        execution = await self.load(execution_id)
        execution.claim(instance_id, at=self.clock.now())
        await self.save(execution)
        return execution_id

    async def save(self, *executions: Execution, topics: tuple[str, ...] = ()) -> None:
        change = Change()
        change.add_chains(*executions)
        change.wake(*topics)
        await self.store.apply(change)

    async def request(self, execution_id: str | None = None, **columns: Any) -> str:
        execution = None if execution_id is None else await self.load(execution_id)
        wanted: dict[str, Any] = {
            "id": self.ids.approval(),
            "approval_request_id": "req-abc-123",
            "occurrence": 1,
            "owner": "local",
            "content_sha256": Asked("req-abc-123").content_sha256,
            "expires_at": self.clock.now() + 72 * 3_600_000,
        }
        request = Request.create(execution, at=self.clock.now(), actor=PERSON, **wanted | columns)
        if execution is not None:
            execution.count(pending_own=1, at=self.clock.now(), actor=PERSON)
        change = Change()
        change.add_chains(request.chain)
        change.statements += request.statements()
        await self.store.apply(change)
        return str(request.row["id"])

    async def load_request(self, request_id: str) -> Request:
        row = await self.store.one("get_approval_request", id=request_id)
        assert row is not None
        chain = None if row["execution_id"] is None else await self.load(row["execution_id"])
        return Request(row, chain)


def key(number: int, **columns: Any) -> Change:
    """The smallest change there is: one row that depends on no other."""
    change = Change()
    wanted: dict[str, Any] = {
        "key_id": f"key_{number}",
        "name": "n",
        "role": "admin",
        "nodes": "[]",
    }
    change.add("insert_key", **wanted | {"hash": f"h{number}", "created_at": NOW} | columns)
    return change
