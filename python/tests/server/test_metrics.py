"""Every metric under the name that it is promised under."""

from __future__ import annotations

import httpx

from signoff.server.main import Server, build
from signoff.server.metrics import Metrics
from signoff.server.settings import Settings


def test_what_is_counted_is_shown():
    metrics = Metrics()
    metrics.served("getNode", 200, 0.004)
    metrics.served("getNode", 200, 0.004)
    metrics.served("getNode", 404, 0.001)
    metrics.delivered("approvalCallback", "delivered")
    metrics.decision_delivered(0.02)
    metrics.dispatched("accepted")
    metrics.committed(0.003, 17)
    lines = metrics.render(3, {"waiting": 2}).decode().splitlines()
    for line in (
        "signoff_approval_requests_pending 3.0",
        'signoff_executions{status="waiting"} 2.0',
        'signoff_http_requests_total{operation="getNode",status="200"} 2.0',
        'signoff_http_requests_total{operation="getNode",status="404"} 1.0',
        'signoff_http_request_seconds_count{operation="getNode"} 3.0',
        'signoff_deliveries_total{kind="approvalCallback",outcome="delivered"} 1.0',
        'signoff_decision_to_delivery_seconds_bucket{le="0.025"} 1.0',
        'signoff_dispatches_total{outcome="accepted"} 1.0',
        "signoff_store_commit_seconds_count 1.0",
        'signoff_store_batch_changes_bucket{le="32.0"} 1.0',
        'signoff_store_batch_changes_bucket{le="16.0"} 0.0',
    ):
        assert line in lines


async def test_each_server_counts_for_itself(tmp_path):
    first, second = (build(Settings(database=tmp_path / f"{n}.db")) for n in range(2))

    async def health_of(server: Server) -> None:
        transport = httpx.ASGITransport(server)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await client.get("/api/v1/health")

    await first.start()
    await second.start()
    await health_of(first)
    counted = 'signoff_http_requests_total{operation="getHealth",status="200"} 1.0'
    assert counted in first.metrics.render(0, {}).decode()
    assert counted not in second.metrics.render(0, {}).decode()
    await first.stop()
    await second.stop()
