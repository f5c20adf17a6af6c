"""An agent whose every effect on the world outside is a line in a file, so that it can be counted.

EFFECTS names the file. SUSPEND_AFTER is a number of seconds.
"""

import asyncio
import os
from pathlib import Path

from signoff import Agent, PauseTimeoutError

app = Agent("gates", suspend_after_seconds=float(os.environ.get("SUSPEND_AFTER", "300")))


@app.step
def effect(what: str) -> str:
    with Path(os.environ["EFFECTS"]).open("a") as lines:
        lines.write(f"{what}\n")
    return what


@app.reasoner
async def ask(own_id: str, expires_in_hours: float = 72) -> dict:
    """One gate, with an effect before and one after it."""
    await effect(f"before {own_id}")
    result = await app.pause(own_id, expires_in_hours=expires_in_hours)
    await effect(f"after {own_id}")
    return {"decision": result.decision, "feedback": result.feedback}


@app.reasoner
async def two_gates(own_id: str) -> list[str]:
    """Two gates, each with an effect before and after it."""
    heard = []
    for gate in (1, 2):
        await effect(f"before {own_id}-{gate}")
        heard.append((await app.pause(f"{own_id}-{gate}")).decision)
        await effect(f"after {own_id}-{gate}")
    return heard


@app.reasoner
async def noted(own_id: str) -> list[str]:
    """A gate between notes, two of which say the same."""
    app.note("asking", tags=["before"])
    app.note("asking", tags=["before"])
    result = await app.pause(own_id)
    app.note(f"heard {result.decision}", tags=["after"])
    return [result.decision]


@app.reasoner
async def by_a_child(own_id: str) -> dict:
    """A gate in a child of its child."""
    await effect(f"parent before {own_id}")
    said = await app.call("gates.by_a_grandchild", own_id=own_id)
    await effect(f"parent after {own_id}")
    return {"said": said}


@app.reasoner
async def by_a_grandchild(own_id: str) -> dict:
    said: dict = await app.call("gates.ask", own_id=own_id)
    return said


@app.reasoner
async def side_by_side(own_id: str) -> list[str]:
    """Three gates at once."""
    results = await asyncio.gather(*(app.pause(f"{own_id}-{gate}") for gate in "abc"))
    return [result.decision for result in results]


@app.reasoner
async def impatient(own_id: str, seconds: float) -> str:
    """Takes its question back after some seconds."""
    try:
        return (await app.pause(own_id, timeout=seconds)).decision
    except PauseTimeoutError as over:
        return f"withdrawn: {over.withdrawn}"


@app.reasoner
async def work_in_two_parts(gate: str, passed: str) -> str:
    """Says by the file `passed` that the first part is done; `gate` lets it go on."""
    await effect("first part")
    Path(passed).touch()
    while not Path(gate).exists():
        await asyncio.sleep(0.005)
    await effect("second part")
    return "done"


@app.reasoner
async def just_ask(own_id: str) -> str:
    """One gate and nothing else."""
    return (await app.pause(own_id)).decision


@app.reasoner
async def ask_until_approved(own_id: str) -> list[str]:
    """A gate in a loop."""
    heard: list[str] = []
    while "approved" not in heard:
        result = await app.pause(own_id)
        heard.append(result.decision)
    return heard


@app.reasoner
async def hold(gate: str, passed: str) -> str:
    """Go on when the file `gate` is there; say so by `passed`, and by `passed.begun` before."""
    Path(f"{passed}.begun").touch()
    while not Path(gate).exists():
        await asyncio.sleep(0.005)
    Path(passed).touch()
    return "kept"


if __name__ == "__main__":
    app.run(auto_port=False)
