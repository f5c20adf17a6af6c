"""How long it takes from sending a decision until `wait_for_approval` returns, in each language."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import processes
from benchmarks.report import Figure, times
from benchmarks.wakes import bare, quantiles
from signoff import AsyncClient

ROOT = Path(__file__).parents[2]

UNTIL_HELD_SECONDS = 0.01
"""After so long the poll is held by the server, as it is in life."""


async def measure(samples: int) -> Iterator[Figure]:
    """One decision at a time, on a server that does nothing else."""
    ceilings = await bare(samples)
    figures: list[Figure] = []
    with processes.folder() as folder, processes.server(folder / "server.db") as url:
        for language, took in (
            ("Python", await _python(url, samples)),
            ("Go", _go(url, samples, folder)),
            ("TypeScript", _typescript(url, samples)),
        ):
            figures += times(f"wait over, {language}", quantiles(took), (5, 25), ceilings)
    return iter(figures)


async def _python(url: str, samples: int) -> list[float]:
    took = []
    async with AsyncClient(server_url=url) as client:
        for sample in range(samples):
            asked = await client.request_approval(f"bench-python-{sample}")
            waiting = asyncio.create_task(_returned(client, asked.id))
            await asyncio.sleep(UNTIL_HELD_SECONDS)
            began = time.perf_counter()
            deciding = asyncio.create_task(client.decide(asked.id, "approved"))
            took.append((await waiting - began) * 1e3)
            await deciding
    return took


async def _returned(client: AsyncClient, approval_id: str) -> float:
    await client.wait_for_approval(approval_id)
    return time.perf_counter()


def _typescript(url: str, samples: int) -> list[float]:
    sdk = ROOT / "typescript" / "sdk"
    _run("npm", "run", "--silent", "build", cwd=sdk)
    return _milliseconds(_run("node", "bench/waits.mjs", url, str(samples), cwd=sdk))


def _go(url: str, samples: int, folder: Path) -> list[float]:
    program = folder / "waits"
    _run("go", "build", "-o", str(program), ".", cwd=Path(__file__).parent / "waits_go")
    return _milliseconds(_run(str(program), url, str(samples), cwd=folder))


def _milliseconds(text: str) -> list[float]:
    return [float(each) for each in json.loads(text)]


def _run(*command: str, cwd: Path) -> str:
    ran = subprocess.run(
        command, cwd=cwd, env=os.environ, capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{ran.stdout}\n{ran.stderr}")
    return ran.stdout
