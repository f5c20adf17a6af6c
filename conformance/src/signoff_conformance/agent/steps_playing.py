"""Steps in which the case is the control plane: it dispatches, decides, cancels, forgets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance.agent import records
from signoff_conformance.agent.judging import Judging, Step
from signoff_conformance.agent.runs import Execution
from signoff_conformance.runner import Failed
from signoff_conformance.traffic import Exchange

AT_ONCE: Final = 20
"""So many of many dispatches are on their way together."""


class PlayingSteps(Judging):
    """What the agent is sent, and what is stored without it."""

    async def _dispatch(self, step: Step) -> None:
        """Dispatch a new execution, the next attempt of one, or the same attempt again."""
        told = step["dispatch"]
        one = self._execution(told)
        names = ("sign", "attempt_id", "headers", "encoded")
        how = {name: told[name] for name in names if name in told}
        if "text" in told:
            how["body"] = told["text"].encode()
        times = told.get("times", 1)
        sent = [self._bench.dispatch(one, **dict(how)) for _ in range(times)]
        receipt = {"status": {"$type": "string"}, "execution_id": one.attempt_id()}
        usual = {"status": 202, "body": receipt}
        for exchange in await asyncio.gather(*sent):
            self._answered(step, exchange, usual)

    async def _dispatches(self, step: Step) -> None:
        """Dispatch many executions that do the same, and keep their attempt ids."""
        told = step["dispatches"]
        self._lacking(told["do"])
        plane = self._bench.plane
        every = [plane.execution("script", {"do": told["do"]}) for _ in range(told["count"])]
        for at in range(0, len(every), AT_ONCE):
            some = every[at : at + AT_ONCE]
            sent = await asyncio.gather(*(self._bench.dispatch(one) for one in some))
            for one, exchange in zip(some, sent, strict=True):
                usual = {"status": 202, "body": {"execution_id": one.id}}
                self._answered(step, exchange, usual)
        self._values.keep(told["as"], {"attempt_ids": [one.attempt_id() for one in every]})

    def _execution(self, told: Mapping[str, Any]) -> Execution:
        name = told.get("as", "run")
        if "again" in told or "same" in told:
            one = self._run(told.get("again", told.get("same")))
            one.attempt += "again" in told
            if "do" in told:
                one.input = {"do": told["do"]}
        else:
            given = {"do": told["do"]} if "do" in told else told.get("input", {"do": []})
            one = self._bench.plane.execution(told.get("reasoner", "script"), given)
        if isinstance(one.input, Mapping):
            self._lacking(one.input.get("do", ()))
        self._name(name if "as" in told else self._named(one, name), one)
        return one

    def _named(self, one: Execution, otherwise: str) -> str:
        return next((name for name, known in self._runs.items() if known is one), otherwise)

    async def _callback(self, step: Step) -> None:
        """Tell the agent of a decision, which is stored first unless `told` says otherwise."""
        told = step["callback"]
        gate = self._gate(told["ask"])
        one = self._bench.plane.executions[gate["execution_id"]]
        if "decision" in told and "decided_at" not in gate:
            records.decided(gate, told)
        attempt_id = told.get("attempt_id", one.attempt_id())
        body = records.callback(gate, attempt_id) | told.get("edit", {})
        how = {"sign": told["sign"]} if "sign" in told else {}
        exchange = await self._bench.call_back(body, **how)
        # It may be faster than the answer to the question: then nobody waits for it yet.
        said = {"status": {"$type": "string"}, "resolved": {"$type": "boolean"}}
        usual = {"status": 200, "body": said}
        self._answered(step, exchange, usual)

    async def _decide(self, step: Step) -> None:
        """Decide a request; nobody is told."""
        told = step["decide"]
        records.decided(self._gate(told["ask"]), told)

    async def _cancel(self, step: Step) -> None:
        """Tell the agent to stop an attempt."""
        told = step["cancel"]
        attempt_id = told.get("attempt_id") or self._run(told.get("of", "run")).attempt_id()
        how = {name: told[name] for name in ("sign", "path_id", "encoded") if name in told}
        self._answered(step, await self._bench.cancel(attempt_id, **how), {"status": 200})

    async def _alter(self, step: Step) -> None:
        """Change a recorded step, so that its value can only come from there."""
        told = step["alter"]
        stored = self._run(told.get("of", "run")).steps[told["key"]]
        stored.pop("result", None)
        stored.pop("error", None)
        stored.update({name: told[name] for name in ("result", "error") if name in told})

    async def _fence(self, step: Step) -> None:
        """The next attempt runs elsewhere."""
        one = self._run(step["fence"])
        one.attempt += 1

    async def _finish(self, step: Step) -> None:
        """An execution comes to its end elsewhere."""
        told = step["finish"]
        of = told["of"]
        one = self._runs[of] if of in self._runs else self._child(of)
        one.end = {name: told[name] for name in told if name != "of"}
        self._bench.proxy.changed.tell()

    async def _forget(self, step: Step) -> None:
        del step
        self._bench.plane.forget()

    async def _plane(self, step: Step) -> None:
        """Settings of the control plane: `page`, `resync`."""
        for name, value in step["plane"].items():
            setattr(self._bench.plane, name, value)

    def _gate(self, name: str) -> dict[str, Any]:
        approval_id = self._values.get(name)["id"]
        for one in self._bench.plane.executions.values():
            if (gate := one.gate(approval_id)) is not None:
                return gate
        raise ValueError(f"the case has kept no request as {name}")

    def _child(self, name: str) -> Execution:
        return self._bench.plane.executions[self._values.get(name)["id"]]

    def _answered(self, step: Step, exchange: Exchange, usual: Mapping[str, Any]) -> None:
        """Compare the agent's answer; it must be one that the contract has, too."""
        if not exchange.status and "answers" not in step:
            raise Failed(f"{exchange.message}: it gives no answer ({exchange.note})")
        value = {"status": exchange.status, "body": exchange.json()}
        self._expect(step.get("answers", usual), value, f"its answer to {exchange.message}")
        message = self._bench.contract.messages[exchange.message or ""]
        if exchange.status and exchange.status not in message.responses:
            raise Failed(f"it answers {exchange.message} by {exchange.status}: no such answer")
