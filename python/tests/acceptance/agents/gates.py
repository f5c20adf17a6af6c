"""An agent whose every effect on the world outside is a line in a file, so that it can be counted.

EFFECTS names the file.
"""

import asyncio
import os
from pathlib import Path

from signoff import Agent

app = Agent("gates")


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
    """Go on when the file `gate` is there; say so by the file `passed`."""
    while not Path(gate).exists():
        await asyncio.sleep(0.005)
    Path(passed).touch()
    return "kept"


if __name__ == "__main__":
    app.run(auto_port=False)
