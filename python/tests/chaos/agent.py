"""The agent of the chaos run. What it does to the world, and what it hears, is a line in a file
that is on the disk before it goes on.

EVIDENCE names the file, PUBLIC_URL where the servers reach it, SUSPEND_AFTER is in seconds.
"""

import asyncio
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

from signoff import Agent
from signoff.agent.run import require

app = Agent(
    "chaos",
    public_url=os.environ["PUBLIC_URL"],
    suspend_after_seconds=float(os.environ["SUSPEND_AFTER"]),
)


def log(kind: str, **said: Any) -> None:
    """One line, on the disk when this returns."""
    run = require(kind)
    line = {
        "kind": kind,
        "execution_id": run.execution_id,
        "attempt": run.attempt,
        "pid": os.getpid(),
        "wall": round(time.time(), 3),
        **said,
    }
    # One write each, so that a kill leaves no half line in front of the next process's.
    file = os.open(Path(os.environ["EVIDENCE"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, f"{json.dumps(line)}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)


@app.step
async def effect(what: str) -> dict:
    """A side effect, which can be told from its repetition by its token."""
    token = uuid.uuid4().hex
    log("effect", what=what, token=token)
    return {"what": what, "token": token}


async def gate(own_id: str, expires_in_hours: float = 72) -> str:
    await effect(f"before {own_id}")
    result = await app.pause(own_id, title=own_id, expires_in_hours=expires_in_hours)
    log("heard", id=result.id, decision=result.decision, feedback=result.feedback)
    await effect(f"after {own_id}")
    return result.decision


@app.reasoner
async def one(gates: list[str]) -> list[str]:
    """A gate."""
    return [await gate(own_id) for own_id in gates]


@app.reasoner
async def in_a_row(gates: list[str]) -> list[str]:
    """Gates, one after another."""
    return [await gate(own_id) for own_id in gates]


@app.reasoner
async def side_by_side(gates: list[str]) -> list[str]:
    """Gates that are open at the same time, with effects around all of them."""
    await effect(f"before {gates[0]}")
    results = await asyncio.gather(*(app.pause(own_id, title=own_id) for own_id in gates))
    for result in results:
        log("heard", id=result.id, decision=result.decision, feedback=result.feedback)
    await effect(f"after {gates[0]}")
    return [result.decision for result in results]


@app.reasoner
async def by_a_child(gates: list[str]) -> list[str]:
    """A gate in a run of its own, of whichever process of this node."""
    await effect(f"parent before {gates[0]}")
    said: list[str] = await app.call("chaos.one", gates=gates)
    await effect(f"parent after {gates[0]}")
    return said


@app.reasoner
async def expiring(gates: list[str]) -> list[str]:
    """A gate that nobody decides."""
    return [await gate(own_id, expires_in_hours=2 / 3600) for own_id in gates]


if __name__ == "__main__":
    app.run(auto_port=False)
