"""Which function does which operation."""

from __future__ import annotations

from signoff.server.http import approvals, events, executions, nodes, system, webhooks
from signoff.server.http.app import Handler
from signoff.server.http.contract import Contract
from signoff.server.http.system import ContractHandler, MetricsHandler
from signoff.server.metrics import Metrics


def bind(contract: Contract, metrics: Metrics) -> dict[str, Handler]:
    """The handler of every operation, by its id."""
    return {
        **nodes.HANDLERS,
        **executions.HANDLERS,
        **events.HANDLERS,
        **approvals.HANDLERS,
        **webhooks.HANDLERS,
        **system.HANDLERS,
        "getOpenapi": ContractHandler(contract),
        "getMetrics": MetricsHandler(metrics),
    }
