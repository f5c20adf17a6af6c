"""Letting the cases loose on mutants, several at a time."""

from __future__ import annotations

import asyncio
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signoff_conformance import own_adapters, reference
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.agent.bench import Bench as AgentBench
from signoff_conformance.agent.performer import AgentPerformer
from signoff_conformance.cases import Case
from signoff_conformance.client_bench import Bench
from signoff_conformance.client_performer import ClientPerformer
from signoff_conformance.contract import Contract
from signoff_conformance.mutants import Death, DoesNotApply, Kind, Mutant, edits, face, patches
from signoff_conformance.mutants.agents import AgentMutant
from signoff_conformance.mutants.around import MeddledAgents
from signoff_conformance.mutants.before import MeddledPerformer
from signoff_conformance.mutants.behind import MeddledBench
from signoff_conformance.mutants.edits import ClientMutant
from signoff_conformance.mutants.patches import ServerMutant
from signoff_conformance.mutants.wire import WireMutant
from signoff_conformance.own_adapters import BuildError
from signoff_conformance.profiles import PROFILES, Profile
from signoff_conformance.runner import Performer, TargetError
from signoff_conformance.server_cases import ServerPerformer
from signoff_conformance.target import Started, Target

PATIENCE_SECONDS: Final = 4.0
"""How long a client that is a mutant may take for what costs no time on its clock."""

WIRED_LANGUAGE: Final = "python"
"""Whose client stands behind the wire: of a mutant of the wire it does not matter."""


@dataclass(frozen=True, slots=True)
class Prey:
    """A mutant, and of a client its language."""

    mutant: Mutant
    language: str = ""

    @property
    def subject(self) -> str:
        """The language, or ``server``."""
        return self.language or "server"


def prey(mutants: Sequence[Mutant]) -> Iterator[Prey]:
    """What there is to hunt."""
    for mutant in mutants:
        if isinstance(mutant, ClientMutant):
            yield from (Prey(mutant, language) for language in mutant.edits)
        elif isinstance(mutant, WireMutant) and mutant.kind is not Kind.SERVER_WIRE:
            yield Prey(mutant, WIRED_LANGUAGE)
        else:
            yield Prey(mutant)


async def hunt(
    mutants: Sequence[Mutant],
    cases: Mapping[str, Case],
    contract: Contract,
    source: Path,
    *,
    workers: int = 2,
    told: Callable[[Prey, Sequence[Death]], None] = lambda *_: None,
) -> list[Death]:
    """Let the cases loose that each mutant lists; what became of each mutant and case.

    Args:
        mutants: which.
        cases: all cases by id.
        contract: what everything is held against.
        source: the server's source tree, ``python/src``.
        workers: mutants at a time.
        told: hears of each mutant as it is done.
    """
    waiting = list(prey(mutants))[::-1]
    deaths: list[Death] = []

    async def work(hunter: Hunter) -> None:
        try:
            while waiting:
                one = waiting.pop()
                rows = await hunter.hunt(one)
                deaths.extend(rows)
                told(one, rows)
        finally:
            await hunter.stop()

    with tempfile.TemporaryDirectory(prefix="signoff-mutants-") as folder:
        hunters = [
            Hunter(cases, contract, source, Path(folder) / str(number)) for number in range(workers)
        ]
        await asyncio.gather(*map(work, hunters))
    return deaths


