"""For the tests of your agents: a control plane in this process, and time that you move.

::

    async with control_plane() as plane, plane.serving(app):
        execution = await plane.client.execute_async("refund-agent.decide_refund", input={...})
        request = await plane.next_request()
        await plane.client.decide_approval_request(request.id, "approved")
        done = await plane.client.wait_for_execution(execution.execution_id)

Needs `signoff[server,agent]`.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from signoff.agent import Agent, serving
from signoff.agent.ai import override_model
from signoff.client import AsyncClient
from signoff.contract_gen import Approval, ApprovalStatus
from signoff.server.domain.clock import Clock, ManualClock
from signoff.server.main import Server, build, running
from signoff.server.settings import Settings

__all__ = ["ControlPlane", "ManualClock", "control_plane", "override_model"]


class ControlPlane:
    """A server in this process. `url` is where it listens, `client` speaks to it."""

    def __init__(self, server: Server, url: str, client: AsyncClient) -> None:
        self.server = server
        self.url = url
        self.client = client

    @asynccontextmanager
    async def serving(self, agent: Agent) -> AsyncIterator[str]:
        """Serve an agent on a free port, registered here. Gives its base URL."""
        sock = serving.listen("127.0.0.1", 0, auto_port=False)
        agent.server_url = self.url
        agent.public_url = serving.base_url("127.0.0.1", sock.getsockname()[1], self.url)
        config = uvicorn.Config(agent, lifespan="off", log_config=None, access_log=False)
        http = uvicorn.Server(config)
        # The signals of the process belong to whoever runs the tests.
        task = asyncio.create_task(http.serve(sockets=[sock]))
        try:
            async with agent.lifespan():
                await agent.registered()
                yield agent.public_url
        finally:
            http.should_exit = True
            await task
            sock.close()

    async def next_request(self, wanted: Callable[[Approval], bool] = lambda _: True) -> Approval:
        """The oldest pending request that `wanted` accepts; waits until there is one."""
        with self.server.context.store.watch("due") as watch:
            while True:
                watch.event.clear()
                pending = [
                    approval
                    async for approval in self.client.iter_approval_requests(
                        status=ApprovalStatus.PENDING
                    )
                    if wanted(approval)
                ]
                if pending:
                    return pending[-1]
                await watch.event.wait()


@asynccontextmanager
async def control_plane(
    *,
    clock: Clock | None = None,
    database: Path | None = None,
    webhook_secret: str | None = None,
    port: int = 0,
) -> AsyncIterator[ControlPlane]:
    """A server on a free port of this machine, with a database of its own.

    Args:
        clock: its time, such as a `ManualClock`; default the system's.
        database: its file; default one that is deleted in the end.
        webhook_secret: what signed decisions are checked by; default none.
        port: 0 takes any free one.
    """
    with tempfile.TemporaryDirectory(prefix="signoff-") as folder:
        settings = Settings(
            database=database or Path(folder) / "signoff.db",
            webhook_secrets=(webhook_secret,) if webhook_secret else (),
        )
        server = build(settings, clock=clock)
        async with running(server, port=port) as url, AsyncClient(server_url=url) as client:
            yield ControlPlane(server, url, client)
