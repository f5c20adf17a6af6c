"""What the steps of a case about clients have in common: the calls in flight, what is compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance import matching
from signoff_conformance.client_bench import Bench
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.values import Values

PATIENCE_SECONDS: Final = 10.0
"""How long a client may take for what costs no time on its clock."""

MOST_SLEEPS: Final = 50
"""Whoever sleeps more often in one call does not come to an end."""

Step = Mapping[str, Any]


class Calling:
    """The calls of one case, and what became of them."""

    def __init__(self, bench: Bench, values: Values, patience: float = PATIENCE_SECONDS) -> None:
        self._bench = bench
        self.patience = patience
        self._values = values
        self._calls: dict[str, int] = {}
        self._ops: dict[str, str] = {}
        self._last = ""
        self.checks = 0

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
            if "parallel" not in self._bench.hello.get("lacks", ()):
                await adapter.ask("hello", protocol=1)  # is it the client, or the adapter?
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
        # `codec` lacks `codec.Execution`; whoever lacks `execute.webhook` may say so of `execute`.
        if not any(f"{one}.".startswith(f"{what}.") or what.startswith(f"{one}.") for one in lacks):
            raise Failed(f"{reply['unsupported']}, and its hello does not say that it lacks {what}")
        raise NotSupported(reply["unsupported"])

    def _demand(self, what: str, why: str) -> None:
        """Raise NotSupported when the adapter has said that it lacks something."""
        if what in self._bench.hello.get("lacks", ()):
            raise NotSupported(why)

    def _sleeper(self) -> float:
        """How long the client sleeps that nobody is going to fire; 0 if it does not sleep."""
        events = self._bench.adapter.events
        return next((event["ms"] for event in events if event["event"] == "sleeping"), 0.0)

    def _unsupported(self) -> bool:
        """Whether the client lacks what it was to do: then nothing else will come."""
        return (
            self._over() and "unsupported" in self._bench.adapter.replies[self._calls[self._last]]
        )

    def _over(self) -> bool:
        return bool(self._last) and self._bench.adapter.replied(self._calls[self._last])

    def _expect(self, expected: Any, value: Any, what: str) -> None:
        self.checks += 1
        if not self._bench.able("exact_integers"):
            expected, value = in_doubles(expected), in_doubles(value)
        wrong = matching.differences(expected, value)
        if wrong:
            raise Failed(f"{what}: " + "; ".join(wrong))


def in_doubles(value: Any) -> Any:
    """The value as a language has it that knows no integers above 2^53."""
    if isinstance(value, int) and abs(value) > 2**53:
        return float(value)
    if isinstance(value, Mapping):
        return {name: in_doubles(one) for name, one in value.items()}
    return [in_doubles(one) for one in value] if isinstance(value, list) else value
