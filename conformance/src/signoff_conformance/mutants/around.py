"""An agent around which the wire is meddled with: what it sends, what it is sent, what it logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from signoff_conformance.agent.bench import SETTINGS, Bench
from signoff_conformance.contract import Contract
from signoff_conformance.endpoints import kind_of
from signoff_conformance.http1 import Message
from signoff_conformance.mutants.between import Between
from signoff_conformance.mutants.changes import Meddler
from signoff_conformance.mutants.wire import WireMutant

_NOTHING = Meddler(())


class MeddledAgents(Bench):
    """A bench on which a mutant of the wire can be set up, one after another."""

    def __init__(self, command: Sequence[str], folder: Path, contract: Contract) -> None:
        super().__init__(command, folder, contract)
        self._sends = Between("", self._name_of)
        self._takes = Between("", _message)
        self._log = _NOTHING
        self._mutant: WireMutant | None = None

    async def start(self) -> None:
        """Start everything."""
        await self._sends.start()
        await self._takes.start()
        await super().start()

    async def stop(self) -> None:
        """End everything."""
        await super().stop()
        await self._sends.stop()
        await self._takes.stop()

    @property
    def address(self) -> str:
        """Of the proxy before the control plane."""
        self._sends.upstream = self.proxy.url
        return self._sends.url

    def meet(self, mutant: WireMutant) -> None:
        """Perform what comes on this mutant."""
        self._mutant = mutant

    async def clean(self, settings: Mapping[str, Any] = SETTINGS) -> None:
        """Begin a case: the mutant is as it was at first."""
        self._set(None)
        await super().clean(settings)
        self._set(self._mutant)

    def did(self, execution_id: str) -> list[Mapping[str, Any]]:
        """What the attempts of an execution have done, as the mutant has it."""
        told = {"body": super().did(execution_id)}
        changes = self._log.meets("did", {})
        rows: list[Mapping[str, Any]] = self._log.answered(changes, {}, told)["body"]
        return rows

    def _base(self) -> str:
        self._takes.upstream = super()._base()
        return self._takes.url

    def _set(self, mutant: WireMutant | None) -> None:
        meddlers = {
            between: Meddler(() if mutant is None or mutant.between != between else mutant.changes)
            for between in ("agent", "work", "log")
        }
        self._sends.begin(meddlers["agent"], keep=True)
        self._takes.begin(meddlers["work"], keep=True)
        self._log = meddlers["log"]

    def _name_of(self, request: Message) -> str:
        method, target, _ = request.start.split(" ", 2)
        return self._operation_of(method, target.partition("?")[0])


def _message(request: Message) -> str:
    path = request.start.split(" ")[1].partition("?")[0]
    return kind_of(path.lstrip("/"), request.body)
