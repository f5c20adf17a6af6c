"""Steps about the wire between client and server, and about the server behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from signoff_conformance.client_calling import Calling, Step
from signoff_conformance.faults import Fault
from signoff_conformance.proxy import Exchange
from signoff_conformance.runner import Failed, Untestable


class WireSteps(Calling):
    """Faults are armed, what came over the wire is looked at, the server does its part."""

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
            asleep = f"; it sleeps {ms:g} ms" if (ms := self._sleeper()) else ""
            raise Failed(f"{operation} came {len(proxy.of(operation))} times, not {wanted}{asleep}")
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
            values = [member(shown(one), name) for one in exchanges]
            self._expect([values[0]] * len(values), values, f"{name} of all {told['of']}")

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


def member(value: Any, path: str) -> Any:
    """The value of `a.b.c` in a value; None where it has none."""
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
