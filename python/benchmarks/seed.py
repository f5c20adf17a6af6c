"""Rows instead of work: what would take too long to bring about.

A run that an agent gave back while it waited is copied, row by row, with new ids. Each copy gets a
chain of events of its own, hashed by the server's own code: nothing in the database tells it from
one that came through the API.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

from benchmarks import processes
from benchmarks.databases import Database
from benchmarks.wire import Caller, Json
from signoff.server.domain.clock import SystemClock
from signoff.server.domain.event import Actor, Chain
from signoff.server.domain.ids import Ids
from signoff.server.domain.store import Statement

BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}

Row = dict[str, Any]


class Waiting(NamedTuple):
    """A run that waits, and the request that it waits for."""

    execution_id: str
    approval_id: str

    @classmethod
    def of(cls, execution: Json) -> Waiting:
        """The ids of an `Execution` that waits for one request."""
        (approval_id,) = execution["pending_approvals"]
        return cls(execution["execution_id"], approval_id)


async def fill(database: Database, count: int) -> None:
    """Put so many waiting runs into an empty database that nobody serves."""
    await copies(database, await first(database), count - 1)
    await database.analyze()


async def first(database: Database) -> Waiting:
    """A run that waits, in an empty database: a server and an agent come for it and go."""
    with processes.server(database.url) as url, processes.resting_agent(url):
        return await suspended(url)


async def suspended(url: str) -> Waiting:
    """A run of the agent at this server that waits, and that the agent has given back."""
    caller = await Caller.open(url)
    waiting = Waiting.of(await caller.post("/api/v1/execute/rest.wake", BODY, 202))
    await until_released(caller, waiting.execution_id)
    caller.close()
    return waiting


async def until_released(caller: Caller, execution_id: str) -> None:
    """Wait until nobody holds it."""
    while True:
        page = await caller.get(f"/api/v1/executions/{execution_id}/events?limit=200")
        if any(event["type"] == "execution.requeued" for event in page["items"]):
            return
        await asyncio.sleep(0.05)


async def copies(
    database: Database, like: Waiting, count: int, *, expires_at: int | None = None
) -> list[Waiting]:
    """Copy a run that waits and that nobody holds, so many times.

    Args:
        database: where it is; servers may work on it.
        like: the run.
        count: how many; none below 1.
        expires_at: when the requests of the copies end, in ms; None: when that of the run does.
    """
    original = await _Original.read(database, like, expires_at)
    ids = Ids(SystemClock())
    made = [original.copy(ids) for _ in range(count)]
    for place, table in enumerate(("executions", "approval_requests", "events")):
        rows = [row for copy in made for row in copy[1][place]]
        if rows:
            columns = list(rows[0])
            await database.insert(table, columns, [tuple(row.values()) for row in rows])
    return [copy[0] for copy in made]


class _Original(NamedTuple):
    execution: Row
    request: Row
    events: list[Row]

    @classmethod
    async def read(cls, database: Database, of: Waiting, expires_at: int | None) -> _Original:
        query = "SELECT * FROM {} WHERE execution_id = $1"
        (execution,) = await database.rows(query.format("executions"), of.execution_id)
        (request,) = await database.rows(query.format("approval_requests"), of.execution_id)
        assert execution["lease_instance"] is None, "somebody holds it"
        events = await database.rows(query.format("events") + " ORDER BY seq", of.execution_id)
        if expires_at is not None:
            request["expires_at"] = expires_at
            for event in events:
                said = json.loads(event["data"])
                if "expires_at" in said:
                    event["data"] = json.dumps(said | {"expires_at": expires_at})
        return cls(execution, request, events)

    def copy(self, ids: Ids) -> tuple[Waiting, tuple[list[Row], list[Row], list[Row]]]:
        named = Waiting(ids.execution(), ids.approval())
        run = {"execution_id": named.execution_id, "run_id": ids.run()}
        chain = _Copied(named.execution_id)
        events = [chain.repeat(event, named.approval_id) for event in self.events]
        execution = self.execution | run | {"event_hash": chain.head["hash"]}
        request = self.request | run | {"id": named.approval_id}
        return named, ([execution], [request], events)


class _Copied(Chain):
    """The same events again, in a chain of their own."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(execution_id, execution_id, 0, "0" * 64)

    def repeat(self, event: Row, approval_id: str) -> Row:
        row = self.append(
            event["type"],
            at=event["at"],
            actor=Actor(event["actor_id"], event["actor_name"], event["actor_source"]),
            data=json.loads(event["data"]),
            approval_id=None if event["approval_id"] is None else approval_id,
        )
        return dict(row)

    def _head(self, seq: int, last_hash: str) -> Statement:
        raise NotImplementedError  # nothing is applied
