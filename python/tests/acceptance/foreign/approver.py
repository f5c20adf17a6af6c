"""An agent written with the published package `agentfield`, unchanged. Knows nothing of signoff."""

import os

from agentfield import Agent  # type: ignore[import-not-found]

app = Agent(
    node_id=os.environ.get("NODE_ID", "foreign-approver"),
    agentfield_server=os.environ["SIGNOFF_SERVER"],
    callback_url=f"http://127.0.0.1:{os.environ['PORT']}",
    api_key=os.environ.get("SIGNOFF_API_KEY"),
)


@app.reasoner()
async def gate(own_id: str, hours: int = 72) -> dict:
    app.note(f"about to ask {own_id}", tags=["before"])
    result = await app.pause(
        approval_request_id=own_id,
        approval_request_url=f"https://review.example.com/{own_id}",
        expires_in_hours=hours,
    )
    app.note(f"heard {result.decision}", tags=["after"])
    return {
        "decision": result.decision,
        "approved": result.approved,
        "feedback": result.feedback,
        "raw": result.raw_response,
    }


@app.reasoner()
async def ask_two(own_id: str) -> list:
    first = await app.pause(approval_request_id=f"{own_id}-1")
    second = await app.pause(approval_request_id=f"{own_id}-2")
    return [first.decision, second.decision]


@app.reasoner()
async def through(callee: str, arguments: dict) -> dict:
    """Calls another agent, and gives back what it says."""
    return {"said": await app.call(callee, **arguments)}


@app.reasoner()
async def outer(middle: str, inner: str, own_id: str) -> dict:
    """Calls an agent that calls another one that asks."""
    return {"said": await app.call(middle, callee=inner, arguments={"own_id": own_id})}


@app.reasoner()
async def double(number: int) -> int:
    return 2 * number


@app.reasoner()
async def fail(why: str) -> None:
    raise ValueError(why)


if __name__ == "__main__":
    app.serve(host="127.0.0.1", port=int(os.environ["PORT"]), auto_port=False)
