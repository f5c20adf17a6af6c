"""Performs cases about agents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from signoff_conformance.agent.bench import SETTINGS, Bench
from signoff_conformance.agent.judging import PATIENCE_SECONDS, Step
from signoff_conformance.agent.plane import KEY
from signoff_conformance.agent.records import NODE
from signoff_conformance.agent.steps_hearing import HearingSteps
from signoff_conformance.agent.steps_playing import PlayingSteps
from signoff_conformance.agent.steps_wire import WireSteps
from signoff_conformance.cases import Case, Variant
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.values import Values

ABILITIES: Final = ("exact_integers", "key_order", "suspend", "max_running")
"""What an agent may lack; a case that needs more than it has is not supported."""


_SETTINGS: Final = {"suspend_after_ms": "suspend", "max_running": "max_running"}
"""Settings that only those who have an ability know."""


class Steps(PlayingSteps, HearingSteps, WireSteps):
    """The steps of cases about agents: see `schemas/agent_steps.json`."""

    async def perform(self, step: Step) -> None:
        """Perform one step.

        Raises:
            Failed, NotSupported: what becomes of the case.
            AdapterFault: the agent does not keep to its protocol.
        """
        name = next(iter(step))
        do: Callable[[Step], Awaitable[None]] = getattr(
            self, "_same" if name == "expect" else f"_{name}"
        )
        await do(self._values.fill(step))

    async def _same(self, step: Step) -> None:
        self._expect(step["expect"]["to_be"], step["expect"]["value"], "what was kept")

    async def _keep(self, step: Step) -> None:
        for name, value in step["keep"].items():
            self._values.keep(name, value)


class AgentPerformer:
    """One agent at work.

    Args:
        bench: what it works on.
        patience: seconds that the agent may take for what nothing keeps it from.
    """

    def __init__(self, bench: Bench, patience: float = PATIENCE_SECONDS) -> None:
        self._bench = bench
        self._patience = patience
        self.subject: str = bench.hello["name"]
        self.checks = 0

    async def prepare(self, case: Case) -> None:
        """Nothing: the bench is there."""

    async def perform(self, case: Case, variant: Variant) -> None:
        """Perform one case; see `runner.Performer`.

        Raises:
            Failed, NotSupported: what becomes of the case.
            AdapterFault: the agent does not keep to its protocol.
        """
        self.checks = 0
        for ability in sorted(case.needs):
            if not self._bench.able(ability):
                raise NotSupported(f"the agent does not claim {ability}")
        settings = case.steps[0].get("start", {})
        self._able(settings)
        await self._bench.clean({**SETTINGS, **settings})
        given = {"key": KEY, "node": NODE}
        values = Values(given, {"text": lambda size: "x" * int(size)})
        for name, value in variant.values.items():
            values.keep(name, value)
        steps = Steps(self._bench, values, self._patience)
        try:
            for step in case.steps["start" in case.steps[0] :]:
                await steps.perform(step)
            self._look_back()
        finally:
            self.checks = steps.checks

    def _able(self, settings: Mapping[str, Any]) -> None:
        """Raise NotSupported when the agent says that it lacks what a setting is about."""
        for name, ability in _SETTINGS.items():
            if name in settings and not self._bench.able(ability):
                raise NotSupported(f"the agent does not claim {ability}")

    def transcript(self) -> Sequence[Any]:
        """What was exchanged in the case that was performed last."""
        return self._bench.transcript()

    def _look_back(self) -> None:
        """What holds for every case: the agent lives, and what it says fits the contract."""
        self._bench.look()
        proxy, contract = self._bench.proxy, self._bench.contract
        if unused := proxy.unused():
            raise Failed(f"no request came that {', '.join(unused)} was armed for")
        for exchange in proxy.exchanges:
            if not exchange.operation:
                raise Failed(f"{exchange.request.start}: the contract has no such operation")
            operation = contract.operations[exchange.operation]
            if operation.body is not None and exchange.request.body:
                wrong = contract.faults(operation.body, exchange.request.json())
                if wrong:
                    raise Failed(f"{operation.id}: the contract forbids the body: {wrong[0]}")
