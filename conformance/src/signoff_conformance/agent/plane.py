"""The control plane as the suite plays it to an agent: exact, scripted, and in no hurry.

It keeps the agents' side of the contract in memory, and says nothing by itself: what it sends is
the business of the case.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from signoff_conformance.agent import plane_approvals, plane_executions, plane_nodes
from signoff_conformance.agent.plane_state import Answer, Refused, State
from signoff_conformance.contract import path_values

KEY: Final = "conformance-agent-key"
"""What agents are started with; without it they are refused."""

LONGEST: Final = 16 * 1024 * 1024

Operation = Callable[[State, Mapping[str, str], Any, web.Request], Awaitable[Answer]]

ANSWERS: Final[Mapping[str, Operation]] = {
    "registerNode": plane_nodes.register,
    "heartbeatNode": plane_nodes.beat,
    "shutdownNode": plane_nodes.shutdown,
    "reportExecutionStatus": plane_executions.report,
    "recordStep": plane_executions.record,
    "listSteps": plane_executions.steps,
    "addNote": plane_executions.note,
    "executeAsync": plane_executions.execute,
    "getExecution": plane_executions.execution,
    "requestExecutionApproval": plane_approvals.ask,
    "getExecutionApprovalStatus": plane_approvals.status,
    "cancelApprovalRequest": plane_approvals.withdraw,
}
"""What an agent may ask, by operationId."""


class Plane(State):
    """Listens on loopback and answers agents."""

    _runner: web.AppRunner | None = None
    url = ""

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=LONGEST)
        app.router.add_route("*", "/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            status, value = await self._answer(request, body)
        except Refused as refused:
            status, value = refused.status, refused.body
        finally:
            self.changed.tell()
        kind = "application/problem+json" if status >= 400 else "application/json"
        text = json.dumps(value, ensure_ascii=False)
        headers = {"Location": "/api/v1/executions/x"} if status in (201, 202) else {}
        return web.Response(status=status, text=text, content_type=kind, headers=headers)

    async def _answer(self, request: web.Request, body: bytes) -> Answer:
        keys = (request.headers.get("X-API-Key"), request.headers.get("Authorization"))
        if KEY not in keys and f"Bearer {KEY}" not in keys:
            raise Refused(401, "unauthorized", "send the key of the agent")
        path = request.rel_url.raw_path
        operation = self.contract.find(request.method, path)
        if operation is None or operation.id not in ANSWERS:
            raise Refused(404, "not_found", f"{request.method} {path} is nothing for an agent")
        said = json.loads(body) if body else {}
        return await ANSWERS[operation.id](self, path_values(operation, path), said, request)
