"""The ASGI face of an agent: no framework, so that it mounts in any."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from signoff.agent.incoming import Answer, refusal
from signoff.errors import AgentNotRunningError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

BODY_LIMIT_BYTES: Final = 1024 * 1024


def route_path(scope: Scope) -> str:
    """The path below the place where the agent is mounted."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def header_map(scope: Scope) -> dict[str, str]:
    """Headers by lower-case name; the first of each, as a repeat is not ours."""
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return headers


async def read_body(receive: Receive) -> bytes | Answer:
    """The whole body, or the refusal of one that is too large."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > BODY_LIMIT_BYTES:
            return refusal(413, "body_too_large", f"a body may have {BODY_LIMIT_BYTES} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def respond(send: Send, answer: Answer) -> None:
    """Send a JSON answer."""
    status, content = answer
    kind = b"application/problem+json" if "code" in content else b"application/json"
    body = json.dumps(content).encode()
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(lifespan: AbstractAsyncContextManager[None], receive: Receive, send: Send) -> None:
    """Be in `lifespan` for as long as the server says."""
    await receive()
    try:
        async with lifespan:
            await send({"type": "lifespan.startup.complete"})
            await receive()
    except AgentNotRunningError as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.shutdown.complete"})
