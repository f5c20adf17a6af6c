"""Executions: queued, running, waiting for people, finished."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.matching import equal
from signoff_conformance.oracle import approvals
from signoff_conformance.oracle.answers import ANYTHING, PERHAPS, Refused
from signoff_conformance.oracle.approvals import Approval
from signoff_conformance.oracle.chains import SYSTEM, Chain
from signoff_conformance.oracle.times import present, render

TERMINAL: Final = "Terminal is terminal. … The same terminal report again is 200, another one 409"
DEFAULT_TIMEOUT_SECONDS: Final = 7200
REPORTED: Final = ("status", "result", "error", "error_details")


@dataclass(slots=True)
class Execution:
    """One run of a reasoner, in its first attempt."""

    id: str
    run_id: str
    target: str
    body: Mapping[str, Any]
    created_at: int
    chain: Chain
    status: str = "queued"
    started_at: int | None = None
    completed_at: int | None = None
    running_since: int | None = None
    ran_ms: int = 0
    report: Mapping[str, Any] | None = None
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
    def finished(self) -> bool:
        """Whether it has come to its end."""
        return self.completed_at is not None

    def pending(self) -> list[Approval]:
        """Its pending requests, oldest first."""
        return [one for one in self.requests if one.pending]

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
                "target": self.target,
                "node_id": self.node_id,
                "status": self.status,
                "status_reason": PERHAPS,
                "attempt": 0 if self.started_at is None else 1,
                "pending_approvals": [one.id for one in self.pending()],
                "event_head": self.chain.head(),
                "created_at": render(self.created_at),
                "started_at": None if self.started_at is None else render(self.started_at),
                "completed_at": None if done is None else render(done),
                "duration_ms": None if done is None else done - self.created_at,
                "running_ms": self.ran_ms + running,
            }
        )
        return told | {"input": self.body.get("input", {})} | self._ending()

    def just_stored(self, now: int) -> dict[str, Any]:
        """The same while its dispatch may or may not have happened."""
        vague = {"status": ANYTHING, "attempt": ANYTHING, "event_head": ANYTHING}
        return self.shown(now) | vague | {"started_at": PERHAPS}

    def _ending(self) -> dict[str, Any]:
        report = self.report or {}
        if self.status == "succeeded":
            return {"result": report.get("result")}
        if self.status in ("failed", "cancelled", "timeout"):
            told = {"error": report.get("error", PERHAPS), "error_details": PERHAPS}
            details = report.get("error_details")
            return told if details is None else told | {"error_details": details}
        return {}

    def dispatch(self, now: int) -> None:
        """An instance has it in hand."""
        self.status, self.started_at, self.running_since = "running", now, now
        self.event("execution.dispatched", now, SYSTEM)

    def follow(self, now: int) -> None:
        """Wait exactly while a request of it is pending."""
        if self.finished:
            return
        if self.status == "running" and self.pending():
            self._stop(now)
            self.status = "waiting"
            self.event("execution.waiting", now, ANYTHING)
        elif self.status == "waiting" and not self.pending():
            self.status, self.running_since = "running", now
            self.event("execution.resumed", now, ANYTHING)

    def finish(self, status: str, now: int, actor: Any, report: Mapping[str, Any]) -> None:
        """Come to the end; requests still pending are cancelled."""
        for one in self.pending():
            approvals.withdraw(one, PERHAPS, ANYTHING, now)
        self._stop(now)
        self.status, self.completed_at, self.report = status, now, report
        word = "timed_out" if status == "timeout" else status
        self.event(f"execution.{word}", now, actor)

    def told(self, report: Mapping[str, Any]) -> bool:
        """Whether a report is the one that ended it."""
        ended = self.report or {}
        return all(equal(ended.get(name), report.get(name)) for name in REPORTED)

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

    def _stop(self, now: int) -> None:
        if self.running_since is not None:
            self.ran_ms += now - self.running_since
            self.running_since = None
