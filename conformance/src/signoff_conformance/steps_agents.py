"""Steps in which the case plays agents and subscribers."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance import expectations, matching, profiles
from signoff_conformance.endpoints import Endpoint, Reply
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.stage import Stage
from signoff_conformance.steps_requests import send
from signoff_conformance.traffic import Exchange

Step = Mapping[str, Any]

REAL_SECONDS: Final = 3.0
"""How long to wait for a message of a server that cannot be asked to settle."""

KINDS: Final[Mapping[str, str]] = {
    "dispatch": "dispatchExecution",
    "callback": "approvalCallback",
    "cancel": "cancelAgentExecution",
}


async def agent(stage: Stage, step: Step) -> None:
    """Register an agent instance that the case plays; ``at`` another one's address, if named.

    ``host`` is what stands for this machine in its address: another name is another origin.
    """
    name = step["agent"]
    endpoint = _endpoint_at(stage, step.get("at", name), name)
    url = endpoint.url.replace("127.0.0.1", step.get("host", "127.0.0.1"), 1)
    base_url = step.get("base_url", url)
    body: dict[str, Any] = {
        "id": step.get("node", stage.values.get("node")),
        "base_url": base_url,
        "instance_id": step.get("instance", name),
        "reasoners": step.get("reasoners", [{"id": "work"}]),
        **step.get("more", {}),
    }
    if step.get("own", True):
        body["features"] = {"signoff": 1}
    told = await send(stage, {"call": "registerNode", "body": body, "as": step.get("as", "admin")})
    expectations.check(stage, step.get("expect", {"status": {"$one_of": [200, 201]}}), told)
    answer = told.json()
    stage.expect("registerNode", {"webhook_secret": {"$type": "string"}}, answer)
    endpoint.secret = answer["webhook_secret"]
    stage.values.keep(name, {**answer, "base_url": base_url})


async def subscriber(stage: Stage, step: Step) -> None:
    """Play the configured subscriber and those that execute requests name."""
    if not stage.target.is_process:
        raise NotSupported("the server was not started with the subscriber of the suite")
    secret = profiles.NOTIFY_SECRET if step.get("signed", True) else None
    stage.endpoints["subscriber"] = stage.host.open("subscriber", stage.traffic, secret)
    del step


async def answers(stage: Stage, step: Step) -> None:
    """Say how an agent or subscriber answers what comes next."""
    endpoint = stage.endpoint(step["answers"])
    kind = _kind(step["to"])
    for one in step.get("next", ()):
        endpoint.replies.setdefault(kind, deque()).append(_reply(stage, one))
    if "always" in step:
        endpoint.always[kind] = _reply(stage, step["always"])


async def release(stage: Stage, step: Step) -> None:
    """Send an answer that was held."""
    stage.holds[step["release"]].set()


async def received(stage: Stage, step: Step) -> None:
    """Demand that an agent or subscriber was sent a message, and look at it.

    Beside headers, path and body there is ``age_s``: how long ago it was signed, by the clock of
    the server.
    """
    kind = _kind(step["kind"])
    message = await _next(stage, stage.endpoint(step["received"]), kind)
    stage.checks += 1
    if message is None:
        raise Failed(f"{step['received']} was sent no {kind}")
    value: dict[str, Any] = {
        "headers": dict(message.headers),
        "path": message.path,
        "body": json.loads(message.body),
    }
    if stage.target.control is not None and "webhook-timestamp" in message.headers:
        signed_at = int(message.headers["webhook-timestamp"])
        value["age_s"] = stage.control.now // 1000 - signed_at
    if "expect" in step:
        stage.expect(kind, step["expect"], value)
    if "keep" in step:
        stage.values.keep(step["keep"], value)


async def nothing(stage: Stage, step: Step) -> None:
    """Demand that an agent or subscriber was sent nothing (of a kind) that was not looked at."""
    await _quiet(stage)
    stage.checks += 1
    endpoint = stage.endpoint(step["nothing"])
    wanted = _kind(step["kind"]) if "kind" in step else None
    left: dict[str, deque[Exchange]] = {
        kind: box for kind, box in endpoint.inbox.items() if box and wanted in (None, kind)
    }
    if left:
        kind, box = next(iter(left.items()))
        body = matching.shown(json.loads(box[0].body))
        raise Failed(f"{endpoint.name} was sent {len(box)} {kind}: {body}")


def _kind(word: str) -> str:
    """The name of a message: cases may write the short word."""
    return KINDS.get(word, word)


async def _next(stage: Stage, endpoint: Endpoint, kind: str) -> Exchange | None:
    """The next message of a kind: all that is due has come once the server has settled."""
    await _quiet(stage)
    message = endpoint.take(kind)
    # What a request in the background brings about may still be on its way.
    if message is None and (stage.target.control is None or stage.background):
        deadline = time.monotonic() + REAL_SECONDS
        while message is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            message = endpoint.take(kind)
    return message


async def _quiet(stage: Stage) -> None:
    if stage.target.control is not None:
        await stage.settle()


def _endpoint_at(stage: Stage, at: str, name: str) -> Endpoint:
    """The endpoint of an instance; a new process at an old address takes the old one's place."""
    if at in stage.endpoints and at != name:
        url = stage.endpoints[at].url
        path = url.rpartition("/")[2]
        stage.endpoints[name] = stage.host.open(path, stage.traffic)
    elif name not in stage.endpoints:
        stage.endpoints[name] = stage.host.open(name, stage.traffic)
    return stage.endpoints[name]


def _reply(stage: Stage, told: Mapping[str, Any]) -> Reply:
    hold = None
    if "hold" in told:
        hold = stage.holds.setdefault(told["hold"], asyncio.Event())
    body = json.dumps(told["body"]).encode() if "body" in told else None
    if "text" in told:
        body = told["text"].encode()
    return Reply(
        status=told.get("status", 200),
        headers=told.get("headers", {}),
        body=body,
        hold=hold,
        close=told.get("close", False),
    )
