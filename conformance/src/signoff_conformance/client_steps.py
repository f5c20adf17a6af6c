"""The steps of cases about clients and receivers: see `schemas/client_steps.json`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from signoff_conformance import matching
from signoff_conformance.client_calling import PATIENCE_SECONDS, Step
from signoff_conformance.client_steps_messages import MessageSteps
from signoff_conformance.client_steps_time import TimeSteps
from signoff_conformance.client_steps_wire import WireSteps
from signoff_conformance.runner import Failed

__all__ = ["PATIENCE_SECONDS", "Steps"]


class Steps(TimeSteps, WireSteps, MessageSteps):
    """Performs the steps of one case in one variant."""

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

    async def _open(self, step: Step) -> None:
        if "refused" in step:
            self._expect(step["refused"], await self._refusal(step["open"]), "its error")
        else:
            await self._bench.open(**step["open"])

    async def _refusal(self, settings: Mapping[str, Any]) -> Any:
        """The error of a client that has such settings: that of its making or of its first call."""
        reply = await self._bench.opened(**settings)
        if "ok" in reply:
            reply = await self._bench.adapter.ask("call", op="getHealth", args={})
        if "error" not in reply:
            raise Failed("a client with such settings makes calls")
        return reply["error"]

    async def _call(self, step: Step) -> None:
        self._last = step.get("as", step["call"])
        args = step.get("args", {})
        if "$for" in args:
            args = args[args["$for"]]
        args = {**{name: args[name] for name in args if name != "$more"}, **args.get("$more", {})}
        if self._bench.adapter.busy:
            self._demand("parallel", "the client makes one call at a time")
        self._ops[self._last] = step["call"]
        self._calls[self._last] = self._bench.adapter.send("call", op=step["call"], args=args)

    async def _cancel(self, step: Step) -> None:
        self._demand("cancel", "the client cannot cancel a call")
        reply = await self._bench.adapter.ask("cancel", call=self._calls[step["cancel"]])
        self._expect({"ok": {"found": True}}, reply, "cancel")

    async def _advance(self, step: Step) -> None:
        await self._bench.adapter.ask("fire", advance_ms=step["advance"])

    async def _fire(self, step: Step) -> None:
        await self._bench.adapter.ask("fire", timer=step["fire"])

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
