"""The steps of cases about clients and receivers: see `schemas/client_steps.json`."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from signoff_conformance import matching, signatures
from signoff_conformance.client_bench import Bench
from signoff_conformance.faults import Fault
from signoff_conformance.proxy import Exchange
from signoff_conformance.runner import Failed, NotSupported, Untestable
from signoff_conformance.values import Values

PATIENCE_SECONDS: Final = 10.0
"""How long a client may take for what costs no time on its clock."""

MOST_SLEEPS: Final = 50
"""Whoever sleeps more often in one call does not come to an end."""

Step = Mapping[str, Any]


class Steps:
    """Performs the steps of one case in one variant."""

    def __init__(self, bench: Bench, values: Values, patience: float = PATIENCE_SECONDS) -> None:
        self._bench = bench
        self.patience = patience
        self._values = values
        self._calls: dict[str, int] = {}
        self._ops: dict[str, str] = {}
        self._last = ""
        self.checks = 0

    async def perform(self, step: Step) -> None:
        """Perform one step.

        Raises:
            Failed, NotSupported, Untestable: what becomes of the case.
            AdapterFault: the adapter does not keep the protocol.
        """
        name = next(iter(step))
        if name == "expect":
            filled = self._values.fill(step["expect"])
            self._expect(filled["to_be"], filled["value"], "what the server holds")
            return
        do: Callable[[Step], Awaitable[None]] = getattr(self, f"_{name}")
        pump = asyncio.create_task(self._pump(step.get("pump_ms")))
        try:
            await do(self._values.fill(step))
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _pump(self, ms: int | None) -> None:
        """Let time go by on the server until the step is over: what it holds comes to its end."""
        control = self._bench.target.control
        while ms is not None and control is not None:
            await control.advance(ms)
            await self._bench.proxy.changed.until(lambda: False, 0.05)

    async def _perform(self, step: Step) -> None:
        await self.perform(step["perform"])

    # The client does something.

    async def _open(self, step: Step) -> None:
        await self._bench.open(**step["open"])

    async def _call(self, step: Step) -> None:
        self._last = step.get("as", step["call"])
        args = step.get("args", {})
        if "$for" in args:
            args = args[args["$for"]]
        args = {**{name: args[name] for name in args if name != "$more"}, **args.get("$more", {})}
        self._ops[self._last] = step["call"]
        self._calls[self._last] = self._bench.adapter.send("call", op=step["call"], args=args)

    async def _cancel(self, step: Step) -> None:
        reply = await self._bench.adapter.ask("cancel", call=self._calls[step["cancel"]])
        self._expect({"ok": {"found": True}}, reply, "cancel")

    async def _advance(self, step: Step) -> None:
        await self._bench.adapter.ask("fire", advance_ms=step["advance"])

    async def _fire(self, step: Step) -> None:
        await self._bench.adapter.ask("fire", timer=step["fire"])

    # What is expected of it.

    async def _returns(self, step: Step) -> None:
        reply = await self._reply(step.get("of", self._last))
        if "error" in reply:
            raise Failed(f"it gives the error {matching.shown(reply['error'])}")
        self._expect(step["returns"], reply["ok"], "it returns")
        if "keep" in step:
            self._values.keep(step["keep"], reply["ok"])

    async def _raises(self, step: Step) -> None:
        reply = await self._reply(step.get("of", self._last))
        if "ok" in reply:
            raise Failed(f"it returns {matching.shown(reply['ok'])} instead of an error")
        self._expect(step["raises"], reply["error"], "its error")

    async def _never_approves(self, step: Step) -> None:
        """An error, or a result that is no yes."""
        reply = await self._reply(step["never_approves"])
        self.checks += 1
        if "ok" in reply and reply["ok"].get("approved") is not False:
            raise Failed(f"it takes it for an approval: {matching.shown(reply['ok'])}")

    async def _reply(self, name: str) -> Mapping[str, Any]:
        number, adapter = self._calls[name], self._bench.adapter
        arrived = await adapter.changed.until(
            lambda: adapter.fault is not None or adapter.replied(number) or bool(self._sleeper()),
            self.patience,
        )
        adapter.check()
        if arrived and not adapter.replied(number):
            raise Failed(f"it sleeps {self._sleeper():g} ms instead of coming back")
        if not arrived:
            await adapter.ask("hello", protocol=1)
            told = "".join(f"; {dict(event)}" for event in adapter.events[:1])
            raise Failed(f"{name} has not come back after {self.patience:g} s{told}")
        reply = await adapter.reply(number)
        self._lacking(self._ops[name], reply)
        return reply

    def _lacking(self, what: str, reply: Mapping[str, Any]) -> None:
        """What is not supported must have been said before: else a fault could hide in it."""
        if "unsupported" not in reply:
            return
        lacks = self._bench.hello.get("lacks", ())
        if not any(one == what or one.startswith(f"{what}.") for one in lacks):
            raise Failed(f"{reply['unsupported']}, and its hello does not say that it lacks {what}")
        raise NotSupported(reply["unsupported"])

    def _sleeper(self) -> float:
        """How long the client sleeps that nobody is going to fire; 0 if it does not sleep."""
        events = self._bench.adapter.events
        return next((event["ms"] for event in events if event["event"] == "sleeping"), 0.0)

    async def _sleeps(self, step: Step) -> None:
        """One sleep after the other, each fired when it has been looked at."""
        expected = step["sleeps"]
        for index, one in enumerate(expected if isinstance(expected, list) else [expected]):
            event = await self._event("sleeping")
            self._expect(one, event["ms"], f"sleep {index + 1}, in ms")
            self._values.keep("timer", event["timer"])
            if step.get("fire", True):
                await self._bench.adapter.ask("fire", timer=event["timer"])

    async def _backs_off(self, step: Step) -> None:
        """Whatever it sleeps until it comes back: long enough, not too long, longer in the end."""
        told, slept, adapter = step["backs_off"], list[float](), self._bench.adapter
        while not self._over() or adapter.events:
            if len(slept) == told.get("stop_after"):
                break
            if not adapter.events and self._over():
                break
            event = await self._event("sleeping")
            slept.append(event["ms"])
            await adapter.ask("fire", timer=event["timer"])
            await adapter.changed.until(lambda: bool(adapter.events) or self._over(), self.patience)
        limits = {"$each": {"$all": [{"$least": told["least"]}, {"$most": told["most"]}]}}
        self._expect(limits, slept, "its sleeps, in ms")
        self._expect({"$least": told["count"]}, len(slept), "how often it slept")
        if "in_all" in told:
            self._expect({"$most": told["in_all"]}, sum(slept), "all its sleeps, in ms")
        elif slept[-1] < 2 * slept[0]:
            raise Failed(f"it does not back off: {slept} ms")

    async def _until(self, step: Step) -> None:
        """Fire whatever it sleeps until the call is over."""
        adapter, number = self._bench.adapter, self._calls[step["until"]]
        for _ in range(MOST_SLEEPS):
            if adapter.replied(number):
                break
            await adapter.changed.until(
                lambda: bool(adapter.events) or adapter.replied(number) or bool(adapter.fault),
                self.patience,
            )
            adapter.check()
            if not adapter.events:
                break
            event = adapter.events.pop(0)
            if event["event"] == "sleeping":
                await adapter.ask("fire", timer=event["timer"])

    async def _idle(self, step: Step) -> None:
        """It has not slept since it was looked at."""
        del step
        self._expect([], [dict(event) for event in self._bench.adapter.events], "events")

    async def _awake(self, step: Step) -> None:
        event = await self._event("awake")
        self._expect(step["awake"], event["timer"], "the timer that is awake")

    async def _event(self, kind: str) -> Mapping[str, Any]:
        adapter = self._bench.adapter
        found = await adapter.changed.until(
            lambda: bool(adapter.events) or adapter.fault is not None or self._over(),
            self.patience,
        )
        adapter.check()
        if not adapter.events:
            if found and self._over():
                reply = await self._reply(self._last)
                raise Failed(f"it is not {kind}, it is done: {matching.shown(dict(reply))}")
            raise Failed(f"it is not {kind}")
        event = adapter.events.pop(0)
        if event["event"] != kind:
            raise Failed(f"it is {event['event']}, not {kind}")
        return event

    def _unsupported(self) -> bool:
        """Whether the client lacks what it was to do: then nothing else will come."""
        return (
            self._over() and "unsupported" in self._bench.adapter.replies[self._calls[self._last]]
        )

    def _over(self) -> bool:
        return bool(self._last) and self._bench.adapter.replied(self._calls[self._last])

    # The wire.

    async def _wire(self, step: Step) -> None:
        names = {"do"}
        self._bench.proxy.arm(
            Fault(one["do"], {name: one[name] for name in one if name not in names})
            for one in step["wire"]
        )

    async def _refuse(self, step: Step) -> None:
        if step["refuse"]:
            self._bench.proxy.refuse()
        else:
            await self._bench.proxy.start()

    async def _arrives(self, step: Step) -> None:
        wanted, proxy = step.get("count", 1), self._bench.proxy
        operation = step["arrives"]
        if not await proxy.changed.until(
            lambda: len(proxy.of(operation)) >= wanted or self._unsupported(), self.patience
        ):
            raise Failed(f"{operation} came {len(proxy.of(operation))} times, not {wanted}")
        if self._unsupported():
            await self._reply(self._last)
        self.checks += 1

    async def _answered(self, step: Step) -> None:
        """Wait until the server has answered a request, whatever the client knows of it."""
        proxy, operation = self._bench.proxy, step["answered"]

        def done() -> bool:
            return any(one.server_reply for one in proxy.of(operation))

        if not await proxy.changed.until(done, self.patience):
            raise Failed(f"{operation} never reached the server")

    async def _release(self, step: Step) -> None:
        for exchange in self._bench.proxy.of(step["release"]):
            exchange.free.set()

    async def _gives_up(self, step: Step) -> None:
        proxy, operation = self._bench.proxy, step["gives_up"]
        if not await proxy.changed.until(
            lambda: any(one.given_up for one in proxy.of(operation)), self.patience
        ):
            raise Failed(f"the request of {operation} is still open: nobody waits for it any more")
        self.checks += 1

    async def _replay(self, step: Step) -> None:
        exchange = self._bench.proxy.of(step["replay"])[-1]
        reply = await self._bench.proxy.answered(exchange.request)
        self._values.keep(step.get("keep", "replayed"), reply.json())

    async def _wired(self, step: Step) -> None:
        told = step["wired"]
        exchanges = self._bench.proxy.of(told["of"])
        if "count" in told:
            self._expect(told["count"], len(exchanges), f"requests of {told['of']}")
        for index, expected in enumerate(told.get("requests", ())):
            if index >= len(exchanges):
                raise Failed(f"{told['of']} came {len(exchanges)} times only")
            self._expect(expected, shown(exchanges[index]), f"request {index + 1} of {told['of']}")
        for name in told.get("same", ()):
            values = [_member(shown(one), name) for one in exchanges]
            self._expect([values[0]] * len(values), values, f"{name} of all {told['of']}")

    # The server, and the runner's own requests to it.

    async def _server(self, step: Step) -> None:
        operation = self._bench.contract.operations[step["server"]]
        target = operation.url(step.get("path", {}))
        if "query" in step:
            target += "?" + urlencode(step["query"])
        headers = {"X-API-Key": self._bench.target.keys.get("admin", ""), **step.get("headers", {})}
        body = b""
        if "body" in step:
            body = json.dumps(step["body"], ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        sent = {name: value for name, value in headers.items() if value}
        exchange = await self._bench.wire.send(operation.method, target, sent, body)
        if not 200 <= exchange.status < 300:
            raise Untestable(f"{operation.id} answered {exchange.status}: {exchange.answer!r}")
        if "keep" in step:
            self._values.keep(step["keep"], exchange.json())

    async def _control(self, step: Step) -> None:
        told, target = step["control"], self._bench.target
        if told in ("kill", "stop", "start"):
            if not target.is_process:
                raise Untestable("the server was not started by the suite")
            await (target.start() if told == "start" else target.stop(kill=told == "kill"))
            return
        if target.control is None:
            raise Untestable("the server has no test control")
        if "advance_ms" in told:
            await target.control.advance(told["advance_ms"])

    # Receivers and types.

    async def _sign(self, step: Step) -> None:
        """Sign as a sender would, in the body form or, with an id, in the timestamped one."""
        told, body = step["sign"], _bytes(step["sign"])
        if "id" in told:
            made = signatures.timestamped(told["secret"], told["id"], told["timestamp"], body)
        else:
            made = signatures.body_signature(told["secret"], body)
        self._values.keep("signed", made)

    async def _receive(self, step: Step) -> None:
        told = dict(step["receive"])
        body = _bytes(told)
        if isinstance(told["now"], Mapping):
            told["now"] = sum(told["now"]["$sum"])
        names = ("form", "headers", "secrets", "now")
        message = {name: told[name] for name in names} | {"body": base64.b64encode(body).decode()}
        reply = await self._bench.adapter.ask("receive", **message)
        self._lacking(f"receive.{told['form']}", reply)
        self._judge(step, reply)

    async def _codec(self, step: Step) -> None:
        told = step["codec"]
        reply = await self._bench.adapter.ask("codec", type=told["type"], text=told["text"])
        self._lacking(f"codec.{told['type']}", reply)
        if "ok" in reply:
            reply = {"ok": json.loads(reply["ok"]["text"])}
        self._judge(step, reply)

    def _judge(self, step: Step, reply: Mapping[str, Any]) -> None:
        step = step.get("outcome", step)
        wanted = {"ok": step["gives"]} if "gives" in step else {"error": step["fails"]}
        self._expect(wanted, {name: reply[name] for name in reply if name != "id"}, "it answers")

    def _expect(self, expected: Any, value: Any, what: str) -> None:
        self.checks += 1
        if not self._bench.able("exact_integers"):
            expected, value = _in_doubles(expected), _in_doubles(value)
        wrong = matching.differences(expected, value)
        if wrong:
            raise Failed(f"{what}: " + "; ".join(wrong))


def _in_doubles(value: Any) -> Any:
    """The value as a language has it that knows no integers above 2^53."""
    if isinstance(value, int) and abs(value) > 2**53:
        return float(value)
    if isinstance(value, Mapping):
        return {name: _in_doubles(one) for name, one in value.items()}
    return [_in_doubles(one) for one in value] if isinstance(value, list) else value


def _bytes(told: Mapping[str, Any]) -> bytes:
    return told["body"].encode() if "body" in told else base64.b64decode(told["base64"])


def _member(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def shown(exchange: Exchange) -> dict[str, Any]:
    """A request that was recorded, as cases see it."""
    method, target, _ = exchange.request.start.split(" ", 2)
    parts = urlsplit(target)
    return {
        "method": method,
        "path": parts.path,
        "id": unquote(parts.path.rpartition("/")[2]),
        "query": dict(parse_qsl(parts.query, keep_blank_values=True)),
        "headers": dict(exchange.request.headers),
        "body": exchange.request.json(),
        "text": exchange.request.body.decode(errors="replace"),
    }
