"""Attempts: work goes to who is there, comes back when a lease ends, and goes out again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from signoff_conformance.oracle.answers import ANYTHING
from signoff_conformance.oracle.chains import SYSTEM
from signoff_conformance.oracle.closing import Closing
from signoff_conformance.oracle.executions import Execution
from signoff_conformance.oracle.instances import Instance
from signoff_conformance.oracle.nodes import Nodes
from signoff_conformance.oracle.times import digest as sha256

INLINE: Final = "inline"
"""The reasoner whose agent answers the dispatch with the result."""
RESULT: Final = {"n": 1}
REFUSING: Final = "refuses"
"""The reasoner whose agent answers 422."""


class Leasing:
    """Hands work out and takes it back.

    Args:
        executions: all of them, by id.
        nodes: who is there.
        closing: ends executions.
    """

    def __init__(self, executions: Mapping[str, Execution], nodes: Nodes, closing: Closing) -> None:
        self._executions = executions
        self._nodes = nodes
        self._closing = closing
        nodes.in_hand = self.compare

    def settle(self, now: int) -> None:
        """Dispatch all that is due and has somebody to go to; answers to come are exact again."""
        for one in list(self._executions.values()):
            one.chain.moving = False
            while (instance := self._taker(one, now)) is not None:
                one.dispatch(instance, now)
                self._hear_answer(one, now)

    def mark(self, one: Execution, now: int) -> None:
        """Let answers be vague about an execution that is dispatched while they are given."""
        one.chain.moving = self._taker(one, now) is not None

    def first_due(self, now: int) -> int | None:
        """When the first execution by now is dispatched that waits for its time only."""
        due = (one.due_at for one in self._executions.values() if self._taker(one, now))
        return min((at for at in due if at is not None), default=None)

    def advance(self, ms: int, now: int) -> None:
        """Move the clock of the leases; the leases of who is silent end, each at its time."""
        until = self._nodes.leases_now + ms
        while (instance := self._nodes.next_end()) is not None and instance.ends_at() <= until:
            self._nodes.leases_now = max(self._nodes.leases_now, instance.ends_at())
            instance.away = True
            for one in self._held(instance):
                self.release(one, now, SYSTEM)
            self.settle(now)
        self._nodes.leases_now = until

    def release(self, one: Execution, now: int, actor: Any) -> None:
        """The lease of an execution ends."""
        if one.lease is not None:
            due = one.status == "running" or any(not row.heard for row in _decided(one))
            due = due or (not one.exhausted and _has_unheard_child(one))
            self._end(one, now, actor, due_at=now + one.pause_ms() if due else None)

    def suspend(self, one: Execution, now: int, actor: Any, waits_for: list[str] | None) -> None:
        """Its agent lets go of it until there is an answer."""
        if one.lease is None:
            return
        due_at: int | None = now
        if one.status == "running":
            due_at = now + one.pause_ms()
        elif not _answered(one, waits_for):
            due_at, one.idle = None, max(0, one.idle - 1)
        self._end(one, now, actor, due_at=due_at)

    def compare(self, instance: Instance, said: Mapping[str, Any], now: int) -> Any:
        """What an instance has in hand, beside what it holds; whether its list is wanted.

        Where its sign of life brings it work, that may be leased to it before the two are compared.
        """
        wanted = self._compare(instance, said, now)
        comes = any(self._taker(one, now) is instance for one in self._executions.values())
        return ANYTHING if comes else wanted

    def _compare(self, instance: Instance, said: Mapping[str, Any], now: int) -> bool:
        held = {one.attempt_id: one for one in self._held(instance)}
        if said["count"] == len(held) and said["digest"] == digest(held):
            instance.lacking = frozenset()
            return False
        if "executions" not in said:
            return True
        lacking = frozenset(held).difference(said["executions"])
        for lost in sorted(lacking & instance.lacking):
            self.release(held[lost], now, SYSTEM)
        instance.lacking = lacking
        return bool(lacking)

    def held(self, instance: Instance) -> list[str]:
        """The attempt ids that an instance holds."""
        return [one.attempt_id for one in self._held(instance)]

    def _held(self, instance: Instance) -> list[Execution]:
        return [one for one in self._executions.values() if one.lease is instance]

    def _taker(self, one: Execution, now: int) -> Instance | None:
        due = one.due_at is not None and one.due_at <= now
        return self._nodes.worker(one.node_id) if due else None

    def _end(self, one: Execution, now: int, actor: Any, *, due_at: int | None) -> None:
        if due_at is not None and one.exhausted:
            self._closing.finish(one, "failed", now, actor, reason="attempts_exhausted")
        else:
            one.let_go(now, actor, due_at=due_at)

    def _hear_answer(self, one: Execution, now: int) -> None:
        name = one.target.partition(".")[2]
        if name == INLINE:
            report = {"status": "succeeded", "result": RESULT}
            self._closing.finish(one, "succeeded", now, ANYTHING, report)
        elif name == REFUSING:
            self._closing.finish(one, "failed", now, ANYTHING)


def digest(attempt_ids: Any) -> str:
    """Of what is in hand, as heartbeats say it; of the oracle's own ids."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(attempt_ids)).encode()).hexdigest()


def _answered(one: Execution, waits_for: list[str] | None) -> bool:
    """Whether something that it waits for has come to its end."""
    if waits_for is None:
        return any(not row.heard for row in _decided(one))
    open_ = {row.id for row in one.pending()}
    open_ |= {child.id for child in one.children if not child.finished}
    return any(name not in open_ for name in waits_for)


def _has_unheard_child(one: Execution) -> bool:
    """Whether a child has ended that no recorded call stands for."""
    steps = [step for step in one.steps.values() if step["kind"] == "call"]
    heard = Counter((step["name"], step["input_sha256"]) for step in steps)
    ended = [child for child in one.children if child.finished]
    inputs = ((child.target, sha256(child.body.get("input", {}))) for child in ended)
    return bool(Counter(inputs) - heard)


def _decided(one: Execution) -> list[Any]:
    return [row for row in one.requests if not row.pending]
