"""Steps about receivers of webhooks, and about the client's types."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from signoff_conformance import signatures
from signoff_conformance.client_calling import Calling, Step


class MessageSteps(Calling):
    """Messages are signed and received; values are read and written."""

    async def _sign(self, step: Step) -> None:
        """Sign as a sender would, in the body form or, with an id, in the timestamped one."""
        told, body = step["sign"], _bytes(step["sign"])
        if "id" in told:
            made = signatures.timestamped(told["secret"], told["id"], told["timestamp"], body)
        else:
            made = signatures.body_signature(told["secret"], body)
        self._values.keep("signed", made)

    async def _receive(self, step: Step) -> None:
        told = dict(step["receive"])
        body = _bytes(told)
        if isinstance(told["now"], Mapping):
            told["now"] = sum(told["now"]["$sum"])
        names = ("form", "headers", "secrets", "now")
        message = {name: told[name] for name in names} | {"body": base64.b64encode(body).decode()}
        reply = await self._bench.adapter.ask("receive", **message)
        self._lacking(f"receive.{told['form']}", reply)
        self._judge(step, reply)

    async def _codec(self, step: Step) -> None:
        told = step["codec"]
        reply = await self._bench.adapter.ask("codec", type=told["type"], text=told["text"])
        self._lacking(f"codec.{told['type']}", reply)
        if "ok" in reply:
            reply = {"ok": json.loads(reply["ok"]["text"])}
        self._judge(step, reply)

    def _judge(self, step: Step, reply: Mapping[str, Any]) -> None:
        step = step.get("outcome", step)
        wanted = {"ok": step["gives"]} if "gives" in step else {"error": step["fails"]}
        self._expect(wanted, {name: reply[name] for name in reply if name != "id"}, "it answers")


def _bytes(told: Mapping[str, Any]) -> bytes:
    return told["body"].encode() if "body" in told else base64.b64decode(told["base64"])
