"""A server without its edges: the context of the operations on a real store and a manual clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from signoff.server.domain.clock import ManualClock
from signoff.server.domain.event import Actor, first_break
from signoff.server.domain.execution import Execution
from signoff.server.domain.ids import Ids
from signoff.server.domain.principal import LOCAL, Principal, Role
from signoff.server.domain.store import Change, Row, Store
from signoff.server.operations.approvals import (
    create_approval_request,
    request_execution_approval,
)
from signoff.server.operations.context import Context, InstanceKey, Options
from signoff.server.operations.decisions import decide_approval_request
from signoff.server.operations.rendering import dump
from signoff.server.operations.tree import Tree

NOW = 1_800_000_000_000
HOUR = 3_600_000
DEADLINE = 10.0
"""Seconds that a test waits for what should come at once."""

NODE = "refund-agent"
AGENT = Principal("key_agent", Role.AGENT, "refund agent", frozenset({NODE}))
CLIENT = Principal("key_client", Role.CLIENT, "shop")
REVIEWER = Principal("key_7f3a", Role.REVIEWER, "refund desk")
ADMIN = LOCAL
PERSON = Actor("key_7f3a", "refund desk", "key")


class Deaf:
    """A liveness that hears nobody: these tests say themselves who holds what."""

    def registered(self, key: InstanceKey, *, base_url: str, own: bool) -> None: ...
    def seen(self, key: InstanceKey, row: Row | None = None) -> None: ...
    def draining(
        self, key: InstanceKey, drain_ms: int, row: Row | None = None
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def eased(self, key: InstanceKey) -> None: ...
    def takes_work(self, key: InstanceKey) -> bool:
        return False

    def is_live(self, key: InstanceKey) -> bool:
        return False

    def lease_left_ms(self, key: InstanceKey) -> int:
        return 0


class World:
    """Makes what operations start from, and reads what they leave behind."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.clock = ManualClock(NOW)
        self.store = store
        self.context = Context(
            store=store,
            clock=self.clock,
            ids=Ids(self.clock),
            liveness=Deaf(),
            options=Options(**options),
        )

    async def instance(
        self,
        instance_id: str = "i-1",
        *,
        node_id: str = NODE,
        base_url: str = "http://127.0.0.1:8001",
        own: bool = True,
    ) -> str:
        change = Change()
        change.add(
            "put_node",
            node_id=node_id,
            version="1.0.0",
            own=int(own),
            reasoners='[{"id": "decide_refund"}]',
            skills="[]",
            metadata="{}",
            owner="local",
            now=self.clock.now(),
        )
        change.add(
            "put_instance",
            offers=None,
            node_id=node_id,
            instance_id=instance_id,
            base_url=base_url,
            secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            own=int(own),
            state="live",
            now=self.clock.now(),
        )
        await self.store.apply(change)
        return instance_id

    async def queued(
        self, parent: str | None = None, *, node_id: str = NODE, **columns: Any
    ) -> str:
        """A queued execution, or a child of one."""
        context = self.context
        wanted: dict[str, Any] = {
            "execution_id": context.ids.execution(),
            "run_id": context.ids.run(),
            "target": f"{node_id}.decide_refund",
            "node_id": node_id,
            "reasoner": "decide_refund",
            "owner": CLIENT.id,
            "input": '{"exact":12345678901234567890123}',
            "timeout_ms": 2 * HOUR,
            "max_attempts": 10,
        }
        if parent is not None:
            row = await self.execution(parent)
            wanted |= {
                "run_id": row["run_id"],
                "parent_execution_id": parent,
                "parent_attempt": row["attempt"],
                "call_digest": wanted["execution_id"],
                "call_occurrence": 1,
            }
        execution = Execution.create(at=self.clock.now(), actor=PERSON, **wanted | columns)
        change = Change()
        change.add_chains(execution)
        await self.store.apply(change)
        return execution.chain_id

    async def running(
        self, parent: str | None = None, *, instance: str = "i-1", own: bool = True, **columns: Any
    ) -> str:
        """An execution in the hands of an instance."""
        await self.instance(instance, node_id=columns.get("node_id", NODE), own=own)
        execution_id = await self.queued(parent, **columns)
        await self.claim(execution_id, instance)
        return execution_id

    async def claim(self, execution_id: str, instance: str = "i-1") -> str:
        """Begin the next attempt; the id that its agent gets."""
        tree = await Tree.load(self.context, execution_id)
        tree.execution.claim(instance, at=tree.now)
        await self.store.apply(tree.change())
        return tree.execution.attempt_id

    async def release(self, execution_id: str) -> None:
        """The instance is gone."""
        tree = await Tree.load(self.context, execution_id)
        due = None if tree.execution.status == "waiting" else tree.now
        tree.execution.release(at=tree.now, why="lease_ended", dispatch_at=due)
        await self.store.apply(tree.change())

    async def again(self, execution_id: str, instance: str = "i-1") -> str:
        """The instance is gone and another attempt begins."""
        await self.release(execution_id)
        return await self.claim(execution_id, instance)

    async def ask(
        self,
        execution_id: str,
        own_id: str = "req-abc-123",
        *,
        principal: Principal = ADMIN,
        node_id: str = NODE,
        **body: Any,
    ) -> dict[str, Any]:
        """``requestExecutionApproval``, as the edge would show it."""
        asked = {"approval_request_id": own_id, **body}
        shape = await request_execution_approval(
            self.context, principal, node_id, execution_id, asked
        )
        shown: dict[str, Any] = seen(shape)
        return shown

    async def create(
        self, own_id: str = "claim-4711", *, principal: Principal = CLIENT, **body: Any
    ) -> dict[str, Any]:
        """``createApprovalRequest``, as the edge would show it."""
        asked = {"approval_request_id": own_id, **body}
        shown: dict[str, Any] = seen(
            (await create_approval_request(self.context, principal, asked)).approval
        )
        return shown

    async def decide(
        self,
        request_id: str,
        decision: str = "approved",
        *,
        principal: Principal = REVIEWER,
        **said: Any,
    ) -> dict[str, Any]:
        """``decideApprovalRequest``, as the edge would show it."""
        body = {"decision": decision, **said}
        shown: dict[str, Any] = seen(
            await decide_approval_request(self.context, principal, request_id, body)
        )
        return shown

    async def execution(self, execution_id: str) -> Row:
        row = await self.store.one("get_execution", execution_id=execution_id)
        assert row is not None
        return row

    async def statuses(self, *execution_ids: str) -> list[str]:
        return [(await self.execution(execution_id))["status"] for execution_id in execution_ids]

    async def request(self, request_id: str) -> Row:
        row = await self.store.one("get_approval_request", id=request_id)
        assert row is not None
        return row

    async def events(self, chain_id: str) -> list[Row]:
        """The chain, which must hold together and end at the head that its row names."""
        rows = await self.store.all("list_events", chain_id=chain_id, after=0, limit=100_000)
        assert first_break(rows) is None
        query = "get_execution" if chain_id.startswith("exec_") else "get_approval_request"
        name = "execution_id" if chain_id.startswith("exec_") else "id"
        owner = await self.store.one(query, **{name: chain_id})
        assert owner is not None
        assert (owner["event_seq"], owner["event_hash"]) == (len(rows), rows[-1]["hash"])
        return rows

    async def types(self, chain_id: str) -> list[str]:
        return [row["type"] for row in await self.events(chain_id)]

    async def messages(self, kind: str | None = None, **filters: Any) -> list[dict[str, Any]]:
        """The outbox, oldest first, with bodies read."""
        if kind is not None:
            filters["kind"] = kind
        rows = await self.store.all("list_messages", limit=100_000, **filters)
        return [{**row, "body": json.loads(row["body"])} for row in reversed(rows)]


def seen(shape: object) -> Any:
    """A shape as whoever gets it reads it: through JSON text."""
    return json.loads(dump(shape))


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """Run calls at the same time; what they raise is returned."""
    async with asyncio.timeout(DEADLINE * 6):
        return list(await asyncio.gather(*calls, return_exceptions=True))
