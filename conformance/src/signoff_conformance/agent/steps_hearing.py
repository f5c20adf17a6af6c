"""Steps that wait for what the agent says, and look at it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from signoff_conformance import matching
from signoff_conformance.agent.judging import Judging, Step
from signoff_conformance.agent.runs import Event
from signoff_conformance.runner import Failed

FEW: Final = 1000
"""Characters of a message about many attempts."""

PAGE: Final = 1000
"""Attempts on a page of the list of what is in hand: see the contract."""


class HearingSteps(Judging):
    """Questions, records, calls, notes, reports, heartbeats, and what was done."""

    async def _asks(self, step: Step) -> None:
        await self._heard(step, "ask", step["asks"], "asks for no approval")

    async def _records(self, step: Step) -> None:
        await self._heard(step, "record", step["records"], "records no step")

    async def _calls(self, step: Step) -> None:
        await self._heard(step, "call", step["calls"], "calls nobody")

    async def _notes(self, step: Step) -> None:
        await self._heard(step, "note", step["notes"], "leaves no note")

    async def _reports(self, step: Step) -> None:
        await self._heard(step, "report", step["reports"], "does not report")

    async def _heard(self, step: Step, kind: str, of: str, nothing: str) -> None:
        one = self._run(of)

        def found() -> Event | None:
            events = self._bench.plane.events
            fits = (e for e in events if e.kind == kind and e.execution == one.id and not e.taken)
            return next(fits, None)

        await self._until(
            lambda: found() is not None,
            lambda: f"{of} {nothing}",
            None if kind == "report" else one,
        )
        event = found()
        assert event is not None  # noqa: S101 - see above
        event.taken = True
        value: dict[str, Any] = {**event.said, "attempt_id": event.attempt_id}
        value |= {name: event.stored[name] for name in ("key", "target") if name in event.stored}
        self._expect(step.get("expect", {}), value, f"what it says ({kind})")
        if "keep" in step:
            self._values.keep(step["keep"], {**event.stored, **value})

    async def _did(self, step: Step) -> None:
        """What the executions' attempts have done, exactly, once nothing more is to come."""
        one = self._run(step["of"])
        if step.get("settled", False):
            await self._beat()
        rows = self._bench.did(one.id)
        told = [{"did": row["did"], "attempt": row["attempt"]} for row in rows]
        wanted = step["did"]
        if isinstance(wanted, list):
            wanted = [one if isinstance(one, dict) else {"did": one} for one in wanted]
        self._expect(wanted, told, f"what {step['of']} has done")

    async def _opened(self, step: Step) -> None:
        """How many questions there are of an execution."""
        gates = self._run(step["of"]).gates
        self._expect(step["opened"], len(gates), f"questions of {step['of']}")

    async def _beats(self, step: Step) -> None:
        """A heartbeat comes that tells what is in hand: exactly these attempts."""
        ids = sorted(step["beats"])
        digest = hashlib.sha256("".join(f"{one}\n" for one in ids).encode()).hexdigest()
        wanted: list[dict[str, Any]] = [{"count": len(ids), "digest": digest}]
        if not step.get("listed", True):
            wanted[0]["executions"] = {"$absent": True}
        elif "listed" in step:
            pages = [ids[at : at + PAGE] for at in range(0, len(ids), PAGE)] or [[]]
            wanted = [
                wanted[0] | {"executions": page, "page": number, "pages": len(pages)}
                for number, page in enumerate(pages, 1)
            ]
        beats = self._bench.plane.beats
        first = len(beats)

        def fits() -> bool:
            told = [beat.get("in_hand", {}) for beat in beats[first:]]
            ends = range(len(wanted), len(told) + 1)
            return any(
                not matching.differences(wanted, told[end - len(wanted) : end]) for end in ends
            )

        def otherwise() -> str:
            last = beats[-1].get("in_hand") if len(beats) > first else "nothing"
            say = "no heartbeat says" if len(wanted) == 1 else "no heartbeats in a row say"
            return f"{say} {_few(wanted)}; the last one says {_few(last)}"

        await self._until(fits, otherwise)
        self.checks += 1

    async def _passes(self, step: Step) -> None:
        """Let heartbeats pass: the agent lives, and what it was to do is done."""
        await self._beat(step["passes"])

    async def _silent(self, step: Step) -> None:
        """No report of the execution was accepted that no step has looked at."""
        one = self._run(step["silent"])
        await self._beat()
        left = [
            event
            for event in self._bench.plane.events
            if event.execution == one.id and not event.taken
        ]
        self.checks += 1
        if left:
            told = ", ".join(f"{event.kind} {matching.shown(dict(event.said))}" for event in left)
            raise Failed(f"{step['silent']} was to be silent, and says: {told}")


def _few(said: Any) -> str:
    """What is said of many attempts, short enough to be read."""
    text = json.dumps(said)
    return text if len(text) <= FEW else f"{text[:FEW]}…"
