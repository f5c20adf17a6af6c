"""What one case has while it is performed: the server, what was kept, who plays which part."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from signoff_conformance import matching, profiles
from signoff_conformance.contract import Contract, Operation
from signoff_conformance.control import Control
from signoff_conformance.endpoints import Endpoint, Host
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.target import Target
from signoff_conformance.traffic import Exchange, violations
from signoff_conformance.values import Values
from signoff_conformance.wire import Wire


class Stage:
    """One case on one server."""

    def __init__(
        self, contract: Contract, target: Target, host: Host, given: Mapping[str, Any]
    ) -> None:
        self.contract = contract
        self.target = target
        self.host = host
        self.traffic: list[Exchange] = []
        self.wire = Wire(target.url, self.traffic)
        self.endpoints: dict[str, Endpoint] = {}
        self.holds: dict[str, asyncio.Event] = {}
        self.background: dict[str, asyncio.Task[Any]] = {}
        self.checks = 0
        fresh = uuid.uuid4().hex[:8]
        self.values = Values(
            {
                "node": profiles.NODE if target.is_emptied else f"{profiles.NODE}-{fresh}",
                "other_node": profiles.OTHER_NODE,
                "own_id": f"own-{fresh}",
                "claim": f"claim-{'4711' if target.is_emptied else fresh}",
                "draft": f"draft-{'review' if target.is_emptied else fresh}",
                "fresh": fresh,
                "host": host.address,
                "zeros": "0" * 64,
                "notify_secret": profiles.NOTIFY_SECRET,
                **given,
            },
            {"text": _long_text, "nested": _nested, "number": int, "in_hand": self._in_hand},
        )

    def _in_hand(self, argument: str) -> str:
        """``${in_hand:one,other}``: the digest of the attempt ids that these names stand for."""
        attempts = sorted(str(self.values.get(name)) for name in argument.split(","))
        return hashlib.sha256("".join(f"{one}\n" for one in attempts).encode()).hexdigest()

    @property
    def control(self) -> Control:
        """The server's test control.

        Raises:
            NotSupported: it has none.
        """
        if self.target.control is None:
            raise NotSupported("the server is run without test control: its clock can't be moved")
        return self.target.control

    async def settle(self) -> None:
        """Let the server do what it has to do now."""
        await self.control.settle()

    def operation(self, operation_id: str) -> Operation:
        """An operation of the contract."""
        return self.contract.operations[operation_id]

    def endpoint(self, name: str) -> Endpoint:
        """An agent or subscriber that the case plays."""
        if name not in self.endpoints:
            raise ValueError(f"the case has no agent or subscriber {name}")
        return self.endpoints[name]

    def expect(self, what: str, right: Any, value: Any) -> None:
        """Compare a value with what is expected of it.

        Raises:
            Failed: it differs.
        """
        self.checks += 1
        found = matching.differences(right, value)
        if found:
            raise Failed(f"{what}: {'; '.join(found)}")

    def check_traffic(self) -> None:
        """Raise Failed when something that went over the wire is not as the contract has it."""
        lines = [line for one in self.traffic for line in violations(self.contract, one)]
        lines += [line for one in self.endpoints.values() for line in one.faults]
        lines += [f"{one} was sent, to where nobody listens" for one in self.host.strays]
        if lines:
            more = f" (and {len(lines) - 3} more)" if len(lines) > 3 else ""
            raise Failed("against the contract: " + "; ".join(lines[:3]) + more)

    async def close(self) -> None:
        """End what the case has left behind."""
        for hold in self.holds.values():
            hold.set()
        for task in self.background.values():
            task.cancel()
        await asyncio.gather(*self.background.values(), return_exceptions=True)
        await self.wire.close()
        self.host.clear()


def _long_text(argument: str) -> str:
    """``${text:500}``: so many characters."""
    return "x" * int(argument)


def _nested(argument: str) -> Any:
    """``${nested:128}``: so many arrays inside one another."""
    value: Any = 0
    for _ in range(int(argument)):
        value = [value]
    return value
