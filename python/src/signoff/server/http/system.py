"""Health, readiness, the contract itself, metrics."""

from __future__ import annotations

from starlette.responses import Response

from signoff.server import metrics
from signoff.server.http.contract import Contract
from signoff.server.http.replies import reply, shape
from signoff.server.http.requests import Call
from signoff.server.metrics import Metrics
from signoff.server.operations import system


async def get_health(_: Call) -> Response:
    """Say that the process answers."""
    return shape(system.get_health())


async def get_readiness(call: Call) -> Response:
    """Say whether the server can do its work."""
    return shape(await system.get_readiness(call.context))


class ContractHandler:
    """Serves the contract, as the server keeps it."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    async def __call__(self, _: Call) -> Response:
        """The file."""
        return reply(200, self._contract.text, "application/yaml")


class MetricsHandler:
    """Serves what the server counts."""

    def __init__(self, counted: Metrics) -> None:
        self._counted = counted

    async def __call__(self, call: Call) -> Response:
        """The text, with what is in the store now."""
        pending, executions = await system.counts(call.context)
        return reply(200, self._counted.render(pending, executions), metrics.CONTENT_TYPE)


HANDLERS = {
    "getHealth": get_health,
    "getReadiness": get_readiness,
}
