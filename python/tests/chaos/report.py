"""What a chaos run came to, for people and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tests.chaos.checker import Verdict
from tests.chaos.driver import MAX_ATTEMPTS
from tests.chaos.stage import SUSPEND_AFTER, Ending

SHORTENED: Final = (
    "no lease and no back-off is shortened: who is killed comes back at its own address, which ends"
    " its leases after 3 s of silence; "
    + ", ".join(f"{name} suspends after {after} s" for name, after in SUSPEND_AFTER.items())
    + f"; max_attempts is {MAX_ATTEMPTS}"
)

SHOWN: Final = 20
"""Violations that are shown to people; JSON has all."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that is worth knowing of one run."""

    engine: str
    seed: int
    gates: int
    runs: int
    seconds: float
    facts: int
    killed: dict[str, int]
    """How often whom."""
    met: dict[str, int]
    """How often at which moment."""
    starting: int
    """How many of the killed had not answered anything since their start."""
    ended_alone: list[Ending]
    """Processes that ended though nobody had killed them."""
    stopped: str | None
    """Why the run was broken off; None: it came to its end."""
    verdict: Verdict
    folder: Path

    @property
    def passed(self) -> bool:
        return self.stopped is None and not self.verdict.violations and not self.deserters

    @property
    def deserters(self) -> list[Ending]:
        """Processes that ended by themselves and had no reason to."""
        excused = bool(self.killed.get("postgres"))
        return [each for each in self.ended_alone if not excused or not each.for_want_of_a_database]

    def as_json(self) -> str:
        """One object."""
        verdict = self.verdict
        told: dict[str, Any] = {
            "passed": self.passed,
            "engine": self.engine,
            "seed": self.seed,
            "gates": self.gates,
            "runs": self.runs,
            "seconds": round(self.seconds, 1),
            "acknowledged_facts": self.facts,
            "settings": SHORTENED,
            "kills": sum(self.killed.values()),
            "killed": self.killed,
            "points": self.met,
            "killed_while_starting": self.starting,
            "ended_alone": Counter(each.name for each in self.ended_alone),
            "deserters": [asdict(each) for each in self.deserters],
            "attempts": verdict.attempts,
            "replayed_decisions": verdict.replayed_decisions,
            "repeated_effects": verdict.repeated_effects,
            "runs_with_repeated_effects": verdict.runs_with_repeats,
            "checks": verdict.checks,
            "stopped": self.stopped,
            "violations": [
                {"rule": each.rule, "of": each.of, "found": each.found}
                for each in verdict.violations
            ],
            "look_at": str(self.folder),
        }
        return json.dumps(told, indent=2)

    def as_text(self) -> str:
        """Lines for people."""
        verdict = self.verdict
        lines = [
            f"{self.engine}, seed {self.seed}: {self.gates} gates in {self.runs} runs,"
            f" {sum(self.killed.values())} kills, {self.seconds:.0f} s",
            f"settings: {SHORTENED}",
            f"killed: {_counted(self.killed)}; {self.starting} of them while starting",
            *(f"  {times:4} {where}" for where, times in sorted(self.met.items())),
            f"{verdict.attempts} attempts, {verdict.replayed_decisions} decisions replayed",
            f"{verdict.repeated_effects} effects done again, in {len(verdict.runs_with_repeats)}"
            " runs: the crash fell between the effect and its record",
            *(f"  {times:5} {rule}" for rule, times in verdict.checks.items()),
        ]
        if self.ended_alone:
            names = Counter(each.name for each in self.ended_alone)
            lines.append("ended by themselves: " + _counted(names))
        for ending in self.deserters:
            lines.append(f"ENDED ALONE {ending.name}, exit code {ending.code}: {ending.said}")
        if self.stopped:
            lines.append(f"broken off: {self.stopped}")
        for each in verdict.violations[:SHOWN]:
            lines.append(f"VIOLATION {each.rule}: {each.of}: {each.found}")
        more = len(verdict.violations) - SHOWN
        if more > 0:
            lines.append(f"and {more} more: --json has all")
        if not self.passed:
            lines.append(f"look at {self.folder}: journal, *.evidence, *.log, tables")
        lines.append("passed" if self.passed else "FAILED")
        return "\n".join(lines)


def _counted(times: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(times.items())) or "nobody"
