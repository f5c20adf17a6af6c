"""Executions: their states, the moves between them, and the clock that runs while they run.

An execution waits exactly while it, or an unfinished execution below it, has a pending approval
request: :meth:`Execution.count` keeps that, one execution at a time. Its running clock counts only
while it is running *and* an instance holds its lease; :class:`Execution` starts and stops it with
whatever changes either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signoff.canonical import GENESIS
from signoff.contract_gen import ExecutionStatus
from signoff.server.domain.errors import Conflict
from signoff.server.domain.event import SERVER, Actor, Chain, EventType
from signoff.server.domain.node import AttemptId
from signoff.server.domain.store import Row, Statement, Value
from signoff.server.domain.transition import Transition

QUEUED = ExecutionStatus.QUEUED
RUNNING = ExecutionStatus.RUNNING
WAITING = ExecutionStatus.WAITING

STATES: Mapping[ExecutionStatus, str] = {
    QUEUED: "Put here by execute, and again when the lease of a running one ends. Nobody works on "
    "it; the dispatcher sends it to a live instance of its node when `dispatch_at` has come.",
    RUNNING: "An instance works on it, or is about to: a decision may find it without a lease, "
    "then it is due for dispatch. Its running clock counts while it has a lease.",
    WAITING: "It, or an unfinished execution below it, waits for a person. Its clock stands still. "
    "Without a lease it costs nothing: the next decision dispatches it.",
    ExecutionStatus.SUCCEEDED: "Its reasoner returned; `result` is what.",
    ExecutionStatus.FAILED: "Its reasoner raised, or no attempt came to anything; `error` and "
    "`status_reason` say why.",
    ExecutionStatus.CANCELLED: "A client or the parent's end cancelled it; agents are told.",
    ExecutionStatus.TIMEOUT: "It ran for longer than `timeout_seconds`; waiting did not count.",
}
"""Every state in the order of life: who puts an execution there, and what follows."""

UNFINISHED = (QUEUED, RUNNING, WAITING)

IDLE_FIRST_MS = 1_000
"""How long the next attempt waits when two in a row came to nothing; after each more twice that."""

IDLE_MOST_MS = 60_000
"""The longest such wait."""

STARTED = Transition("started", (QUEUED, RUNNING), RUNNING)
PARKED = Transition("parked", (QUEUED, RUNNING), WAITING)
RESUMED = Transition("resumed", (WAITING,), RUNNING)
REQUEUED = Transition("requeued", (RUNNING,), QUEUED)
SUCCEEDED = Transition("succeeded", UNFINISHED, ExecutionStatus.SUCCEEDED)
FAILED = Transition("failed", UNFINISHED, ExecutionStatus.FAILED)
ABANDONED = Transition("abandoned", UNFINISHED, ExecutionStatus.FAILED)
CANCELLED = Transition("cancelled", UNFINISHED, ExecutionStatus.CANCELLED)
TIMED_OUT = Transition("timed_out", (RUNNING,), ExecutionStatus.TIMEOUT)

TRANSITIONS = (
    STARTED,
    PARKED,
    RESUMED,
    REQUEUED,
    SUCCEEDED,
    FAILED,
    ABANDONED,
    CANCELLED,
    TIMED_OUT,
)
"""All moves in the order of life. There are no others."""

_EVENTS = {
    STARTED.name: EventType.EXECUTION_DISPATCHED,
    PARKED.name: EventType.EXECUTION_WAITING,
    RESUMED.name: EventType.EXECUTION_RESUMED,
    REQUEUED.name: EventType.EXECUTION_REQUEUED,
    SUCCEEDED.name: EventType.EXECUTION_SUCCEEDED,
    FAILED.name: EventType.EXECUTION_FAILED,
    ABANDONED.name: EventType.EXECUTION_FAILED,
    CANCELLED.name: EventType.EXECUTION_CANCELLED,
    TIMED_OUT.name: EventType.EXECUTION_TIMED_OUT,
}

_INSERTED = (
    "execution_id",
    "run_id",
    "parent_execution_id",
    "parent_attempt",
    "call_digest",
    "call_occurrence",
    "target",
    "node_id",
    "reasoner",
    "owner",
    "status",
    "input",
    "max_attempts",
    "dispatch_at",
    "timeout_ms",
    "webhook_url",
    "webhook_secret",
    "created_at",
)


def is_finished(row: Row) -> bool:
    """Whether the execution has come to its end."""
    return row["completed_at"] is not None


def running_ms(row: Row, now: int) -> int:
    """How long it has run by ``now``, in ms."""
    since = row["running_since"]
    return int(row["running_ms"]) + (max(0, now - since) if since is not None else 0)


class Execution(Chain):
    """An execution while a change is built: a working copy of its row, and its event chain.

    ``row`` always shows the state with what was done to the copy so far. Pass it to
    ``Change.add_chains``; its UPDATE is guarded by the head that was read and by the states that
    the first move may start from.
    """

    def __init__(self, row: Row, *, new: bool = False) -> None:
        chain_id = str(row["execution_id"])
        super().__init__(chain_id, chain_id, row["event_seq"], row["event_hash"])
        self.row: dict[str, Any] = dict(row)
        self._new = new
        self._columns: dict[str, Value] = {}
        self._sources: tuple[str, ...] | None = None

    @classmethod
    def create(
        cls, *, at: int, actor: Actor, data: Mapping[str, Any] | None = None, **columns: Value
    ) -> Execution:
        """A new one, queued and due for dispatch at once (``dispatch_at`` says otherwise).

        Columns without a default: execution_id, run_id, target, node_id, reasoner, owner, input,
        timeout_ms, max_attempts. With a parent also parent_execution_id, parent_attempt,
        call_digest, call_occurrence; with a webhook webhook_url, webhook_secret.
        """
        row: dict[str, Any] = dict.fromkeys(_INSERTED) | {
            "status": QUEUED,
            "dispatch_at": at,
            "created_at": at,
            "completed_at": None,
            "event_seq": 0,
            "event_hash": GENESIS,
        }
        row.update(columns)
        execution = cls(row, new=True)
        execution.append(EventType.EXECUTION_CREATED, at=at, actor=actor, data=data)
        return execution

    @property
    def status(self) -> str:
        """Its state, with what was done so far."""
        return str(self.row["status"])

    @property
    def attempt_id(self) -> str:
        """How its agent addresses it now."""
        return str(AttemptId(self.chain_id, self.row["attempt"]))

    @property
    def shown(self) -> dict[str, Any]:
        """Its row with the head of its chain: what is stored once the change is applied."""
        head = self.head
        return self.row | {"event_seq": head["seq"], "event_hash": head["hash"]}

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return is_finished(self.row)

    @property
    def waits(self) -> bool:
        """Whether it, or an unfinished execution below it, has a pending request."""
        return bool(self.row["pending_own"] + self.row["waiting_children"])

    @property
    def exhausted(self) -> bool:
        """Whether so many attempts in a row came to nothing that there is no next one."""
        return bool(self.row["idle_attempts"] >= self.row["max_attempts"])

    @property
    def idle_delay_ms(self) -> int:
        """How long the next attempt is to wait: not at all after progress, nor after one that came
        to nothing, which may have been the fault of its process; longer after each more in a row.
        """
        more = int(self.row["idle_attempts"]) - 2
        return 0 if more < 0 else min(IDLE_MOST_MS, IDLE_FIRST_MS << min(more, 16))

    def set(self, **columns: Value) -> None:
        """Assign columns without a move. Append an event that says why."""
        self.row.update(columns)
        self._columns.update(columns)

    def move(
        self,
        transition: Transition[ExecutionStatus],
        *,
        at: int,
        actor: Actor,
        reason: str | None = None,
        data: Mapping[str, Any] | None = None,
        **columns: Value,
    ) -> None:
        """Make a move, with its event; columns go with it.

        ``reason`` becomes its status_reason; what the event should say of it goes into ``data``.
        A move to an end also ends the lease, the wish to be dispatched and the count of its own
        pending requests, which the caller closes in the same change.

        Raises:
            Conflict: (``execution_finished``) it has come to its end; carries the row.
            ValueError: the move does not start from its state.
        """
        if self.finished:
            raise Conflict(
                "execution_finished", f"The execution is {self.status} already.", present=self.row
            )
        if not transition.allows(self.status):
            raise ValueError(f"{transition.name} does not start from {self.status}")
        self._sources = self._sources or transition.sources
        self.set(status=transition.target, status_reason=reason, **columns)
        if transition.target not in UNFINISHED:
            self.set(completed_at=at, lease_instance=None, dispatch_at=None, pending_own=0)
        if transition is not STARTED:
            self.settle_offer()
        self._run_clock(at)
        self.append(_EVENTS[transition.name], at=at, actor=actor, data=data)

    def claim(
        self, instance_id: str, *, at: int, offered_by: str | None = None, actor: Actor = SERVER
    ) -> None:
        """The next attempt begins: an instance gets the lease. A waiting one stays waiting.

        It counts as one that comes to nothing until it records a step or gets a decision.
        ``offered_by`` is the server that sends it, where only that one will know what came of it.
        """
        if self.row["lease_instance"] is not None:
            raise ValueError(f"{self.row['lease_instance']} holds {self.chain_id}")
        attempt = self.row["attempt"] + 1
        self.set(
            attempt=attempt,
            idle_attempts=self.row["idle_attempts"] + 1,
            lease_instance=instance_id,
            offered_at=at,
            dispatch_at=None,
            started_at=at if self.row["started_at"] is None else self.row["started_at"],
        )
        if offered_by is not None:
            self.set(offered_by=offered_by)
        self.unclaim()
        data = {"attempt": attempt, "instance_id": instance_id}
        if self.status == WAITING:
            self.append(EventType.EXECUTION_DISPATCHED, at=at, actor=actor, data=data)
        else:
            self.move(STARTED, at=at, actor=actor, data=data)

    def release(
        self,
        *,
        at: int,
        why: str,
        dispatch_at: int | None,
        actor: Actor = SERVER,
        refused: bool = False,
    ) -> None:
        """The lease ends. Running becomes queued; waiting stays.

        Args:
            at: ms since the epoch.
            why: a word for the event: ``lease_ended``, ``refused``, ``handed_back``, …
            dispatch_at: when to dispatch it again; None leaves a waiting one until its decision.
            actor: who ended it.
            refused: the agent has not taken it, so that it does not count as one that came to
                nothing. Its number is not given again: who knows what stands in between.
        """
        if refused:
            self.set(idle_attempts=max(0, self.row["idle_attempts"] - 1))
            if self.row["started_at"] == self.row["running_since"]:  # it had not run before
                self.set(started_at=None)
        data = {
            "attempt": self.row["attempt"],
            "reason": why,
            "instance_id": self.row["lease_instance"],
        }
        self.set(lease_instance=None, dispatch_at=dispatch_at)
        self.settle_offer()
        self.unclaim()
        if self.status == RUNNING:
            due = at if dispatch_at is None else dispatch_at
            self.move(REQUEUED, at=at, actor=actor, data=data, dispatch_at=due)
        else:
            self.append(EventType.EXECUTION_REQUEUED, at=at, actor=actor, data=data)

    def settle_offer(self) -> None:
        """Its attempt has begun or is over, so no server has to find out whether it arrived."""
        if self.row.get("offered_by") is not None:
            self.set(offered_by=None)

    def unclaim(self) -> None:
        """What a server took it for is done: what comes next may be taken at once, by any."""
        if self.row.get("claimed_until") is not None:
            self.set(claimed_until=None)

    def wake(self, at: int) -> None:
        """A decision is there, or a child has ended: an attempt has to be told. Idempotent.

        One that was put off because those before it came to nothing is due now.
        """
        held = self.row["lease_instance"] is not None
        due = self.row["dispatch_at"]
        if not (self.finished or held) and (due is None or due > at):
            self.set(dispatch_at=at)

    def count(
        self, *, at: int, actor: Actor, pending_own: int = 0, waiting_children: int = 0
    ) -> None:
        """Add to the counts of what it waits for, and park or resume it as they say.

        A finished one only goes on counting: those above it wait for what is below it.
        """
        own = self.row["pending_own"] + pending_own
        children = self.row["waiting_children"] + waiting_children
        self.set(pending_own=own, waiting_children=children)
        data = {"attempt": self.row["attempt"]}
        if self.finished:
            return
        if self.waits and self.status != WAITING:
            self.move(PARKED, at=at, actor=actor, data=data)
        elif not self.waits and self.status == WAITING:
            self.move(RESUMED, at=at, actor=actor, data=data)

    def _run_clock(self, at: int) -> None:
        runs = self.status == RUNNING and self.row["lease_instance"] is not None
        since = self.row["running_since"]
        if runs and since is None:
            left = self.row["timeout_ms"] - self.row["running_ms"]
            self.set(running_since=at, timeout_at=at + max(0, left))
        elif not runs and since is not None:
            self.set(running_ms=running_ms(self.row, at), running_since=None, timeout_at=None)

    def _head(self, seq: int, last_hash: str) -> Statement:
        head: dict[str, Value] = {"event_seq": seq, "event_hash": last_hash}
        if self._new:
            row = {name: self.row[name] for name in _INSERTED}
            return Statement("insert_execution", row | head)
        guards: dict[str, Value] = {"execution_id": self.chain_id, "from_seq": self.from_seq}
        if self._sources is not None:
            guards["sources"] = self._sources
        return Statement("move_execution", self._columns | head | guards)
