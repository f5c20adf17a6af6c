"""The agent under load: gates, and what tells when it was woken."""

import time

from signoff import Agent

app = Agent("bench")


@app.reasoner
async def gate(ticket: str = "") -> str:
    """One gate."""
    return (await app.pause("bench-gate", title=ticket or None)).decision


@app.reasoner
async def wake(ticket: str = "") -> int:
    """When the decision was heard: ns on the monotonic clock, which all processes share."""
    await app.pause("bench-wake", title=ticket or None)
    return time.monotonic_ns()


if __name__ == "__main__":
    app.run()
