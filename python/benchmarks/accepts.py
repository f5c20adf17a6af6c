"""How many executions a second are stored and acknowledged."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import processes
from benchmarks.report import Figure
from benchmarks.wire import Caller, Json, rate

CONCURRENT = 64
BODY: Json = {"input": {"ticket": "Please refund my annual plan, I was billed twice."}}
NODE: Json = {"id": "away", "base_url": "http://127.0.0.1:9", "reasoners": [{"id": "gate"}]}


async def measure(seconds: float) -> Iterator[Figure]:
    """`executeAsync` over connections that are kept alive, to a node that is known but away."""
    with processes.folder() as folder, processes.server(folder / "server.db") as url:
        registrar = await Caller.open(url)
        # It registers and is not heard again: what is measured is the acceptance, not the dispatch.
        await registrar.post("/api/v1/nodes/register", NODE, 201)
        await registrar.post("/api/v1/nodes/away/shutdown", {}, 200)
        registrar.close()
        accepted = await _rate(url, "/api/v1/execute/async/away.gate", seconds)
    with processes.folder() as folder, processes.bare_server(folder / "bare.db") as url:
        ceiling = await _rate(url, "/accept", seconds)
    return iter([Figure("executions accepted", accepted, "/s", ceiling, 4_000)])


async def _rate(url: str, path: str, seconds: float) -> float:
    requests: dict[Caller, bytes] = {}

    async def accept(caller: Caller) -> None:
        if caller not in requests:
            requests[caller] = caller.encode("POST", path, BODY)
        await caller.send(requests[caller], 202)

    return await rate(url, CONCURRENT, seconds, accept)
