"""One of three agents that do the same in three languages: relay.py, relay_go and relay.mts.

NODE names its node; EFFECTS names the file that its effects on the world outside go to.
"""

import os
from pathlib import Path

from signoff import Agent

app = Agent(os.environ["NODE"])


@app.step
def effect(what: str) -> str:
    with Path(os.environ["EFFECTS"]).open("a") as lines:
        lines.write(f"{what}\n")
    return what


@app.reasoner
async def relay(own_id: str, onwards: list[str]) -> dict:
    """Asks at one gate, then lets the agents of `onwards` do so, each called by the one before."""
    asked = f"{own_id}-{app.node_id}"
    await effect(f"before {asked}")
    result = await app.pause(asked)
    await effect(f"after {asked}")
    then = None
    if onwards:
        then = await app.call(f"{onwards[0]}.relay", own_id=own_id, onwards=onwards[1:])
    await effect(f"end {asked}")
    return {"asked": asked, "heard": result.decision, "feedback": result.feedback, "then": then}


if __name__ == "__main__":
    app.run(auto_port=False)
