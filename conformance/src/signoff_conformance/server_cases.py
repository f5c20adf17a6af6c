"""Performing server cases: each on a server that was emptied, in the profile that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from signoff_conformance import steps
from signoff_conformance.cases import Case, Variant
from signoff_conformance.contract import Contract
from signoff_conformance.control import Control, ControlError
from signoff_conformance.endpoints import Host
from signoff_conformance.profiles import PROFILES, Profile
from signoff_conformance.runner import Failed, NotSupported, TargetError
from signoff_conformance.stage import Stage
from signoff_conformance.target import Target
from signoff_conformance.traffic import Exchange

MakeTarget = Callable[[Profile, str], Target]
"""Makes the server of a profile; the second argument is host:port of the subscriber."""


class ServerPerformer:
    """Performs server cases on servers of its own, one for each profile.

    Args:
        contract: what the traffic is checked by.
        make: makes the servers as they are needed.
        profiles: those that there are; a case for another one is not supported.
        seen: told of all traffic of each case.
        subject: its name in the report.
        host: where agents and subscribers listen; by default one of its own.
    """

    def __init__(
        self,
        contract: Contract,
        make: MakeTarget,
        profiles: Mapping[str, Profile] = PROFILES,
        seen: Callable[[Sequence[Exchange]], None] = lambda _: None,
        subject: str = "server",
        host: Host | None = None,
    ) -> None:
        self.subject = subject
        self.checks = 0
        self._contract = contract
        self._make = make
        self._profiles = profiles
        self._seen = seen
        self._targets: dict[str, Target] = {}
        self._unusable: dict[str, TargetError] = {}
        """Profiles whose server did not start: it is not waited for again in each case."""
        self._used: set[str] = set()
        """Profiles whose server may hold something."""
        self._traffic: list[Exchange] = []
        self._host = host or Host()

    async def start(self) -> None:
        """Be there for the messages that the servers send."""
        await self._host.start()

    async def stop(self) -> None:
        """End all servers."""
        for target in self._targets.values():
            await target.stop()
        await self._host.stop()

    async def prepare(self, case: Case) -> None:
        """Have the server of the case there, and empty as far as it can be.

        Raises:
            NotSupported, Untestable, TargetError, Failed: it can't be.
        """
        self.checks, self._traffic = 0, []
        target = await self._target(case.server)
        if target.control is not None:
            await _empty(target)
        elif case.server in self._used:
            self._used.discard(case.server)
            await target.renew()
        if "test_control" in case.needs and target.control is None:
            raise NotSupported("the server is run without test control")
        if "empty" in case.needs and not target.is_emptied:
            raise NotSupported("the server holds more than the case has made, and can't be emptied")

    async def perform(self, case: Case, variant: Variant) -> None:
        """Perform one case in one variant on the server that was prepared."""
        target = self._targets[case.server]
        stage = Stage(self._contract, target, self._host, variant.values)
        self._traffic = stage.traffic
        try:
            await steps.perform(stage, case.steps)
            stage.check_traffic()
        finally:
            self.checks = stage.checks
            await stage.close()
            self._seen(stage.traffic)
            if any(_changes(one) for one in stage.traffic):
                self._used.add(case.server)
            await target.start()  # where a case has killed it

    def transcript(self) -> Sequence[Any]:
        """What went over the wire in the last case."""
        return [exchange.shown() for exchange in self._traffic[-60:]]

    async def _target(self, name: str) -> Target:
        if name not in self._profiles:
            raise NotSupported(f"there is no server in the profile {name} in this run")
        if name not in self._targets:
            await self._first(name)
        await self._targets[name].start()
        return self._targets[name]

    async def _first(self, name: str) -> None:
        if name in self._unusable:
            raise self._unusable[name]
        target = self._make(self._profiles[name], self._host.address)
        try:
            await target.start()
        except TargetError as error:
            self._unusable[name] = error
            await target.stop(kill=True)
            raise
        self._targets[name] = target


def _changes(exchange: Exchange) -> bool:
    """Whether the server may hold something after it."""
    fine = 200 <= exchange.status < 300
    return exchange.message is None and exchange.method != "GET" and (fine or not exchange.status)


async def _empty(target: Target) -> None:
    """Empty the store; a server that can't any more is started anew, once."""
    if target.control is None:
        return
    try:
        await _reset(target.control)
    except ControlError:
        await target.stop(kill=True)
        await target.start()
        try:
            await _reset(target.control)
        except ControlError as error:
            raise Failed(str(error)) from None


async def _reset(control: Control) -> None:
    await control.disarm()
    await control.reset()
    await control.advance(0)