class Hunter:
    """Hunts one mutant after another; those of the wire with the servers of the one before.

    Args:
        cases, contract, source: see `hunt`.
        folder: for everything that is built and stored.
    """

    def __init__(
        self, cases: Mapping[str, Case], contract: Contract, source: Path, folder: Path
    ) -> None:
        self._cases, self._contract = cases, contract
        self._source, self._folder = source, folder
        folder.mkdir()
        self._wired: MeddledPerformer | None = None
        self._bench: MeddledBench | None = None
        self._agents: MeddledAgents | None = None
        self._made = 0
        # Beside clients stands one server for all: that they are wrong is nothing to it.
        self._beside = self._started(PROFILES["open"], "127.0.0.1:9")

    async def hunt(self, one: Prey) -> list[Death]:
        """What becomes of a mutant before each of its cases; nothing that it does gets out."""
        mutant = one.mutant
        try:
            if isinstance(mutant, ServerMutant):
                return await self._in_server(mutant)
            if isinstance(mutant, AgentMutant):
                return await self._in_agent(mutant, one.language)
            if isinstance(mutant, ClientMutant):
                return await self._in_client(mutant, one.language)
            if isinstance(mutant, WireMutant) and mutant.kind is Kind.AGENT_WIRE:
                return await self._around(mutant, one.language)
            if isinstance(mutant, WireMutant) and one.language:
                return await self._behind(mutant, one.language)
            if isinstance(mutant, WireMutant):
                return await self._before(mutant)
            raise TypeError(type(mutant).__name__)
        except (DoesNotApply, BuildError, TargetError, AdapterFault, TimeoutError) as error:
            said = f"does not apply any more: {error}"
            return [Death(mutant, one.subject, "", False, said)]
        except Exception:  # noqa: BLE001 - whatever it is, the other mutants are hunted
            said = f"the suite failed: {traceback.format_exc(limit=-3)}"
            return [Death(mutant, one.subject, "", False, said)]

    async def stop(self) -> None:
        """End all that was started."""
        if self._wired is not None:
            await self._wired.stop()
        if self._bench is not None:
            await self._bench.leave()
        if self._agents is not None:
            await self._agents.stop()
        await self._beside.stop()

    async def _in_server(self, mutant: ServerMutant) -> list[Death]:
        copy = patches.grow(mutant, self._source, self._folder)

        def make(profile: Profile, subscriber: str) -> Target:
            return self._started(profile, subscriber, PYTHONPATH=str(copy))

        performer = ServerPerformer(self._contract, make)
        await performer.start()
        try:
            return await self._face(mutant, performer, "server")
        finally:
            await performer.stop()

    async def _face(self, mutant: Mutant, performer: Performer, subject: str) -> list[Death]:
        return [await face(mutant, one, self._cases, performer, subject) for one in mutant.killers]

    async def _in_client(self, mutant: ClientMutant, language: str) -> list[Death]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            sources = edits.grow(mutant, language, Path(folder))
            into = Path(folder) / "build"
            into.mkdir()
            command = await own_adapters.prepare(language, into, sources)
            bench = Bench(command, self._beside, self._contract)
            await bench.start()
            try:
                performer = ClientPerformer(bench, PATIENCE_SECONDS)
                return await self._face(mutant, performer, language)
            finally:
                await bench.leave()

    async def _in_agent(self, mutant: AgentMutant, language: str) -> list[Death]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            sources = edits.grow(mutant, language, Path(folder))
            into = Path(folder) / "build"
            into.mkdir()
            command = await own_adapters.prepare(language, into, sources, program="agent")
            bench = AgentBench(command, Path(folder), self._contract)
            try:
                await bench.start()
                performer = AgentPerformer(bench, PATIENCE_SECONDS)
                return await self._face(mutant, performer, language)
            finally:
                await bench.stop()

    async def _before(self, mutant: WireMutant) -> list[Death]:
        if self._wired is None:
            self._wired = MeddledPerformer(self._contract, self._started)
            await self._wired.start()
        self._wired.meet(mutant)
        return await self._face(mutant, self._wired, "server")

    async def _behind(self, mutant: WireMutant, language: str) -> list[Death]:
        if self._bench is None:
            command = await own_adapters.prepare(language, self._folder)
            self._bench = MeddledBench(command, self._beside, self._contract)
            await self._bench.start()
        self._bench.meet(mutant)
        performer = ClientPerformer(self._bench, PATIENCE_SECONDS)
        return await self._face(mutant, performer, language)

    async def _around(self, mutant: WireMutant, language: str) -> list[Death]:
        if self._agents is None:
            folder = self._folder / "agents"
            folder.mkdir()
            command = await own_adapters.command_of(language, folder, program="agent")
            self._agents = MeddledAgents(command, folder, self._contract)
            await self._agents.start()
        self._agents.meet(mutant)
        performer = AgentPerformer(self._agents)
        return await self._face(mutant, performer, language)

    def _started(self, profile: Profile, subscriber: str, **env: str) -> Started:
        self._made += 1
        data = self._folder / f"{profile.name}-{self._made}"
        return Started(
            reference.SERVER,
            reference.KEYS,
            profile,
            data,
            subscriber,
            reference.environment(**env),
        )
