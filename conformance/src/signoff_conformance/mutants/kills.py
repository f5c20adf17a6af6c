"""What became of the mutants, as a table and as a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from signoff_conformance.mutants import Death, Kind, Mutant

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Kills:
    """All of it. A mutant of a client counts once, whatever the number of its languages."""

    mutants: Sequence[Mutant]
    deaths: Sequence[Death]
    toothless: Sequence[str]
    """Cases that no mutant names."""

    def rows(self, mutant: Mutant) -> list[Death]:
        """What became of one mutant."""
        return [row for row in self.deaths if row.mutant is mutant]

    def killed(self, mutant: Mutant) -> bool:
        """Whether each of its cases has found it, in each of its languages."""
        rows = self.rows(mutant)
        return bool(rows) and all(row.killed for row in rows)

    @property
    def complete(self) -> bool:
        """Whether none lives and no case is toothless."""
        return not self.toothless and all(map(self.killed, self.mutants))

    @property
    def counts(self) -> Mapping[str, tuple[int, int]]:
        """How many were killed, and how many there are, by kind."""
        kinds = [kind for kind in Kind if any(one.kind is kind for one in self.mutants)]
        of = {kind: [one for one in self.mutants if one.kind is kind] for kind in kinds}
        return {kind.value: (sum(map(self.killed, of[kind])), len(of[kind])) for kind in kinds}

    def write(self, path: Path) -> None:
        """Write it as JSON, which `signoff-conformance results` reads."""
        path.parent.mkdir(parents=True, exist_ok=True)
        told = {
            "version": VERSION,
            "counts": {
                kind: {"killed": killed, "all": every}
                for kind, (killed, every) in self.counts.items()
            },
            "mutants": [self._told(one) for one in self.mutants],
            "toothless": list(self.toothless),
        }
        path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def _told(self, mutant: Mutant) -> Mapping[str, Any]:
        return {
            "name": mutant.name,
            "of": mutant.kind.value,
            "sentence": mutant.sentence,
            "real": mutant.real,
            "killed": self.killed(mutant),
            "cases": [
                {"of": row.subject, "case": row.case, "killed": row.killed, "said": row.said}
                for row in self.rows(mutant)
            ],
        }
