"""The skeleton of an agent: the same messages, and neither checks nor memory.

Its requests go through httpx on aiohttp, as the real one's do.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from typing import Any

import aiohttp
import httpx
import uvicorn
import uvloop
from httpx_aiohttp import AiohttpTransport


class BareAgent:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._waiting: dict[str, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        execution = scope["path"].rpartition("/")[2]
        if scope["path"].startswith("/callback/"):
            self._waiting.pop(execution).set()
        else:
            task = asyncio.create_task(self._gate(execution))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 202, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    async def _gate(self, execution: str) -> None:
        heard = self._waiting[execution] = asyncio.Event()
        await self._http.post(f"/request/{execution}", json={"approval_request_id": "bench-gate"})
        await heard.wait()
        told = {"status": "succeeded", "result": time.monotonic_ns()}
        await self._http.post(f"/report/{execution}", json=told)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def _main(server_url: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    transport = AiohttpTransport(client=_session)
    async with httpx.AsyncClient(base_url=server_url, transport=transport) as http:
        config = uvicorn.Config(BareAgent(http), lifespan="off", log_config=None, access_log=False)
        await http.post("/agents", json={"url": url})
        print(json.dumps({"url": url}), flush=True)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1]))
