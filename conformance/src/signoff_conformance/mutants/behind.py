"""A client behind a wire that is meddled with: its HTTP, and the lines of its adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from signoff_conformance.adapter import Adapter
from signoff_conformance.client_bench import Bench
from signoff_conformance.contract import Contract
from signoff_conformance.http1 import Message
from signoff_conformance.mutants.between import Between
from signoff_conformance.mutants.changes import Meddler, Value
from signoff_conformance.mutants.wire import WireMutant
from signoff_conformance.target import Target

_NOTHING = Meddler(())


class MeddledAdapter(Adapter):
    """An adapter whose lines are changed on their way, in both directions."""

    meddler = _NOTHING

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._asked: dict[int, tuple[str, Value]] = {}

    def _write(self, line: Mapping[str, Any]) -> None:
        name = str(line.get("op", line["do"]))
        asked: Value = {"body": line}
        self._asked[line["id"]] = name, asked
        changes = self.meddler.meets(name, asked)
        if any(one.do == "swallow" and self.meddler.takes(one) for one in changes):
            self._take(json.dumps({"id": line["id"], "ok": {}}).encode())
            return
        super()._write(self.meddler.asked(changes, asked)["body"])

    def _take(self, raw: bytes) -> None:
        try:
            line = json.loads(raw)
            name, asked = self._asked.get(line.get("id"), (line.get("event", ""), {}))
        except (ValueError, AttributeError):
            super()._take(raw)
            return
        changes = self.meddler.meets(name, asked)
        if any(one.do == "drop" and self.meddler.takes(one) for one in changes):
            return
        told: Value = {"body": line}
        changed = self.meddler.answered(changes, asked, told)
        super()._take(raw if changed is told else json.dumps(changed["body"]).encode())


class MeddledBench(Bench):
    """A bench on which a mutant of the wire can be set up, one after another."""

    def __init__(self, command: Sequence[str], target: Target, contract: Contract) -> None:
        super().__init__(command, target, contract)
        self._between = Between(self.proxy.url, self._name_of)
        self._mutant: WireMutant | None = None

    async def start(self) -> None:
        """Start everything."""
        await self._between.start()
        await super().start()

    async def leave(self) -> None:
        """End all but the server."""
        await super().leave()
        await self._between.stop()

    async def clean(self) -> None:
        """Begin a case: the mutant is as it was at first."""
        self._set(None)
        await super().clean()
        self._set(self._mutant)
        if self._mutant is not None and self._mutant.between == "client":
            await self.open()
            self.adapter.log.clear()

    async def open(self, **settings: Any) -> None:
        """Give the adapter a new client, behind the wire of the mutant."""
        if self._mutant is not None and self._mutant.between == "client":
            self._between.upstream = self.proxy.url
            settings = {"server_url": self._between.url, **settings}
        await super().open(**settings)

    def meet(self, mutant: WireMutant) -> None:
        """Perform what comes on this mutant."""
        self._mutant = mutant

    def _set(self, mutant: WireMutant | None) -> None:
        """Have the mutant's changes made from now on."""
        changes = () if mutant is None else mutant.changes
        http = mutant is not None and mutant.between == "client"
        self._between.begin(Meddler(changes if http else ()))
        if isinstance(self.adapter, MeddledAdapter):
            self.adapter.meddler = Meddler(() if http else changes)

    def _new_adapter(self, command: Sequence[str]) -> Adapter:
        return MeddledAdapter(command, self.proxy.changed)

    def _name_of(self, request: Message) -> str:
        method, target, _ = request.start.split(" ", 2)
        return self._operation_of(method, target.partition("?")[0])
