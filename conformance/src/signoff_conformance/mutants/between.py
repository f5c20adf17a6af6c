"""A proxy that changes what it passes on, as a mutant of the wire says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from signoff_conformance import matching
from signoff_conformance.faults import Fault, Turn
from signoff_conformance.http1 import Connection, Gone, Message
from signoff_conformance.mutants.changes import Meddler, Value
from signoff_conformance.proxy import Proxy

_WORDS: Final = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


class Between(Proxy):
    """Stands before a server, or before those to whom it sends.

    Args:
        upstream: where the other side is.
        name_of: the name of a request, by which changes find it.
    """

    def __init__(self, upstream: str, name_of: Callable[[Message], str]) -> None:
        super().__init__(upstream, lambda *_: "")
        self.name_of = name_of
        self.meddler = Meddler(())

    def begin(self, meddler: Meddler, *, keep: bool = False) -> None:
        """Change what comes from now on as another mutant says; ``keep`` the connections."""
        if keep:
            self.exchanges.clear()
        else:
            self.reset()
        self.meddler = meddler
        self.lingers = any(one.do == "linger" for one in meddler.changes)

    def _fault_for(self, operation: str) -> Fault:
        del operation
        return Meddled("meddled", {}, self)


@dataclass(frozen=True, slots=True)
class Meddled(Fault):
    """One request that is passed on with changes."""

    between: Between

    async def answer(self, turn: Turn) -> None:
        """Pass it on and answer it.

        Raises:
            Gone: the other side is not there.
        """
        meddler, request = self.between.meddler, turn.exchange.request
        asked = _of_request(request)
        changes = meddler.meets(self.between.name_of(request), asked)
        sent = meddler.asked(changes, asked)
        if sent is not asked:
            request = _request(request, asked, sent)
        words = [one.do for one in changes if one.do != "pass" and meddler.takes(one)]
        reply = await self._reply(request, words, turn)
        told = _of_answer(reply)
        changed = meddler.answered(changes, asked, told)
        reply = reply if changed is told else _answer(reply, told, changed)
        turn.exchange.reply = reply
        await turn.client.send(reply.head(), reply.body)

    async def _reply(self, request: Message, words: Sequence[str], turn: Turn) -> Message:
        if "swallow" in words:
            return _ok()
        if "drop" in words:
            raise Gone
        first = self.between.meddler.first
        if "stale" in words and request.start in first:
            return first[request.start]  # type: ignore[no-any-return]
        if "twice" in words:
            with suppress(Gone):
                await turn.proxy.answered(request)
        server, head = await turn.proxy.forward(request)
        try:
            if "text/event-stream" in (head.header("content-type") or ""):
                await _streamed(server, head, turn, words)
            reply = head.having(await server.body(head, to_end=True))
        finally:
            server.abort()
        first.setdefault(request.start, reply)
        return reply


def _ok() -> Message:
    return Message("HTTP/1.1 200 OK", (("content-type", "application/json"),)).having(b"{}")


def _of_request(message: Message) -> Value:
    method, target, _ = message.start.split(" ", 2)
    parts = urlsplit(target)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return {"method": method, "path": parts.path, "query": query} | _of_message(message)


def _of_answer(message: Message) -> Value:
    return {"status": message.status} | _of_message(message)


def _of_message(message: Message) -> Value:
    return {"headers": dict(message.headers), "body": message.json()}


def _request(message: Message, asked: Value, sent: Value) -> Message:
    _, _, version = message.start.split(" ", 2)
    query = f"?{urlencode(sent['query'])}" if sent["query"] else ""
    start = f"{sent['method']} {sent['path']}{query} {version}"
    return _with_body(replace(message, start=start), asked, sent)


def _answer(message: Message, told: Value, changed: Value) -> Message:
    status = changed["status"]
    start = f"HTTP/1.1 {status} {_WORDS.get(status, 'As told')}"
    return _with_body(replace(message, start=start), told, changed)


def _with_body(message: Message, old: Value, new: Value) -> Message:
    headers = {name.lower(): str(value) for name, value in new["headers"].items()}
    message = replace(message, headers=tuple(headers.items()))
    body = message.body
    if not matching.equal(old["body"], new["body"]):
        body = b"" if new["body"] is None else json.dumps(new["body"], ensure_ascii=False).encode()
    return message.having(body)


async def _streamed(server: Connection, head: Message, turn: Turn, words: Sequence[str]) -> None:
    """Pass a stream on event by event; at its end the connection is closed."""
    turn.exchange.reply = head
    # Whoever lingers reads on although nobody listens.
    deaf = (Gone,) if "linger" in words else ()
    with suppress(*deaf):
        await turn.client.send(head.head())
    held = b""
    async for event in _events(server):
        parts = [event, event] if "twice_each" in words else [event]
        if "swap" in words:
            held, parts = (b"", [event, held]) if held else (event, [])
        for part in parts:
            with suppress(*deaf):
                await turn.client.send(b"%x\r\n%s\r\n" % (len(part), part))
    if held:
        await turn.client.send(b"%x\r\n%s\r\n" % (len(held), held))
    await turn.client.send(b"0\r\n\r\n")
    raise Gone


async def _events(server: Connection) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in server.chunks():
        *whole, rest = (rest + chunk).split(b"\n\n")
        for event in whole:
            yield event + b"\n\n"
    if rest:
        yield rest
