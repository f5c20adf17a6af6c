"""Steps that send requests: calls of operations, raw requests, signed decisions, pages, streams."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from signoff_conformance import chains, expectations, profiles, signatures
from signoff_conformance.contract import JSON
from signoff_conformance.runner import Failed
from signoff_conformance.stage import Stage
from signoff_conformance.traffic import Exchange

Step = Mapping[str, Any]

SECRETS: Final = {
    "current": profiles.SECRET,
    "old": profiles.OLD_SECRET,
    "plain": profiles.PLAIN_SECRET,
    "wrong": "whsec_" + base64.b64encode(b"some other secret, 24 bytes").decode(),
}


async def call(stage: Stage, step: Step) -> None:
    """Call an operation and look at the answer."""
    exchange = await send(stage, step)
    expectations.check(stage, step.get("expect"), exchange)
    keep(stage, step.get("keep"), exchange)


async def send(stage: Stage, step: Step, sent: asyncio.Event | None = None) -> Exchange:
    """Send the request of a ``call``; ``sent`` is set once it is on its way."""
    operation = stage.operation(step["call"])
    given = step.get("path", {})
    names = [one.name for one in operation.parameters if one.place == "path"]
    values = {
        name: quote(str(given[name] if name in given else stage.values.get(name)), safe="~")
        for name in names
    }
    headers, body = _body(step)
    headers |= _key(stage, step.get("as", "admin"))
    headers |= {name: str(value) for name, value in step.get("headers", {}).items()}
    path = operation.url(values)
    if step.get("query"):
        path += "?" + urlencode(step["query"], doseq=True)
    return await stage.wire.send(operation.method, path, headers, body, sent=sent)


async def raw(stage: Stage, step: Step) -> None:
    """Send a request as it is written: method, path, headers, text."""
    headers = dict(step.get("headers", {})) | _key(stage, step.get("as", "admin"))
    body = step.get("text", "").encode()
    exchange = await stage.wire.send(step["raw"], step["at"], headers, body)
    expectations.check(stage, step.get("expect"), exchange)
    keep(stage, step.get("keep"), exchange)


async def signed(stage: Stage, step: Step) -> None:
    """Send a decision in a signed message (receiveApprovalResponse)."""
    exchange = await _send_signed(stage, step)
    expectations.check(stage, step.get("expect"), exchange)
    keep(stage, step.get("keep"), exchange)


async def begin(stage: Stage, step: Step) -> None:
    """Send a request in the background: a long poll, or whatever is held."""
    sent = asyncio.Event()
    task = asyncio.create_task(send(stage, step["request"], sent))
    stage.background[step["begin"]] = task
    await sent.wait()
    await _arrive(stage)


async def held(stage: Stage, step: Step) -> None:
    """Demand that a request in the background has no answer yet."""
    await _arrive(stage)
    stage.checks += 1
    task = stage.background[step["held"]]
    if task.done():
        raise Failed(f"{step['held']} was answered at once. {expectations.said(task.result())}")


async def finish(stage: Stage, step: Step) -> None:
    """Take the answer of a request in the background."""
    exchange = await stage.background.pop(step["finish"])
    expectations.check(stage, step.get("expect"), exchange)
    keep(stage, step.get("keep"), exchange)


async def crash(stage: Stage, step: Step) -> None:
    """Send a request that the server dies of: an answer would be a lie."""
    exchange = await send(stage, step["crash"])
    stage.checks += 1
    if exchange.status:
        raise Failed(f"the server died and had answered before. {expectations.said(exchange)}")


async def together(stage: Stage, step: Step) -> None:
    """Send several calls at once; which statuses come, in whatever order."""
    calls = [
        stage.values.fill(one)
        for index in range(step.get("times", 1))
        for one in _numbered(step["together"], index)
    ]
    answers = await asyncio.gather(*(_one(stage, one) for one in calls))
    stage.expect("statuses", sorted(step["statuses"]), sorted(one.status for one in answers))
    if "keep" in step:
        stage.values.keep(step["keep"], [_kept(one) for one in answers])
    for right in step.get("codes", ()):
        codes = [(one.json() or {}).get("code") for one in answers if one.status >= 400]
        stage.expect("codes", {"$has": [right]}, codes)


async def pages(stage: Stage, step: Step) -> None:
    """Read a list to its end, page by page, and keep all its items."""
    items: list[Any] = []
    query = dict(step.get("query", {}))
    for _ in range(1_000):
        exchange = await send(stage, {**step, "call": step["pages"], "query": query})
        expectations.check(stage, None, exchange)
        page = exchange.json()
        stage.expect(step["pages"], {"items": {"$type": "array"}}, page)
        items += page["items"]
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    else:
        raise Failed(f"{step['pages']} has no last page")
    if "expect" in step:
        stage.expect(step["pages"], step["expect"], items)
    if "keep" in step:
        stage.values.keep(step["keep"], items)


async def chain(stage: Stage, step: Step) -> None:
    """Read the events of an execution or standalone request and check the chain."""
    what, which = step["chain"], step.get("of")
    list_id, read_id, name = _CHAINS[what]
    values = {name: which if which is not None else stage.values.get(name)}
    events: list[Any] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        exchange = await send(stage, {"call": list_id, "path": values, "query": query})
        expectations.check(stage, {"status": 200, "body": {"items": {"$each": _EVENT}}}, exchange)
        events += exchange.json()["items"]
        if "next_cursor" not in exchange.json():
            break
        query["cursor"] = exchange.json()["next_cursor"]
    owner = await send(stage, {"call": read_id, "path": values})
    expectations.check(stage, {"status": 200, "body": {"event_head": _HEAD}}, owner)
    stage.checks += 1
    if found := chains.faults(events, owner.json()["event_head"]):
        raise Failed(f"the chain: {'; '.join(found[:3])}")
    if "types" in step:
        stage.expect("types of the events", step["types"], [one["type"] for one in events])
    if "keep" in step:
        stage.values.keep(step["keep"], events)


_HEAD: Final = {"seq": {"$type": "integer"}, "hash": {"$type": "string"}}
_EVENT: Final = {**_HEAD, "prev_hash": {"$type": "string"}, "type": {"$type": "string"}}

_CHAINS: Final = {
    "execution": ("listExecutionEvents", "getExecution", "execution_id"),
    "approval": ("listApprovalRequestEvents", "getApprovalRequest", "id"),
}


def keep(stage: Stage, wanted: Any, exchange: Exchange) -> None:
    """Keep an answer: under one name as a whole, or members of its body by JSON Pointers."""
    if isinstance(wanted, str):
        stage.values.keep(wanted, _kept(exchange))
        return
    for name, pointer in (wanted or {}).items():
        value = exchange.json()
        for part in pointer.strip("/").split("/"):
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError, ValueError):
                why = f"{pointer} is not in it. {expectations.said(exchange)}"
                raise Failed(why) from None
        stage.values.keep(name, value)


def _kept(exchange: Exchange) -> dict[str, Any]:
    headers = dict(exchange.answer_headers)
    return {"status": exchange.status, "headers": headers, "body": exchange.json()}


async def _one(stage: Stage, step: Step) -> Exchange:
    return await (_send_signed(stage, step) if "signed" in step else send(stage, step))


def _numbered(steps: Any, index: int) -> Any:
    text = json.dumps(steps).replace("${index}", str(index))
    return json.loads(text)


def _body(step: Step) -> tuple[dict[str, str], bytes]:
    if "text" in step:
        return {"Content-Type": JSON}, step["text"].encode()
    if "base64" in step:
        return {"Content-Type": JSON}, base64.b64decode(step["base64"])
    if "size" in step:
        return {"Content-Type": JSON}, _of_size(step["size"])
    if "body" in step:
        return {"Content-Type": JSON}, json.dumps(step["body"], ensure_ascii=False).encode()
    return {}, b""


def _of_size(size: int) -> bytes:
    """A JSON object of so many bytes."""
    return b'{"surprise": "' + b"x" * (size - 16) + b'"}'


def _key(stage: Stage, who: str) -> dict[str, str]:
    if who == "nobody":
        return {}
    if who == "unknown":
        return {"X-API-Key": "signoff_no_such_key"}
    token = stage.target.keys.get(who)
    return {} if token is None else {"X-API-Key": token}


async def _send_signed(stage: Stage, step: Step) -> Exchange:
    others = {"text", "base64", "size"} & step.keys()
    body = _body(step)[1] if others else json.dumps(step["signed"]).encode()
    over = step["over"].encode() if "over" in step else body
    secrets = [SECRETS[name] for name in step.get("secrets", ["current"])]
    headers = {"Content-Type": JSON}
    form = step.get("form", "body")
    if form == "body":
        headers["X-Webhook-Signature"] = signatures.body_signature(secrets[0], over)
    elif form == "timestamped":
        at = (await stage.control.advance(0) + step.get("offset_ms", 0)) // 1000
        message_id = step.get("message_id", "msg_of_the_reviewer")
        tokens = [signatures.timestamped(one, message_id, at, over) for one in secrets]
        headers |= {
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": " ".join([*step.get("tokens", ()), *tokens]),
        }
    for name, value in step.get("headers", {}).items():
        headers.pop(name, None)
        if value is not None:
            headers[name] = value
    return await stage.wire.send("POST", "/api/v1/webhooks/approval-response", headers, body)


async def _arrive(stage: Stage) -> None:
    """Let the server take what is on its way to it: what is sent after it is answered after it."""
    for _ in range(3):
        if stage.target.control is not None:
            await stage.settle()
        else:
            await send(stage, {"call": "getHealth"})
