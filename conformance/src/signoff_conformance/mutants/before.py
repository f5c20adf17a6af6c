"""A server behind a wire that is meddled with: requests to it, and the messages that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import Contract
from signoff_conformance.control import Control
from signoff_conformance.endpoints import Host, kind_of, turn_and_path
from signoff_conformance.http1 import Message
from signoff_conformance.mutants.between import Between
from signoff_conformance.mutants.changes import Meddler
from signoff_conformance.mutants.wire import WireMutant
from signoff_conformance.profiles import Profile
from signoff_conformance.server_cases import MakeTarget, ServerPerformer
from signoff_conformance.target import Target


class Through:
    """A server that is reached through a proxy; its test control is reached directly."""

    def __init__(self, target: Target, between: Between) -> None:
        self._target = target
        self._between = between
        self.is_process = target.is_process

    @property
    def url(self) -> str:
        """Of the proxy."""
        return self._between.url

    @property
    def control(self) -> Control | None:
        """Of the server."""
        return self._target.control

    @property
    def keys(self) -> Mapping[str, str]:
        """Of the server."""
        return self._target.keys

    async def start(self) -> None:
        """Have both there."""
        await self._target.start()
        self._between.upstream = self._target.url
        await self._between.start()

    async def stop(self, *, kill: bool = False) -> None:
        """End the server; the proxy refuses what comes then by closing the connection."""
        await self._target.stop(kill=kill)

    @property
    def is_emptied(self) -> bool:
        """As the server is."""
        return self._target.is_emptied

    async def renew(self) -> None:
        """Begin the server anew."""
        await self._target.renew()


class MeddledHost(Host):
    """A host to which the server's messages come through a proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.between = Between("", _message)

    async def start(self) -> None:
        """Listen, behind the proxy."""
        await super().start()
        self.between.upstream = f"http://{self.address}"
        await self.between.start()
        self.address = urlsplit(self.between.url).netloc

    async def stop(self) -> None:
        """Listen no more."""
        await self.between.stop()
        await super().stop()


class MeddledPerformer(ServerPerformer):
    """Performs cases on servers before which a mutant of the wire stands, one after another."""

    def __init__(self, contract: Contract, make: MakeTarget) -> None:
        self._betweens: list[Between] = []
        self._meddled = MeddledHost()
        self._mutant: WireMutant | None = None

        def through(profile: Profile, subscriber: str) -> Target:
            self._betweens.append(Between("", self._name_of))
            return Through(make(profile, subscriber), self._betweens[-1])

        super().__init__(contract, through, host=self._meddled)

    def meet(self, mutant: WireMutant) -> None:
        """Perform what comes on this mutant."""
        self._mutant = mutant

    async def stop(self) -> None:
        """End all servers and proxies."""
        await super().stop()
        for between in self._betweens:
            await between.stop()

    async def perform(self, case: Case, variant: Variant) -> None:
        """Perform one case, with the mutant as it was at first."""
        mutant = self._mutant
        target = await self._target(case.server)
        messages = mutant is not None and mutant.between == "messages"
        meddler = Meddler(() if mutant is None else mutant.changes, target.keys)
        for between in self._betweens:
            between.begin(Meddler(()) if messages else meddler)
        self._meddled.between.begin(meddler if messages else Meddler(()))
        await super().perform(case, variant)

    def _name_of(self, request: Message) -> str:
        method, target, _ = request.start.split(" ", 2)
        operation = self._contract.find(method, target)
        return operation.id if operation else ""


def _message(request: Message) -> str:
    _, path = turn_and_path(request.start.split(" ")[1].partition("?")[0])
    return kind_of(path.lstrip("/").partition("/")[2], request.body)
