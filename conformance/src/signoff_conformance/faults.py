"""What can go wrong between client and server, by name.

pass         nothing; `edit` may change the answer: JSON pointers and what stands there instead
drop         the request is read and thrown away, the connection closed
drop_reply   the server does it, the client never hears of it
hold         the request waits here until it is released
hold_reply   the server does it; its answer waits here until it is released
truncate     half of the answer's body comes, then the connection closes; of a stream, `events`
twice        the server gets it twice; the second answer is passed on
after_next   it waits until the request after it was answered: they change places
answer       the server never sees it: `status`, `headers` and `body` are the answer
broken_json  the answer's body stops in the middle of the JSON, the message is whole
redirect     the answer sends the client to another place: `status`, by default 307
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff_conformance.http1 import Connection, Gone, Message

if TYPE_CHECKING:
    from signoff_conformance.proxy import Exchange, Proxy


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its name, and what it is to be like."""

    name: str
    settings: Mapping[str, Any]

    async def answer(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        """Treat one request so.

        Raises:
            Gone: the connection is to be closed.
        """
        await getattr(self, f"_{self.name}")(proxy, exchange, client)

    async def _pass(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        server, head = await proxy.forward(exchange.request)
        try:
            if "text/event-stream" in (head.header("content-type") or ""):
                await _streamed(server, head, exchange, client, self.settings.get("events"))
            body = await server.body(head, to_end=True)
        finally:
            server.abort()
        exchange.server_reply = head.having(body)
        edited = _edited(exchange.server_reply, self.settings.get("edit", {}))
        await self._reply(exchange, client, edited)

    async def _drop(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        raise Gone

    async def _drop_reply(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        exchange.server_reply = await proxy.answered(exchange.request)
        raise Gone

    async def _hold(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        await exchange.free.wait()
        await self._pass(proxy, exchange, client)

    async def _hold_reply(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        exchange.server_reply = await proxy.answered(exchange.request)
        proxy.changed.tell()
        await exchange.free.wait()
        await self._reply(exchange, client, exchange.server_reply)

    async def _truncate(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        if "events" in self.settings:
            await self._pass(proxy, exchange, client)
            return
        reply = await proxy.answered(exchange.request)
        exchange.server_reply = reply
        await client.send(reply.head(), reply.body[: len(reply.body) // 2])
        raise Gone

    async def _twice(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        await proxy.answered(exchange.request)
        await self._pass(proxy, exchange, client)

    async def _after_next(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        def overtaken() -> bool:
            return any(one.reply and one.number > exchange.number for one in proxy.exchanges)

        await proxy.changed.until(overtaken, 60)
        await self._pass(proxy, exchange, client)

    async def _answer(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        await self._reply(exchange, client, made(self.settings))

    async def _broken_json(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        reply = await proxy.answered(exchange.request)
        exchange.server_reply = reply
        await self._reply(exchange, client, reply.having(reply.body[: len(reply.body) // 2]))

    async def _redirect(self, proxy: Proxy, exchange: Exchange, client: Connection) -> None:
        target = exchange.request.start.split(" ")[1]
        location = {"location": proxy.elsewhere + target}
        settings = {"status": 307, **self.settings, "headers": location, "body": ""}
        await self._reply(exchange, client, made(settings))

    async def _reply(self, exchange: Exchange, client: Connection, reply: Message) -> None:
        exchange.reply = reply
        await client.send(reply.head(), reply.body)


NAMES = tuple(line.split()[0] for line in (__doc__ or "").splitlines() if line.startswith("    "))


@dataclass(slots=True)
class Armed:
    """A fault that waits for its request."""

    fault: Fault
    met: bool = False
    _seen: int = 0

    def meets(self, operation: str) -> bool:
        """Whether it is armed for this operation."""
        return self.fault.settings.get("of", "*") in ("*", operation)

    def take(self) -> bool:
        """Whether this request of the operation is one of those that it is armed for."""
        self._seen += 1
        first = 1 + int(self.fault.settings.get("skip", 0))
        times = self.fault.settings.get("times", 1)
        taken = self._seen >= first and (times == "all" or self._seen < first + times)
        self.met = self.met or taken
        return taken


def made(settings: Mapping[str, Any]) -> Message:
    """An answer as a case describes it; a body that is no text is JSON."""
    body = settings.get("body", "")
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    status = int(settings.get("status", 200))
    kind = "application/problem+json" if status >= 400 else "application/json"
    headers = {"content-type": kind, **settings.get("headers", {})}
    pairs = tuple((name.lower(), str(value)) for name, value in headers.items())
    return Message(f"HTTP/1.1 {status} As told", pairs).having(text.encode())


def _edited(reply: Message, edit: Mapping[str, Any]) -> Message:
    """The answer with other values at some JSON pointers, which need not be there yet."""
    if not edit:
        return reply
    value = copy.deepcopy(reply.json())
    for pointer, new in edit.items():
        *parents, last = pointer.removeprefix("/").split("/")
        place: Any = value
        for part in parents:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if new == {"$absent": True}:
            place.pop(last, None)
        else:
            place[last] = new
    return reply.having(json.dumps(value, ensure_ascii=False).encode())


async def _streamed(
    server: Connection, head: Message, exchange: Exchange, client: Connection, events: int | None
) -> None:
    """Pass a stream on as it comes; after so many events it is cut off."""
    exchange.reply = exchange.server_reply = head
    await client.send(head.head())
    passed = b""
    async for chunk in server.chunks():
        sent, passed = len(passed), passed + chunk
        end = _end_of(passed, events)
        if end is not None:
            part = passed[sent:end]
            await client.send(b"%x\r\n%s\r\n" % (len(part), part))
            raise Gone
        await client.send(b"%x\r\n%s\r\n" % (len(chunk), chunk))
    await client.send(b"0\r\n\r\n")
    raise Gone


def _end_of(stream: bytes, events: int | None) -> int | None:
    """Where the last of so many events ends; None where there are not that many. Comments are none."""
    ends = [match.end() for match in _EVENT.finditer(stream)]
    return ends[events - 1] if events is not None and len(ends) >= events else None


_EVENT = re.compile(rb"data:[^\n]*\n\n")
