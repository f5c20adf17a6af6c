"""What a case about an agent stands on: the agent, the played control plane, the proxy between."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from signoff_conformance import signatures
from signoff_conformance.adapter import AdapterFault
from signoff_conformance.agent.plane import KEY, Plane
from signoff_conformance.agent.process import Process
from signoff_conformance.agent.runs import Execution
from signoff_conformance.contract import Contract
from signoff_conformance.proxy import Proxy
from signoff_conformance.runner import Failed
from signoff_conformance.traffic import Exchange
from signoff_conformance.wire import Wire

START_SECONDS: Final = 30.0
"""How long an agent may take to register after its start."""

LATER_SECONDS: Final = 1.0

SETTINGS: Final[Mapping[str, Any]] = {"shutdown_ms": 300}
"""What agents are started with, where a case does not say otherwise."""

SIGNED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Bench:
    """One agent, used for case after case.

    Args:
        command: starts the agent.
        folder: its log is written there.
        contract: what requests and answers must fit.
    """

    def __init__(self, command: Sequence[str], folder: Path, contract: Contract) -> None:
        self._command = command
        self._folder = folder
        self.contract = contract
        self.proxy = Proxy("", self._operation_of)
        self.plane = Plane(contract, self.proxy.changed)
        self.process: Process | None = None
        self.hello: Mapping[str, Any] = {}
        self.kept: list[Exchange] = []
        """What was sent to the agent in the case that runs."""
        self._settings: Mapping[str, Any] = SETTINGS
        self._wires: dict[str, Wire] = {}
        self._sent = 0

    async def start(self) -> None:
        """Start all three, and see the agent register.

        Raises:
            AdapterFault: the agent does not start, or does not say what it is.
        """
        await self.plane.start()
        self.proxy.upstream = self.plane.url
        await self.proxy.start()
        await self.launch(SETTINGS)
        await self.registered()

    async def stop(self) -> None:
        """End all three."""
        await self._end()
        for wire in self._wires.values():
            await wire.close()
        await self.proxy.stop()
        await self.plane.stop()

    async def launch(self, settings: Mapping[str, Any]) -> None:
        """Start a process of the agent, in the place of the one before."""
        await self._end()
        self._settings = settings
        self.plane.forget()
        env = {
            "SIGNOFF_SERVER": self.address,
            "SIGNOFF_API_KEY": KEY,
            "SIGNOFF_AGENT_HOST": "127.0.0.1",
            "PORT": "0",
            "CONFORMANCE_SETTINGS": json.dumps(dict(settings)),
        }
        log = self._folder / "agent.log"
        self.process = Process(self._command, env, log, self.proxy.changed)
        await self.process.start()

    async def registered(self) -> None:
        """Come back when the agent is registered and has said its hello.

        Raises:
            AdapterFault: it does not come to that.
        """
        process = self.running
        await self.proxy.changed.until(
            lambda: self.plane.known or process.exit is not None, START_SECONDS
        )
        if not self.plane.known:
            how = f"ended (exit {process.exit})"
            if process.exit is None:
                told = self.plane.instance is not None
                how = "registers and sends no heartbeat" if told else "does not register"
            raise AdapterFault(f"{' '.join(self._command)}: it {how}{process.last_words()}")
        hello = process.hello()
        if hello is None:
            raise AdapterFault("it has registered without a hello in its log")
        self.hello = hello

    async def clean(self, settings: Mapping[str, Any] = SETTINGS) -> None:
        """Begin a case: the agent runs with these settings, nothing is in hand or armed.

        Raises:
            AdapterFault: it cannot be started again.
        """
        await self.proxy.start()
        self.proxy.disarm()
        if not self._runs_with(settings) or not await self._empty():
            self.plane.clear()
            await self.launch(settings)
            await self.registered()
        self.proxy.forget()
        self.plane.clear()
        self.kept.clear()

    def _runs_with(self, settings: Mapping[str, Any]) -> bool:
        process = self.process
        lives = process is not None and process.exit is None and not process.expected
        return lives and self._settings == settings

    @property
    def address(self) -> str:
        """Where the agent finds the control plane."""
        return self.proxy.url

    @property
    def running(self) -> Process:
        """The process, which must be there."""
        if self.process is None:
            raise RuntimeError("the agent is not started")
        return self.process

    def able(self, ability: str) -> bool:
        """Whether the agent claims an ability."""
        return bool(self.hello.get("abilities", {}).get(ability, False))

    def look(self) -> None:
        """Raise Failed when the agent has ended though nobody told it to."""
        process = self.running
        if process.exit is not None and not process.expected:
            raise Failed(f"the agent has ended (exit {process.exit}){process.last_words()}")

    async def send(
        self,
        message: str,
        path: str,
        body: bytes,
        message_id: str,
        headers: Mapping[str, str] | None = None,
        sign: Mapping[str, Any] | None = None,
    ) -> Exchange:
        """Send a message to the agent, signed; `sign` says how the signature is not as usual."""
        base = self._base()
        wire = self._wires.setdefault(base, Wire(base, self.kept))
        signed = self._signed(body, message_id, sign or {})
        sent = {"Content-Type": "application/json", **(headers or {}), **signed}
        exchange = await wire.send("POST", path, sent, body)
        exchange.message = message
        process = self.running
        if not exchange.status and not process.expected:
            # Its end may be seen a little later than that it does not answer.
            await self.proxy.changed.until(lambda: process.exit is not None, LATER_SECONDS)
        self.look()
        return exchange

    async def dispatch(self, one: Execution, **how: Any) -> Exchange:
        """Dispatch the newest attempt of an execution."""
        attempt_id = how.pop("attempt_id", one.attempt_id())
        body = how.pop("body", None)
        if body is None:
            given = one.input
            if isinstance(given, Mapping) and "do" in given:
                given = {**given, "attempt": attempt_id}
            body = json.dumps(given, ensure_ascii=False).encode()
        headers = {
            "X-Execution-ID": attempt_id,
            "X-Run-ID": one.run_id,
            "X-Workflow-ID": one.run_id,
            **how.pop("headers", {}),
        }
        name = one.reasoner
        path = f"/reasoners/{_encoded(name) if how.pop('encoded', False) else name}"
        return await self.send("dispatchExecution", path, body, attempt_id, headers, **how)

    async def call_back(self, told: Mapping[str, Any], **how: Any) -> Exchange:
        """Tell the agent of a decision."""
        body = json.dumps(told, ensure_ascii=False).encode()
        return await self.send(
            "approvalCallback", "/webhooks/approval", body, self._message_id(), **how
        )

    async def cancel(
        self, attempt_id: str, path_id: str = "", *, encoded: bool = False, **how: Any
    ) -> Exchange:
        """Tell the agent to stop an attempt."""
        body = json.dumps({"execution_id": attempt_id, "reason": "the case is over"}).encode()
        name = path_id or attempt_id
        path = f"/_internal/executions/{_encoded(name) if encoded else name}/cancel"
        return await self.send("cancelAgentExecution", path, body, self._message_id(), **how)

    def transcript(self) -> list[Any]:
        """What the case that runs has exchanged, as JSON values."""
        wire = [
            {"wire": one.told()} for one in self.proxy.exchanges if one.operation != "heartbeatNode"
        ]
        return [*({"to_agent": one.shown()} for one in self.kept), *wire]

    def _signed(self, body: bytes, message_id: str, sign: Mapping[str, Any]) -> dict[str, str]:
        """The headers of a signature."""
        if sign.get("form") == "none":
            return {}
        secret = self.plane.former if sign.get("secret") == "former" else self.plane.secret
        if sign.get("form") == "body":
            return {"X-Webhook-Signature": signatures.body_signature(secret, body)}
        stamp = int(time.time()) + sign.get("offset_s", 0)
        signed_id = sign.get("id", message_id)
        over = sign["over"].encode() if "over" in sign else body
        made = signatures.timestamped(secret, sign.get("over_id", signed_id), stamp, over)
        values = (signed_id, str(stamp), sign.get("before", "") + made)
        left_out = sign.get("without", ())
        return {name: v for name, v in zip(SIGNED, values, strict=True) if name not in left_out}

    def _base(self) -> str:
        """Where the agent takes what it is sent."""
        return str((self.plane.instance or {}).get("base_url", "")).rstrip("/")

    def did(self, execution_id: str) -> list[Mapping[str, Any]]:
        """What the attempts of an execution have done."""
        return list(self.running.did(execution_id))

    def _message_id(self) -> str:
        self._sent += 1
        return f"msg_019a8f2e-7c00-7000-8000-{self._sent:012d}"

    async def _empty(self) -> bool:
        """Whether the agent has let go of all that earlier cases have left in its hands."""
        if not self.plane.executions:
            return True
        for one in self.plane.executions.values():
            for number in range(one.attempt if one.end is None else 0):
                try:
                    await self.cancel(one.attempt_id(number + 1))
                except Failed:
                    return False
            one.end = one.end or {"status": "cancelled"}
        self.proxy.changed.tell()
        self.plane.beats.clear()
        # A heartbeat that says so: it may be the second, when the first was on its way.
        return await self.proxy.changed.until(
            lambda: any(one.get("in_hand", {}).get("count") == 0 for one in self.plane.beats), 3.0
        )

    async def _end(self) -> None:
        if self.process is not None:
            await self.process.stop()

    def _operation_of(self, method: str, path: str) -> str:
        operation = self.contract.find(method, path)
        return operation.id if operation else ""


def _encoded(segment: str) -> str:
    """A segment of a path with all of it percent-encoded: the same address, written otherwise."""
    return "".join(f"%{byte:02X}" for byte in segment.encode())
