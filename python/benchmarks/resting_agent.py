"""An agent whose runs are suspended soon: how many of them it has in hand at a time."""

import asyncio

from signoff import Agent

app = Agent("rest", suspend_after_seconds=0.2, max_running=50)
held = [0]
"""How many were in hand when each attempt began."""


@app.reasoner
async def wake(ticket: str = "") -> str:
    """One gate, and a little work after it."""
    held.append(len(app._in_hand))
    decision = (await app.pause("bench-rest", title=ticket or None)).decision
    await asyncio.sleep(0.05)
    return decision


@app.reasoner
async def forget() -> int:
    """The most that were in hand since the last call of this."""
    most = max(held)
    held[:] = [0]
    return most


if __name__ == "__main__":
    app.run()
