"""What can go wrong between client and server, by name.

pass         nothing; `edit` may change the answer: JSON pointers and what stands there instead
drop         the request is read and thrown away, the connection closed
drop_reply   the server does it, the client never hears of it
reset        the server does it; then the connection is reset, which clients read as an error
hold         the request waits here until it is released
hold_reply   the server does it; its answer waits here until it is released
truncate     half of the answer's body comes, then the connection closes; of a stream, `events`
trickle      a stream comes in pieces, which end in the middle of characters
twice        the server gets it twice; the second answer is passed on
after_next   it waits until the request after it was answered: they change places
answer       the server never sees it: `status`, `headers` and `body` are the answer
broken_json  the answer's body stops in the middle of the JSON, the message is whole
redirect     the answer sends the client to another place: `status`, by default 307
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from signoff_conformance.http1 import Connection, Gone, Message

if TYPE_CHECKING:
    from signoff_conformance.proxy import Exchange, Proxy


@dataclass(frozen=True, slots=True)
class Turn:
    """One request at the proxy, and who sent it."""

    proxy: Proxy
    exchange: Exchange
    client: Connection


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its name, and what it is to be like."""

    name: str
    settings: Mapping[str, Any]

    async def answer(self, turn: Turn) -> None:
        """Treat one request so.

        Raises:
            Gone: the connection is to be closed.
        """
        await getattr(self, f"_{self.name}")(turn)

    async def _pass(self, turn: Turn) -> None:
        server, head = await turn.proxy.forward(turn.exchange.request)
        try:
            if "text/event-stream" in (head.header("content-type") or ""):
                torn = self.name == "trickle"
                await _streamed(server, head, turn, self.settings.get("events"), torn=torn)
            body = await server.body(head, to_end=True)
        finally:
            server.abort()
        turn.exchange.server_reply = head.having(body)
        edited = _edited(turn.exchange.server_reply, self.settings.get("edit", {}))
        await _reply(turn, edited)

    async def _drop(self, turn: Turn) -> None:
        del turn
        raise Gone

    async def _drop_reply(self, turn: Turn) -> None:
        turn.exchange.server_reply = await turn.proxy.answered(turn.exchange.request)
        raise Gone

    async def _reset(self, turn: Turn) -> None:
        turn.exchange.server_reply = await turn.proxy.answered(turn.exchange.request)
        turn.client.reset()
        raise Gone

    async def _hold(self, turn: Turn) -> None:
        await turn.exchange.free.wait()
        await self._pass(turn)

    async def _hold_reply(self, turn: Turn) -> None:
        turn.exchange.server_reply = await turn.proxy.answered(turn.exchange.request)
        turn.proxy.changed.tell()
        await turn.exchange.free.wait()
        await _reply(turn, turn.exchange.server_reply)

    async def _truncate(self, turn: Turn) -> None:
        if "events" in self.settings:
            await self._pass(turn)
            return
        reply = await turn.proxy.answered(turn.exchange.request)
        turn.exchange.server_reply = reply
        await turn.client.send(reply.head(), reply.body[: len(reply.body) // 2])
        raise Gone

    async def _trickle(self, turn: Turn) -> None:
        await self._pass(turn)

    async def _twice(self, turn: Turn) -> None:
        await turn.proxy.answered(turn.exchange.request)
        await self._pass(turn)

    async def _after_next(self, turn: Turn) -> None:
        def overtaken() -> bool:
            return any(
                one.reply and one.number > turn.exchange.number for one in turn.proxy.exchanges
            )

        await turn.proxy.changed.until(overtaken, 60)
        await self._pass(turn)

    async def _answer(self, turn: Turn) -> None:
        reply = _edited(made(self.settings), self.settings.get("edit", {}))
        await _reply(turn, reply)

    async def _broken_json(self, turn: Turn) -> None:
        reply = await turn.proxy.answered(turn.exchange.request)
        turn.exchange.server_reply = reply
        await _reply(turn, reply.having(reply.body[: len(reply.body) // 2]))

    async def _redirect(self, turn: Turn) -> None:
        target = turn.exchange.request.start.split(" ")[1]
        location = {"location": turn.proxy.elsewhere + target}
        settings = {"status": 307, **self.settings, "headers": location, "body": ""}
        await _reply(turn, made(settings))


NAMES = tuple(line.split()[0] for line in (__doc__ or "").splitlines() if line.startswith("    "))


@dataclass(slots=True)
class Armed:
    """A fault that waits for its request."""

    fault: Fault
    met: bool = False
    _seen: int = 0

    @property
    def missed(self) -> bool:
        """Whether it should have met a request and has not."""
        return not self.met and self.fault.settings.get("times") != "maybe"

    def meets(self, operation: str) -> bool:
        """Whether it is armed for this operation."""
        return self.fault.settings.get("of", "*") in ("*", operation)

    def take(self) -> bool:
        """Whether this request of the operation is one of those that it is armed for."""
        self._seen += 1
        first = 1 + int(self.fault.settings.get("skip", 0))
        times = self.fault.settings.get("times", 1)
        endless = times in ("all", "maybe")
        taken = self._seen >= first and (endless or self._seen < first + times)
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


async def _reply(turn: Turn, reply: Message) -> None:
    turn.exchange.reply = reply
    await turn.client.send(reply.head(), reply.body)


async def _streamed(
    server: Connection, head: Message, turn: Turn, events: int | None, *, torn: bool
) -> None:
    """Pass a stream on as it comes, or torn; after so many events it is cut off."""
    turn.exchange.reply = turn.exchange.server_reply = head
    await turn.client.send(head.head())
    passed = b""
    async for chunk in server.chunks():
        sent, passed = len(passed), passed + chunk
        end = _end_of(passed, events)
        if end is not None:
            part = passed[sent:end]
            await turn.client.send(b"%x\r\n%s\r\n" % (len(part), part))
            raise Gone
        for part in filter(None, _CHARACTER_BEGUN.split(chunk)) if torn else [chunk]:
            await turn.client.send(b"%x\r\n%s\r\n" % (len(part), part))
            # What is read at once is one piece again.
            await asyncio.sleep(TORN_SECONDS if torn else 0)
    await turn.client.send(b"0\r\n\r\n")
    raise Gone


def _end_of(stream: bytes, events: int | None) -> int | None:
    """Where the last of so many events ends; None where there are not as many."""
    ends = [match.end() for match in _EVENT.finditer(stream)]
    return ends[events - 1] if events is not None and len(ends) >= events else None


_EVENT = re.compile(rb"data:[^\n]*\n\n")
_CHARACTER_BEGUN = re.compile(rb"(?<=[\xc2-\xf4])")

TORN_SECONDS: Final = 0.05
"""So long after a piece of a torn stream comes the next."""
