"""What the steps of a case about agents have in common: its executions, what is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from signoff_conformance import matching
from signoff_conformance.agent.bench import Bench
from signoff_conformance.agent.runs import Execution
from signoff_conformance.client_calling import in_doubles
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.values import Values

PATIENCE_SECONDS: Final = 10.0
"""How long an agent may take for what nothing keeps it from."""

BEATS: Final = 2
"""After so many heartbeats what was to come has come."""

Step = Mapping[str, Any]


class Judging:
    """One case at work."""

    def __init__(self, bench: Bench, values: Values, patience: float = PATIENCE_SECONDS) -> None:
        self._bench = bench
        self._values = values
        self.patience = patience
        self.checks = 0
        self._runs: dict[str, Execution] = {}

    def _run(self, name: str) -> Execution:
        if name not in self._runs:
            raise ValueError(f"the case has no execution {name}")
        return self._runs[name]

    def _name(self, name: str, one: Execution) -> None:
        """Keep an execution under a name, for later steps and for values."""
        self._runs[name] = one
        self._values.keep(
            name,
            {
                "execution_id": one.id,
                "attempt_id": one.attempt_id(),
                "run_id": one.run_id,
                "attempts": [one.attempt_id(number + 1) for number in range(one.attempt)],
            },
        )

    def _expect(self, expected: Any, value: Any, what: str) -> None:
        self.checks += 1
        if not self._bench.able("exact_integers"):
            expected, value = in_doubles(expected), in_doubles(value)
        wrong = matching.differences(expected, value)
        if wrong:
            raise Failed(f"{what}: " + "; ".join(wrong))

    async def _until(
        self, holds: Callable[[], bool], what: Callable[[], str], of: Execution | None = None
    ) -> None:
        """Come back when it holds.

        Raises:
            Failed: it does not come to that, as the run or the agent has ended, or in time.
        """
        process = self._bench.running

        def over() -> bool:
            ended = of is not None and of.end is not None
            died = process.exit is not None and not process.expected
            return ended or died

        await self._bench.proxy.changed.until(lambda: holds() or over(), self.patience)
        if holds():
            return
        self._bench.look()
        if of is not None and of.end is not None:
            raise Failed(f"{what()}; it ended: {matching.shown(dict(of.end))}")
        raise Failed(f"{what()} within {self.patience:g} s")

    async def _beat(self, count: int = BEATS) -> None:
        """Let so many heartbeats pass."""
        beats = self._bench.plane.beats
        wanted = len(beats) + count
        await self._until(lambda: len(beats) >= wanted, lambda: "its heartbeats have ceased")

    def _lacking(self, verbs: Any) -> None:
        """Raise NotSupported when a script has a verb that the agent has said it lacks."""
        lacks = set(self._bench.hello.get("lacks", ()))
        for one in verbs:
            if one["verb"] in lacks:
                raise NotSupported(f"it lacks the verb {one['verb']}")
            self._lacking(one.get("do", ()))
