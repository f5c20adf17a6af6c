"""The live agent behind the fuzzed server: one reasoner that stops at a gate, one that does not."""

from typing import Any
from uuid import uuid4

from signoff import Agent

app = Agent("fuzz-agent")


@app.reasoner
async def ask(ticket: Any = None) -> str:
    """Wait for a person."""
    return (await app.pause(f"ask-{uuid4()}", payload={"ticket": ticket})).decision


@app.reasoner
async def answer(ticket: Any = None) -> Any:
    """Finish at once."""
    return ticket


if __name__ == "__main__":
    app.run()
