"""Executions: queued, running, waiting for people, finished. One knows its parent and children."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.matching import equal
from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Refused
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.chains import SYSTEM, Chain
from signoff_conformance.oracle.instances import Instance
from signoff_conformance.oracle.times import present, render

TERMINAL: Final = "Terminal is terminal. … The same terminal report again is 200, another one 409"
DEFAULT_TIMEOUT_SECONDS: Final = 7200
DEFAULT_MAX_ATTEMPTS: Final = 10
FIRST_PAUSE_MS: Final = 1_000
LONGEST_PAUSE_MS: Final = 60_000
REPORTED: Final = ("status", "result", "error", "error_details")


@dataclass(slots=True, eq=False)
class Execution:
    """One run of a reasoner."""

    id: str
    run_id: str
    target: str
    body: Mapping[str, Any]
    created_at: int
    chain: Chain
    parent: Execution | None = None
    called_in: int = 0
    """The last attempt of the parent that has called it."""
    children: list[Execution] = field(default_factory=list)
    status: str = "queued"
    reason: Any = PERHAPS
    attempt: int = 0
    idle: int = 0
    """Attempts in a row that came to nothing, the present one with them."""
    lease: Instance | None = None
    due_at: int | None = None
    """From when on it is sent as soon as somebody is there to take it; None: it is not."""
    started_at: int | None = None
    completed_at: int | None = None
    running_since: int | None = None
    ran_ms: int = 0
    report: Mapping[str, Any] = field(default_factory=dict)
    """The terminal report that ended it."""
    requests: list[Approval] = field(default_factory=list)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    keyed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Notes and events by their keys."""

    @property
    def node_id(self) -> str:
        """The node that it runs on."""
        return self.target.partition(".")[0]

    @property
    def newest(self) -> int:
        """The number that its agent addresses it by."""
        return max(1, self.attempt)

    @property
    def attempt_id(self) -> str:
        """The id that its agent addresses it by."""
        return self.id if self.newest == 1 else f"{self.id}~{self.attempt}"

    @property
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return self.completed_at is not None

    @property
    def exhausted(self) -> bool:
        """Whether there is no next attempt."""
        most: int = self.body.get("max_attempts", DEFAULT_MAX_ATTEMPTS)
        return self.idle >= most

    def pending(self) -> list[Approval]:
        """Its pending requests, oldest first."""
        return [one for one in self.requests if one.pending]

    def waits(self) -> bool:
        """Whether it or somebody below it has a pending request."""
        return bool(self.pending()) or any(child.waits() for child in self.children)

    def above(self) -> Iterator[Execution]:
        """Its parent, that one's parent, up to the root."""
        parent = self.parent
        while parent is not None:
            yield parent
            parent = parent.parent

    def below(self) -> Iterator[Execution]:
        """Its descendants, level by level."""
        level = self.children
        while level:
            yield from level
            level = [child for one in level for child in one.children]

    def runs_out_at(self) -> int | None:
        """When its running time is over, if it goes on running."""
        if self.running_since is None:
            return None
        seconds: int = self.body.get("timeout_seconds", DEFAULT_TIMEOUT_SECONDS)
        return self.running_since + seconds * 1000 - self.ran_ms

    def shown(self, now: int) -> dict[str, Any]:
        """An ``Execution`` of the contract."""
        running = 0 if self.running_since is None else now - self.running_since
        done = self.completed_at
        told = present(
            {
                "execution_id": self.id,
                "run_id": self.run_id,
                "workflow_id": self.run_id,
                "parent_execution_id": None if self.parent is None else self.parent.id,
                "target": self.target,
                "node_id": self.node_id,
                "status": self.status,
                "status_reason": self.reason,
                "attempt": self.attempt,
                "pending_approvals": [one.id for one in self.pending()],
                "event_head": self.chain.head(),
                "created_at": render(self.created_at),
                "started_at": None if self.started_at is None else render(self.started_at),
                "completed_at": None if done is None else render(done),
                "duration_ms": None if done is None else done - self.created_at,
                "running_ms": self.ran_ms + running,
            }
        )
        if self.chain.moving:
            told |= {"status": ANYTHING, "attempt": ANYTHING, "started_at": PERHAPS}
            told |= {"completed_at": PERHAPS, "duration_ms": PERHAPS, "result": PERHAPS}
            told |= {"error": PERHAPS}
        return told | {"input": self.body.get("input", {})} | self._ending()

    def _ending(self) -> dict[str, Any]:
        told = {"result": self.report["result"]} if "result" in self.report else {}
        if self.status == "succeeded":
            return {"result": self.report.get("result")}
        if self.status in ("failed", "cancelled", "timeout"):
            told |= {"error": self.report.get("error", PERHAPS), "error_details": PERHAPS}
            details = self.report.get("error_details")
            return told if details is None else told | {"error_details": details}
        return told

    def dispatch(self, instance: Instance, now: int) -> None:
        """An instance has it in hand."""
        self.attempt, self.idle = self.attempt + 1, self.idle + 1
        self.lease, self.due_at = instance, None
        self.started_at = now if self.started_at is None else self.started_at
        if self.status != "waiting":
            self.status, self.reason = "running", PERHAPS
        self._keep_clock(now)
        self.event("execution.dispatched", now, SYSTEM, {"attempt": self.attempt})

    def follow(self, now: int) -> bool:
        """Wait exactly while it must; whether it goes on only now."""
        if self.finished:
            return False
        waits = self.waits()
        if waits and self.status != "waiting":
            self.status = "waiting"
            self.event("execution.waiting", now, ANYTHING)
        elif not waits and self.status == "waiting":
            self.status = "running"
            self.event("execution.resumed", now, ANYTHING)
        else:
            return False
        self._keep_clock(now)
        return not waits

    def pause_ms(self) -> int:
        """How long the next attempt waits, as so many came to nothing."""
        more = self.idle - 2
        return 0 if more < 0 else int(min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2**more))

    def let_go(self, now: int, actor: Any, *, due_at: int | None) -> None:
        """Nobody holds it any more."""
        self.lease, self.due_at = None, due_at
        if self.status == "running":
            self.status = "queued"
        self._keep_clock(now)
        self.event("execution.requeued", now, actor)

    def wake(self, now: int) -> None:
        """There is something that its next attempt is to be told: no pause counts any more."""
        if not self.finished and self.lease is None and (self.due_at is None or self.due_at > now):
            self.due_at = now

    def close(self, status: str, now: int, actor: Any, report: Mapping[str, Any]) -> None:
        """Come to the end."""
        self.status, self.completed_at, self.report = status, now, report
        self.lease, self.due_at = None, None
        self._keep_clock(now)
        word = "timed_out" if status == "timeout" else status
        self.event(f"execution.{word}", now, actor)

    def told(self, report: Mapping[str, Any]) -> bool:
        """Whether a report is the one that ended it."""
        if report["status"] == "cancelled":
            return self.status == "cancelled"
        return all(equal(self.report.get(name), report.get(name)) for name in REPORTED)

    def unfinished(self, now: int) -> None:
        """Refuse what comes after the end.

        Raises:
            Refused: ``execution_finished``.
        """
        if self.finished:
            raise Refused(409, "execution_finished", TERMINAL, execution=self.shown(now))

    def event(
        self, kind: str, now: int, actor: Any, data: Mapping[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Append an event."""
        return self.chain.append(kind, now, actor, data, execution_id=self.id, **more)

    def _keep_clock(self, now: int) -> None:
        """Running time counts while it is running and somebody holds it."""
        runs = self.status == "running" and self.lease is not None
        if runs and self.running_since is None:
            self.running_since = now
        elif not runs and self.running_since is not None:
            self.ran_ms += now - self.running_since
            self.running_since = None
