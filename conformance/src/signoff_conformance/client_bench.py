"""What a case about a client stands on: the client's adapter, a server, and the proxy between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from signoff_conformance.adapter import PROTOCOL, Adapter, AdapterFault
from signoff_conformance.contract import Contract
from signoff_conformance.proxy import Proxy
from signoff_conformance.target import Target
from signoff_conformance.traffic import Exchange
from signoff_conformance.wire import Wire

STARTED_MS: Final = 1_767_605_400_000
"""Where the injected clock of every client begins: 2026-01-05T09:30:00.000Z."""

KEY: Final = "conformance-key"
"""What clients are opened with where the server has no keys: nothing may carry it elsewhere."""


class Bench:
    """One adapter, one server and one proxy, used for case after case.

    Args:
        command: starts the adapter.
        target: the server that answers.
        contract: what requests must fit.
    """

    def __init__(self, command: Sequence[str], target: Target, contract: Contract) -> None:
        self._command = command
        self.target = target
        self.contract = contract
        self.proxy = Proxy(target.url, self._operation_of)
        self.adapter = self._new_adapter(command)
        self.hello: Mapping[str, Any] = {}
        self.kept: list[Exchange] = []
        """What the runner itself has sent to the server."""
        self.wire = Wire(target.url, self.kept)

    async def start(self) -> None:
        """Start all three.

        Raises:
            AdapterFault: the adapter is none.
            TargetError: the server cannot be started.
        """
        await self.target.start()
        await self.proxy.start()
        self.hello = await self.adapter.start()

    async def stop(self) -> None:
        """End all three."""
        await self.leave()
        await self.target.stop()

    async def leave(self) -> None:
        """End the adapter and the proxy; the server stays for others."""
        await self.adapter.stop()
        await self.proxy.stop()
        await self.wire.close()

    async def clean(self) -> None:
        """Begin a case: an empty server, nothing recorded, nothing armed.

        Raises:
            AdapterFault: the adapter cannot be started again.
        """
        stuck = self.adapter.busy and "cancel" in self.hello.get("lacks", ())
        if stuck or self.adapter.fault is not None:
            await self._again()
        await self.target.start()
        await self.proxy.start()
        self.proxy.upstream = self.target.url
        # What the client of the case before still has in hand ends here, and what it says of it.
        await self.open()
        self.proxy.reset()
        # It may share its connections with the next one. Asked before it has heard that they are
        # closed, that one would lose a request. Who answers has come round to what was before.
        await self.proxy.hung_up()
        await self.adapter.ask("hello", protocol=PROTOCOL)
        self.kept.clear()
        self.adapter.events.clear()
        self.adapter.log.clear()
        if self.target.control is not None:
            await self.target.control.reset()
            await self.target.control.set(STARTED_MS)

    async def open(self, **settings: Any) -> None:
        """Give the adapter a new client.

        Raises:
            AdapterFault: it does not take it.
        """
        reply = await self.opened(**settings)
        if "ok" not in reply:
            raise AdapterFault(f"open: {reply}")

    async def opened(self, **settings: Any) -> Mapping[str, Any]:
        """What the adapter answers when it is to make a client with such settings."""
        injected = {"mode": "injected", "now_ms": STARTED_MS}
        clock = injected if self.able("clock") else {"mode": "real"}
        message = {"server_url": self.proxy.url, "api_key": self.key, "clock": clock, **settings}
        message = {name: value for name, value in message.items() if value is not None}
        return await self.adapter.ask("open", **message)

    @property
    def key(self) -> str:
        """The key that clients are opened with."""
        return self.target.keys.get("admin", KEY)

    def able(self, ability: str) -> bool:
        """Whether the adapter claims an ability."""
        return bool(self.hello["abilities"].get(ability, False))

    def transcript(self) -> list[Any]:
        """What the case that runs has exchanged, as JSON values."""
        wire = [{"wire": one.told()} for one in self.proxy.exchanges]
        mine = [{"runner": one.shown()} for one in self.kept]
        strays = [{"elsewhere": one.told()} for one in self.proxy.strays]
        return [*mine, *wire, *strays, *({"adapter": line} for line in self.adapter.log)]

    def _new_adapter(self, command: Sequence[str]) -> Adapter:
        return Adapter(command, self.proxy.changed)

    def _operation_of(self, method: str, path: str) -> str:
        operation = self.contract.find(method, path)
        return operation.id if operation else ""

    async def _again(self) -> None:
        fault = self.adapter.fault
        self.adapter.kill()
        await self.adapter.stop()
        self.adapter = self._new_adapter(self._command)
        try:
            self.hello = await self.adapter.start()
        except AdapterFault:
            raise fault or AssertionError from None
