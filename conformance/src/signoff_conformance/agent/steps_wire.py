"""Steps about the wire between agent and control plane, and about the agent's process."""

from __future__ import annotations

from urllib.parse import unquote

from signoff_conformance.agent.bench import SETTINGS
from signoff_conformance.agent.judging import Judging, Step
from signoff_conformance.client_steps_wire import member, shown
from signoff_conformance.faults import Fault
from signoff_conformance.proxy import Exchange
from signoff_conformance.runner import Failed


class WireSteps(Judging):
    """Faults are armed, what came is looked at; processes are started and ended."""

    async def _wire(self, step: Step) -> None:
        self._bench.proxy.arm(
            Fault(one["do"], {name: one[name] for name in one if name != "do"})
            for one in step["wire"]
        )

    async def _refuse(self, step: Step) -> None:
        if step["refuse"]:
            self._bench.proxy.refuse()
        else:
            await self._bench.proxy.start()

    async def _arrives(self, step: Step) -> None:
        """A request comes, or has come, whatever becomes of it."""
        wanted, operation = step.get("count", 1), step["arrives"]
        proxy = self._bench.proxy
        await self._until(
            lambda: len(proxy.of(operation)) >= wanted,
            lambda: f"{operation} came {len(proxy.of(operation))} times, not {wanted},",
        )
        self.checks += 1

    async def _stored(self, step: Step) -> None:
        """A request has been answered by the control plane, whatever the agent hears of it."""
        proxy, operation = self._bench.proxy, step["stored"]
        await self._until(
            lambda: any(one.server_reply for one in proxy.of(operation)),
            lambda: f"{operation} does not come",
        )

    async def _release(self, step: Step) -> None:
        for exchange in self._bench.proxy.of(step["release"]):
            exchange.free.set()

    async def _wired(self, step: Step) -> None:
        told = step["wired"]
        exchanges = self._bench.proxy.of(told["of"])
        if "about" in told:
            exchanges = [one for one in exchanges if _about(one, told["about"])]
        if "count" in told:
            self._expect(told["count"], len(exchanges), f"requests of {told['of']}")
        for index, expected in enumerate(told.get("requests", ())):
            if index >= len(exchanges):
                raise Failed(f"{told['of']} came {len(exchanges)} times only")
            self._expect(expected, shown(exchanges[index]), f"request {index + 1} of {told['of']}")
        for exchange in exchanges if "each" in told else ():
            self._expect(told["each"], shown(exchange), f"each request of {told['of']}")
        for name in told.get("same", ()):
            values = [member(shown(one), name) for one in exchanges]
            self._expect([values[0]] * len(values), values, f"{name} of all {told['of']}")

    async def _start(self, step: Step) -> None:
        """Start a process of the agent, in the place of the one before."""
        await self._bench.launch({**SETTINGS, **step["start"]})
        if step.get("registers", True):
            await self._bench.registered()

    async def _registered(self, step: Step) -> None:
        del step
        plane = self._bench.plane
        await self._until(lambda: plane.known, lambda: "it does not register")
        self._values.keep("instance", plane.instance)
        self.checks += 1

    async def _signal(self, step: Step) -> None:
        self._bench.running.signal(step["signal"])

    async def _exits(self, step: Step) -> None:
        code = await self._bench.running.ended()
        if code is None:
            raise Failed("it does not end")
        self._expect(step["exits"], code, "its exit code")


def _about(exchange: Exchange, attempt_id: str) -> bool:
    return attempt_id in unquote(exchange.request.start).split(" ")[1].split("/")
