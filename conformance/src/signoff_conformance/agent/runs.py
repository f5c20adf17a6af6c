"""Executions as the played control plane holds them: what attempts have said, what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Event:
    """Something new that an agent has said: stored, and maybe not yet looked at by the case."""

    kind: str
    """``ask``, ``record``, ``call``, ``note``, ``report``."""
    execution: str
    attempt_id: str
    said: Mapping[str, Any]
    """The body of the request."""
    stored: Mapping[str, Any]
    """The record that came of it."""
    taken: bool = False


@dataclass(slots=True)
class Execution:
    """One execution, and all that is known of it."""

    id: str
    run_id: str
    reasoner: str
    input: Any
    attempt: int = 1
    parent: str | None = None
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    gates: list[dict[str, Any]] = field(default_factory=list)
    """Its approval requests, oldest first."""
    asked_by: dict[str, set[str]] = field(default_factory=dict)
    """The attempts that have met each request, by the id of the request."""
    step_keys: dict[str, str] = field(default_factory=dict)
    """Where each request was asked: ids of requests by step key."""
    reports: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """Those that were accepted: the attempt id and the body."""
    end: Mapping[str, Any] | None = None
    """How it ended; None while it has not."""
    children: dict[str, str] = field(default_factory=dict)
    """Ids of children by ``Idempotency-Key``."""

    def attempt_id(self, number: int | None = None) -> str:
        """What its agent calls an attempt; by default the newest one."""
        number = self.attempt if number is None else number
        return self.id if number == 1 else f"{self.id}~{number}"

    def gate(self, approval_id: str) -> dict[str, Any] | None:
        """One of its approval requests."""
        return next((one for one in self.gates if one["id"] == approval_id), None)

    @property
    def pending(self) -> Sequence[str]:
        """The ids of the requests that are not decided."""
        return [one["id"] for one in self.gates if "decided_at" not in one]


def number_of(attempt_id: str) -> tuple[str, int]:
    """``exec_…~2`` is attempt 2 of ``exec_…``; without a suffix it is the first."""
    execution, _, number = attempt_id.partition("~")
    return execution, int(number) if number.isdecimal() else 1
