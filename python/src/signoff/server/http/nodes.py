"""The operations on nodes."""

from __future__ import annotations

from starlette.responses import Response

from signoff.server.http.replies import shape
from signoff.server.http.requests import Call
from signoff.server.operations import nodes


async def register_node(call: Call) -> Response:
    """Register an agent instance."""
    registered, is_new = await nodes.register_node(call.context, call.principal, call.body)
    return shape(registered, 201 if is_new else 200)


async def heartbeat_node(call: Call) -> Response:
    """Keep an instance's leases."""
    return shape(
        await nodes.heartbeat_node(call.context, call.principal, call.path["node_id"], call.body)
    )


async def shutdown_node(call: Call) -> Response:
    """Drain an instance."""
    return shape(
        await nodes.shutdown_node(call.context, call.principal, call.path["node_id"], call.body)
    )


async def list_nodes(call: Call) -> Response:
    """A page of nodes."""
    return shape(await nodes.list_nodes(call.context, call.principal, **call.query))


async def get_node(call: Call) -> Response:
    """Read a node."""
    return shape(await nodes.get_node(call.context, call.principal, call.path["node_id"]))


HANDLERS = {
    "registerNode": register_node,
    "heartbeatNode": heartbeat_node,
    "shutdownNode": shutdown_node,
    "listNodes": list_nodes,
    "getNode": get_node,
}
