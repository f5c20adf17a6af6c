"""What the server counts, in the Prometheus text format. Each server has a registry of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_DELIVERY_SECONDS: Final = (*_SECONDS, 300, 1800, 7200, 86400)
_BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The counters of one server, and the one way to write each of them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._pending = Gauge(
            "signoff_approval_requests_pending",
            "Approval requests that wait for a person.",
            registry=self._registry,
        )
        self._executions = Gauge(
            "signoff_executions",
            "Unfinished executions by status.",
            ["status"],
            registry=self._registry,
        )
        self._decision_to_delivery = Histogram(
            "signoff_decision_to_delivery_seconds",
            "From a decision to the agent's answer to its callback.",
            buckets=_DELIVERY_SECONDS,
            registry=self._registry,
        )
        self._requests = Counter(
            "signoff_http_requests",
            "Requests that were answered.",
            ["operation", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "signoff_http_request_seconds",
            "How long answers took; long polls wait on purpose.",
            ["operation"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._deliveries = Counter(
            "signoff_deliveries",
            "Tries to deliver a message of the outbox.",
            ["kind", "outcome"],
            registry=self._registry,
        )
        self._dispatches = Counter(
            "signoff_dispatches",
            "Tries to hand an execution to an instance.",
            ["outcome"],
            registry=self._registry,
        )
        self._commit_seconds = Histogram(
            "signoff_store_commit_seconds",
            "How long transactions took.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batch = Histogram(
            "signoff_store_batch_changes",
            "Changes that shared one transaction.",
            buckets=_BATCHES,
            registry=self._registry,
        )
        self._counted: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    def served(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered."""
        counted = self._counted.get((operation, status))
        if counted is None:
            # To find the labels takes longer than to count.
            counted = self._counted[operation, status] = (
                self._requests.labels(operation, str(status)),
                self._request_seconds.labels(operation),
            )
        counted[0].inc()
        counted[1].observe(seconds)

    def delivered(self, kind: str, outcome: str) -> None:
        """A message was tried: ``delivered``, ``failed``, ``dead`` or ``dropped``."""
        self._deliveries.labels(kind, outcome).inc()

    def decision_delivered(self, seconds: float) -> None:
        """An agent has answered the callback of a decision, so long after it was made."""
        self._decision_to_delivery.observe(seconds)

    def dispatched(self, outcome: str) -> None:
        """An execution was sent to an instance: ``accepted``, ``finished``, ``refused``, …."""
        self._dispatches.labels(outcome).inc()

    def committed(self, seconds: float, changes: int) -> None:
        """A transaction of so many changes was committed."""
        self._commit_seconds.observe(seconds)
        self._batch.observe(changes)

    def render(self, pending: int, executions: Mapping[str, int]) -> bytes:
        """The text, with what was just counted in the store."""
        self._pending.set(pending)
        for status, count in executions.items():
            self._executions.labels(status).set(count)
        return generate_latest(self._registry)
