"""Clients and reviewers: they start runs, decide gates, see ends, and write down what they were
told. A request that nobody answered is sent again until somebody does."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aiohttp

from tests.chaos.journal import Journal
from tests.chaos.killer import Killer
from tests.chaos.plan import Plan, Run

AT_ONCE: Final = 64
"""Runs in hand at a time: many, so that each crash meets many, and recoveries overlap."""

MAX_ATTEMPTS: Final = 100
"""Of each run: its agents are killed ten times in a row while others get on."""

AGAIN_SECONDS: Final = 0.1
LOOK_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 20.0

Json = dict[str, Any]
FOR_NOW: Final = (404, 429, 502, 503, 504)
"""Statuses of a request that is sent again. 404: the agents have not registered yet."""


class Unexpected(Exception):
    """An answer that the contract has no place for here."""


class Driver:
    """Works through a plan.

    Args:
        url: the door to the servers.
        plan: what to start and decide.
        journal: told of everything that was acknowledged.
        killer: counts it.
    """

    def __init__(self, url: str, plan: Plan, journal: Journal, killer: Killer) -> None:
        self._url = f"{url}/api/v1"
        self._plan = plan
        self._journal = journal
        self._killer = killer
        self._seen: set[str] = set()
        self._reviews: set[asyncio.Task[None]] = set()

    async def drive(self) -> None:
        """Until all runs are finished; fails at the first answer that is wrong."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as self._http:
            todo = iter(self._plan.runs)
            reviewer = asyncio.create_task(self._review())
            clients = [asyncio.create_task(self._clients(todo)) for _ in range(AT_ONCE)]
            try:
                started = asyncio.create_task(_all(clients))
                await asyncio.wait({reviewer, started}, return_when=asyncio.FIRST_COMPLETED)
                if reviewer.done():
                    reviewer.result()
                await started
                await asyncio.gather(*self._reviews)
            finally:
                for task in (reviewer, *clients, *self._reviews):
                    task.cancel()

    async def _clients(self, todo: Any) -> None:
        for run in todo:
            await self._run(run)

    async def _run(self, run: Run) -> None:
        _, started = await self._ask(
            "POST",
            f"/execute/async/chaos.{run.kind}",
            {"input": {"gates": list(run.gates)}, "max_attempts": MAX_ATTEMPTS},
            {"Idempotency-Key": run.name},
        )
        execution_id = started["execution_id"]
        self._journal.write("executed", run=run.name, execution_id=execution_id)
        await self._killer.fact()
        while True:
            _, now = await self._ask("GET", f"/executions/{execution_id}?wait_seconds=10")
            if "completed_at" in now:
                break
        self._journal.write(
            "finished",
            execution_id=execution_id,
            status=now["status"],
            result=now.get("result"),
            head=now["event_head"],
        )
        await self._killer.fact()

    async def _review(self) -> None:
        while True:
            _, page = await self._ask("GET", "/approval-requests?status=pending&limit=200")
            for request in page["items"]:
                gate = self._plan.gates[request["approval_request_id"]]
                if gate.says and request["id"] not in self._seen:
                    self._seen.add(request["id"])
                    self._reviews.add(asyncio.create_task(self._decide(request, gate)))
            for task in [task for task in self._reviews if task.done()]:
                self._reviews.discard(task)
                task.result()
            await asyncio.sleep(LOOK_SECONDS)

    async def _decide(self, request: Json, gate: Any) -> None:
        await asyncio.sleep(gate.after_seconds)
        await asyncio.gather(*(self._say(request["id"], word) for word in gate.says))
        await self._killer.fact()

    async def _say(self, request_id: str, word: str) -> None:
        feedback = f"{word} of {request_id}"
        body = {"decision": word, "feedback": feedback}
        status, answer = await self._ask("POST", f"/approval-requests/{request_id}/decision", body)
        said = {"id": request_id, "decision": word, "feedback": feedback}
        if status == 200:
            self._journal.write("decided", **said, how=answer["status"])
        elif answer.get("code") == "already_decided":
            self._journal.write("refused", **said)
        else:
            raise Unexpected(f"{status} to a decision: {answer}")

    async def _ask(
        self, method: str, path: str, body: Json | None = None, headers: Json | None = None
    ) -> tuple[int, Json]:
        while True:
            try:
                async with self._http.request(
                    method, self._url + path, json=body, headers=headers
                ) as answer:
                    told = await answer.json(content_type=None)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            else:
                if answer.status < 300 or answer.status == 409:
                    return answer.status, told
                if answer.status not in FOR_NOW:
                    raise Unexpected(f"{answer.status} to {method} {path}: {told}")
            await asyncio.sleep(AGAIN_SECONDS)


async def _all(tasks: list[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)
