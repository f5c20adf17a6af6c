"""A client and reviewer as a process: starts runs, decides their gates, waits for their ends.

It sends each request once, writes down every failure, and then sends it again to the next server,
until there is an answer. SERVERS are URLs; NAME begins the names of its runs; OUT gets one line of
JSON for each failure, and one for each run that has ended. It begins no run any more once there is
a file STOP.
"""

import asyncio
import itertools
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from signoff import ApiError, AsyncClient, Retry, TransportError

AT_ONCE = 8
AGAIN_SECONDS = 0.05
HOLD_SECONDS = 10
ONE_TRY = Retry(attempts=1)

T = TypeVar("T")


class Load:
    """Runs through the servers, the next one after each failure."""

    def __init__(self, clients: list[AsyncClient], out: Path) -> None:
        self._clients = clients
        self._turn = 0
        self._out = out.open("a", buffering=1)

    async def work(self, names: Iterator[str]) -> None:
        for name in names:
            await self._run(name)

    async def _run(self, name: str) -> None:
        begun = await self._until_answered(
            "execute",
            lambda client: client.execute(
                "gates.ask",
                input={"own_id": name},
                idempotency_key=name,
                wait_seconds=HOLD_SECONDS,
            ),
        )
        execution_id, pending = begun.execution_id, begun.pending_approvals or []
        while not pending:
            page = await self._until_answered(
                "list", lambda client: client.list_approval_requests(execution_id=execution_id)
            )
            pending = [item.id for item in page.items]
        (asked,) = pending
        await self._until_answered(
            "decide",
            lambda client: client.decide_approval_request(asked, "approved", feedback=name),
        )
        while True:
            now = await self._until_answered(
                "wait", lambda client: client.get_execution(execution_id, wait_seconds=HOLD_SECONDS)
            )
            if now.completed_at is not None:
                break
        self._say(run=name, execution_id=execution_id, status=now.status, result=now.result)

    async def _until_answered(self, what: str, send: Callable[[AsyncClient], Awaitable[T]]) -> T:
        while True:
            turn = self._turn
            try:
                return await send(self._clients[turn % len(self._clients)])
            except TransportError as error:
                self._say(failed=what, why=str(error))
            except ApiError as error:
                self._say(
                    failed=what,
                    why=str(error),
                    status=error.status,
                    code=error.code,
                    retry_after=error.retry_after,
                )
            if self._turn == turn:  # else another request has found the same out
                self._turn += 1
            await asyncio.sleep(AGAIN_SECONDS)

    def _say(self, **said: Any) -> None:
        self._out.write(f"{json.dumps(said)}\n")


async def main() -> None:
    clients = [AsyncClient(url, retry=ONE_TRY) for url in os.environ["SERVERS"].split()]
    load = Load(clients, Path(os.environ["OUT"]))
    stop = Path(os.environ["STOP"])
    numbers = itertools.takewhile(lambda _: not stop.exists(), itertools.count())
    names = (f"{os.environ['NAME']}-{number}" for number in numbers)
    await asyncio.gather(*(load.work(names) for _ in range(AT_ONCE)))
    for client in clients:
        await client.aclose()


if __name__ == "__main__":
    asyncio.run(main())
