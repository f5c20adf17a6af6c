"""When a walk is over: all that the contract documents was answered, and nothing new comes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signoff_conformance.contract import Contract
from signoff_conformance.oracle.answers import Answer, Request

Cell = tuple[str, int]
"""An operation and a status."""

Kind = tuple[str, int, str]
"""The same with the code of a problem."""

_KEYLESS: Final = "each key may call it; only a server without keys refuses, and a walk has keys"
ELSEWHERE: Final[Mapping[Cell, str]] = {
    (operation, 403): _KEYLESS
    for operation in ("getHealth", "getOpenapi", "getReadiness", "receiveApprovalResponse")
}
"""What a walk can't bring about, and why; cases do."""


def documented(contract: Contract) -> set[Cell]:
    """All that a walk must bring about: each 2xx and 4xx of each operation."""
    return {
        (operation.id, status)
        for operation in contract.operations.values()
        for status, response in operation.responses.items()
        if status < 500 and response.unreachable is None and (operation.id, status) not in ELSEWHERE
    }


@dataclass(slots=True)
class Seen:
    """What a walk has seen so far."""

    wanted: set[Cell]
    kinds: dict[Kind, int] = field(default_factory=dict)
    """How often each operation gave each status and code."""
    left: set[Cell] = field(init=False)
    """What of it was not seen."""
    operations: int = 0
    new_at: int = 0
    """The number of the operation that showed a new kind last."""

    def __post_init__(self) -> None:
        self.left = set(self.wanted)

    def see(self, request: Request, answer: Answer) -> None:
        """Count an answer that was right."""
        kind = (request.operation, answer.status, answer.code or "")
        if kind not in self.kinds and answer.status < 500:  # those are made, not found
            self.new_at = self.operations
            self.left.discard((request.operation, answer.status))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1

    @property
    def quiet(self) -> int:
        """For how many operations nothing new was seen."""
        return self.operations - self.new_at

    def missing(self) -> list[Cell]:
        """What was not seen, in order."""
        return sorted(self.left)

    def is_over(self, quiet: int) -> bool:
        """Whether all was seen, and for so many operations nothing new."""
        return self.quiet >= quiet and not self.left

    def value(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "operations": self.operations,
            "quiet": self.quiet,
            "cells": len(self.wanted) - len(self.left),
            "cells_wanted": len(self.wanted),
            "missing": [f"{operation} {status}" for operation, status in self.missing()],
            "elsewhere": {f"{name} {status}": why for (name, status), why in ELSEWHERE.items()},
            "kinds": {
                f"{operation} {status} {code}".rstrip(): count
                for (operation, status, code), count in sorted(self.kinds.items())
            },
        }
