"""The skeleton of the server: the same messages over the same transport, and no work.

It stores one row for each message, as nobody can do with less, and checks, hashes, signs and
remembers nothing. What it reaches is the ceiling for the server on this machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
import uvloop

from benchmarks.bare_store import BareStore

Json = dict[str, Any]


class Bare:
    def __init__(self, store: BareStore, http: aiohttp.ClientSession) -> None:
        self._store = store
        self._http = http
        self._ids = itertools.count(1)
        self._agent = ""
        self._waiting: dict[str, asyncio.Event] = {}
        self._finished: dict[str, asyncio.Event] = {}
        self._results: dict[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer = await self._answer(scope["path"].split("/")[1:], body)
        content = json.dumps(answer).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(content)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _answer(self, path: list[str], body: bytes) -> tuple[int, Json]:
        work = getattr(self, f"_{path[0]}")
        answer: tuple[int, Json] = await work(*path[1:], body)
        return answer

    async def _health(self, _: bytes) -> tuple[int, Json]:
        return 200, {}

    async def _agents(self, body: bytes) -> tuple[int, Json]:
        self._agent = json.loads(body)["url"]
        return 200, {}

    async def _accept(self, body: bytes) -> tuple[int, Json]:
        """The ceiling of executeAsync."""
        await self._store.commit(body)
        return 202, {"id": next(self._ids)}

    async def _execute(self, body: bytes) -> tuple[int, Json]:
        """Dispatch, and answer when the gate is reached."""
        execution = str(next(self._ids))
        self._waiting[execution] = asyncio.Event()
        self._finished[execution] = asyncio.Event()
        await self._store.commit(body)
        self._spawn(self._post(f"/reasoners/gate/{execution}", body))
        await self._waiting[execution].wait()
        return 202, {"id": execution}

    async def _request(self, execution: str, body: bytes) -> tuple[int, Json]:
        await self._store.commit(body)
        self._waiting.pop(execution).set()
        return 200, {}

    async def _decide(self, execution: str, body: bytes) -> tuple[int, Json]:
        await self._store.commit(body)
        self._spawn(self._post(f"/callback/{execution}", body))
        return 200, {}

    async def _report(self, execution: str, body: bytes) -> tuple[int, Json]:
        await self._store.commit(body)
        self._results[execution] = json.loads(body)["result"]
        self._finished[execution].set()
        return 200, {}

    async def _result(self, execution: str, _: bytes) -> tuple[int, Json]:
        await self._finished[execution].wait()
        del self._finished[execution]
        return 200, {"result": self._results.pop(execution)}

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, path: str, body: bytes) -> None:
        # A claim and an outcome are rows as well.
        await self._store.commit(body)
        async with self._http.post(self._agent + path, data=body) as answer:
            await answer.read()


async def _main(database: Path) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        config = uvicorn.Config(
            Bare(BareStore(database), http), lifespan="off", log_config=None, access_log=False
        )
        print(json.dumps({"url": url}), flush=True)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    uvloop.run(_main(Path(sys.argv[1])))
