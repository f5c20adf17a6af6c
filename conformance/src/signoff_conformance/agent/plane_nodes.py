"""What the played control plane answers an instance: registration, heartbeats, shutdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from signoff_conformance.agent import records
from signoff_conformance.agent.plane_state import HEARTBEAT_SECONDS, Answer, Refused, State


async def register(state: State, _: Mapping[str, str], said: Any, __: web.Request) -> Answer:
    """Know an instance."""
    fresh = state.instance is None
    state.instance, state.leaving = said, None
    told = records.example(state.contract, "NodeRegistered") | {
        "node_id": said["id"],
        "instance_id": said.get("instance_id", ""),
        "webhook_secret": state.secret,
        "heartbeat_seconds": HEARTBEAT_SECONDS,
    }
    return 201 if fresh else 200, told


async def beat(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """A heartbeat; 404 when no instance is known."""
    if state.instance is None:
        raise Refused(404, "not_found", "register again")
    state.beats.append(said)
    state.known = True
    told = records.example(state.contract, "HeartbeatReceipt")
    told |= {"node_id": path["node_id"], "resync": state.resync}
    state.resync = False
    return 200, told


async def shutdown(state: State, path: Mapping[str, str], said: Any, _: web.Request) -> Answer:
    """It goes away."""
    state.leaving = said
    return 200, records.example(state.contract, "Node") | {"node_id": path["node_id"]}
