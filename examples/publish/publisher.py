"""The agent that publishes: here, a line in a file."""

import os
from pathlib import Path

from signoff import Agent

app = Agent(node_id="publisher", version="1.0.0")


@app.reasoner()
def publish(content: str) -> dict:
    with Path(os.getenv("PUBLISHED_LOG", "published.log")).open("a") as log:
        log.write(f"{content}\n")
    return {"published": len(content)}


if __name__ == "__main__":
    app.run(port=int(os.getenv("PORT", "8002")))
