"""An agent in an application that was there before: Starlette with a lifespan of its own.

PORT is where it listens; LIFESPAN=without leaves the agent's own out.
"""

import contextlib
import os
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from signoff import Agent

PORT = int(os.environ["PORT"])

agent = Agent("mounted", public_url=f"http://127.0.0.1:{PORT}/api/agent")


@agent.reasoner
async def ask(own_id: str) -> dict:
    result = await agent.pause(own_id, title=f"Question {own_id}")
    return {"decision": result.decision, "feedback": result.feedback}


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello from {request.app.state.name}")


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.name = "the application"
    if os.environ.get("LIFESPAN") == "without":
        yield
        return
    async with agent.lifespan(app):
        yield


application = Starlette(
    routes=[Route("/hello", hello), Mount("/api/agent", agent)], lifespan=lifespan
)

if __name__ == "__main__":
    uvicorn.run(application, host="127.0.0.1", port=PORT, log_level="warning")
