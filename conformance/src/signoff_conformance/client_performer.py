"""Performs cases about clients and receivers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from signoff_conformance.cases import Case, Variant
from signoff_conformance.client_bench import KEY, Bench
from signoff_conformance.client_steps import PATIENCE_SECONDS, Steps
from signoff_conformance.profiles import SECRET
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.values import Values

ABILITIES: Final = ("clock", "exact_integers", "key_order", "unknown_members", "agent")
"""What an adapter may lack; a case that needs more than it has is not supported."""


class ClientPerformer:
    """One adapter at work.

    Args:
        bench: what it works on.
        patience: seconds that a client may take for what costs no time on its clock.
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
            Failed, NotSupported, Untestable: what becomes of the case.
            AdapterFault: the adapter does not keep the protocol.
        """
        self.checks = 0
        for ability in sorted(case.needs):
            if ability in ABILITIES and not self._bench.able(ability):
                raise NotSupported(f"the adapter does not claim {ability}")
        bench = self._bench
        await bench.clean()
        given = {"secret": SECRET, "key": bench.key, "elsewhere": bench.proxy.elsewhere}
        makers = {"example": self._example}
        values = Values({**given, **variant.values}, makers)
        for name, value in variant.values.items():
            # Examples are put in at once, so that they have members; other names when a step is
            # performed: what the steps before it keep is not there yet.
            if _is_example(value):
                values.keep(name, values.fill(value))
        steps = Steps(bench, values, self._patience)
        try:
            for step in case.steps:
                await steps.perform(step)
            self._look_back()
        finally:
            self.checks = steps.checks

    def _example(self, name: str) -> Any:
        schemas = self._bench.contract.document["components"]["schemas"]
        return self._bench.contract.example(schemas[name])

    def transcript(self) -> Sequence[Any]:
        """What was exchanged in the case that was performed last."""
        return self._bench.transcript()

    def _look_back(self) -> None:
        """What holds for every case."""
        self._bench.adapter.check()
        proxy, contract = self._bench.proxy, self._bench.contract
        if proxy.strays:
            told = dict(proxy.strays[0].headers)
            leak = (
                " with the key" if KEY in told.values() or self._bench.key in told.values() else ""
            )
            raise Failed(f"it followed a redirect to another place{leak}")
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


def _is_example(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("${example:")
