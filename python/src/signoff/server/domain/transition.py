"""A move from one state to another, as a value; tables of them are the state machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

S = TypeVar("S", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Transition(Generic[S]):
    """A named move: the states that it may come from, and the one that it leads to."""

    name: str
    sources: tuple[S, ...]
    target: S

    def allows(self, status: str) -> bool:
        """Whether the move may be made from this state."""
        return status in self.sources


def draw(states: Mapping[S, str], transitions: Sequence[Transition[S]], *, width: int = 88) -> str:
    """A state machine as text: every state with its paragraph, every move below where it starts."""
    lines: list[str] = []
    for state, paragraph in states.items():
        lines.append(state.value)
        lines.extend(_wrap(paragraph, width))
        moves = [t for t in transitions if state in t.sources]
        longest = max((len(t.name) for t in moves), default=0)
        lines.extend(f"    ── {t.name:<{longest}} ──► {t.target.value}" for t in moves)
        if not moves:
            lines.append("    (the end)")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _wrap(paragraph: str, width: int) -> list[str]:
    lines, line = [], "   "
    for word in paragraph.split():
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = "   "
        line += f" {word}"
    return [*lines, line]
