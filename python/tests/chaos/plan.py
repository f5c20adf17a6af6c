"""What a chaos run does, all of it drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from tests.chaos.points import POINTS, Point

KINDS: Final = {"one": 1, "in_a_row": 2, "side_by_side": 3, "by_a_child": 1, "expiring": 1}
"""The reasoners of agent.py, and how many gates one run of each has."""

WORDS: Final = ("approved", "rejected", "request_changes")

LAST_KILL: Final = 0.9
"""The last kill comes when so much of all facts is there: what follows has to recover from it."""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution that is asked for under `name`, which is its Idempotency-Key too."""

    name: str
    kind: str
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What reviewers say to a gate, all of them at the same time; nothing: it is left to expire."""

    says: tuple[str, ...]
    after_seconds: float
    """How long a reviewer thinks: longer than some of the agents keep a run in memory."""


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL, once so many facts are acknowledged: at once, or at the next moment of a kind."""

    at: int
    victim: str
    """`server`, `agent` or `postgres`; for a point what that says."""
    point: Point | None
    which: int
    """Chooses among several of them."""


@dataclass(frozen=True, slots=True)
class Plan:
    runs: tuple[Run, ...]
    gates: dict[str, Gate]
    kills: tuple[Kill, ...]
    facts: int
    """Acknowledged executions, decided gates and ends that are seen, when all is done."""


def draw(seed: int, gates: int, kills: int, *, postgres: bool) -> Plan:
    """The plan of a seed: so many gates, so many kills."""
    chance = random.Random(f"{seed} {gates} {kills} {postgres}")
    runs: list[Run] = []
    answers: dict[str, Gate] = {}
    while len(answers) < gates:
        left = gates - len(answers)
        kind = chance.choice([kind for kind, asks in KINDS.items() if asks <= left])
        name = f"run-{len(runs) + 1}"
        asked = tuple(f"{name}-gate-{number}" for number in range(1, KINDS[kind] + 1))
        answers |= {own_id: _gate(chance, kind) for own_id in asked}
        runs.append(Run(name, kind, asked))
    decided = sum(bool(gate.says) for gate in answers.values())
    facts = 2 * len(runs) + decided
    return Plan(tuple(runs), answers, _kills(chance, kills, facts, postgres=postgres), facts)


def _gate(chance: random.Random, kind: str) -> Gate:
    if kind == "expiring":
        return Gate((), 0.0)
    rivals = 2 if chance.random() < 0.3 else 1
    return Gate(tuple(chance.sample(WORDS, rivals)), chance.choice([0.0, 0.0, 0.5, 3.0]))


def _kills(chance: random.Random, kills: int, facts: int, *, postgres: bool) -> tuple[Kill, ...]:
    victims = ["server"] * 4 + ["agent"] * 5 + ["postgres"] * postgres
    points = [point for point in POINTS if postgres or point.victim != "postgres"]
    chance.shuffle(points)
    times = sorted(chance.randint(2, max(2, round(facts * LAST_KILL))) for _ in range(kills))
    planned = []
    for number, at in enumerate(times):
        # Every other one at a point, in turn, so that a small run meets many of them.
        point = points[number // 2 % len(points)] if number % 2 else None
        victim = point.victim if point else chance.choice(victims)
        planned.append(Kill(at, victim, point, chance.randrange(1000)))
    return tuple(planned)
