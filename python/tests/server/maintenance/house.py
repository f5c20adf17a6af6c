"""A whole server without its HTTP edge: operations, loops, and real HTTP to agents."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

from signoff.server.domain.clock import Clock
from signoff.server.domain.ids import Ids
from signoff.server.domain.store import Row
from signoff.server.maintenance.http_client import HttpClient
from signoff.server.maintenance.liveness import Liveness
from signoff.server.maintenance.runner import Maintenance
from signoff.server.maintenance.test_control import TestControl
from signoff.server.operations import nodes
from signoff.server.operations.context import InstanceKey
from signoff.server.store.sqlite import SqliteStore
from signoff.webhook import verify_webhook
from tests.server.maintenance.stand_in import DEADLINE, Heard, StandIn
from tests.server.operations.stage import Stage
from tests.server.operations.world import AGENT, NODE

NOTIFY_SECRET = "whsec_bm90aWZpY2F0aW9ucyBhcmUgc2lnbmVkIGJ5IHRoaXM="


class Tally:
    """Counts what goes out."""

    def __init__(self) -> None:
        self.deliveries: list[tuple[str, str]] = []
        self.waited: list[float] = []
        self.dispatches: list[str] = []

    def delivered(self, kind: str, outcome: str) -> None:
        self.deliveries.append((kind, outcome))

    def decision_delivered(self, seconds: float) -> None:
        self.waited.append(seconds)

    def dispatched(self, outcome: str) -> None:
        self.dispatches.append(outcome)


class House(Stage):
    """Loops that move only when a test says so, unless :meth:`Maintenance.start` is called."""

    def __init__(self, store: SqliteStore, http: HttpClient, **options: Any) -> None:
        super().__init__(store, **options)
        self.http = http
        self.tally = Tally()
        self.maintenance = self._made(None)
        self.control = TestControl(
            self.context, self.clock, self.liveness, self.maintenance, _fail_points(store)
        )

    def use(self, clock: Clock, *, sweep_ms: int | None) -> None:
        """Another clock, from the beginning."""
        self.liveness = Liveness(clock)
        self.context = replace(self.context, clock=clock, ids=Ids(clock), liveness=self.liveness)
        self.maintenance = self._made(sweep_ms)

    def _made(self, sweep_ms: int | None) -> Maintenance:
        return Maintenance(
            self.context,
            self.liveness,
            self.http,
            counters=self.tally,
            notify_secret=NOTIFY_SECRET,
            sweep_ms=sweep_ms,
        )

    async def child_of(self, parent: str) -> str:
        """An execution that another one has called."""
        started = await self.start(principal=AGENT, parent=parent)
        execution_id: str = started["execution_id"]
        return execution_id

    async def settle(self) -> None:
        await self.maintenance.settle()

    async def join(self, agent: StandIn, instance_id: str = "i-1", **more: Any) -> InstanceKey:
        """The stand-in registers as an instance of the node."""
        return await self.register(instance_id, base_url=agent.base_url, **more)

    async def beat(self, instance_id: str = "i-1", **said: Any) -> None:
        body = {"instance_id": instance_id, **said}
        await nodes.heartbeat_node(self.context, AGENT, NODE, body)

    async def handed(self, agent: StandIn, **body: Any) -> str:
        """An execution that the stand-in has taken; its id."""
        await self.join(agent)
        execution_id: str = (await self.start(**body))["execution_id"]
        await self.settle()
        agent.heard.clear()
        self.tally.dispatches.clear()
        return execution_id

    async def secret(self, instance_id: str = "i-1") -> str:
        row = await self.store.one("get_instance", node_id=NODE, instance_id=instance_id)
        assert row is not None
        return str(row["secret"])

    async def check_signature(self, heard: Heard, instance_id: str = "i-1") -> str:
        """The ``webhook-id`` of a request that the instance's secret has signed, just now."""
        verified = verify_webhook(
            heard.headers, heard.body, [await self.secret(instance_id)], self.clock.now() / 1000
        )
        assert verified.timestamp == self.clock.now() // 1000
        assert verified.id is not None
        return verified.id

    async def message(self, kind: str) -> dict[str, Any]:
        [row] = await self.messages(kind)
        return row

    async def until(self, execution_id: str, status: str) -> Row:
        """Wait for the loops to bring an execution there."""
        async with asyncio.timeout(DEADLINE):
            with self.store.watch(f"exec:{execution_id}") as watch:
                while (row := await self.execution(execution_id))["status"] != status:
                    await watch.event.wait()
                    watch.event.clear()
        return row


def _fail_points(store: SqliteStore) -> Any:
    # A function as a default looks like a method to mypy, which can't be set.
    return store.fail_points


def said(heard: Heard) -> Any:
    return json.loads(heard.body)
