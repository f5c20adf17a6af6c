"""The report of a run: one value that is written as JSON, and that JUnit and HTML are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from signoff_conformance.requirements import Requirement
from signoff_conformance.verdicts import Judgement, Result

FORMAT: Final = "signoff-conformance-report/1"


@dataclass(frozen=True, slots=True)
class Report:
    """What a run has found."""

    results: Sequence[Result]
    judgement: Judgement
    requirements: Mapping[str, Requirement]
    timing: str
    """``controlled``, or ``real`` where the subject's clock can't be moved."""
    coverage: Mapping[str, Any] = field(default_factory=dict)
    """What was seen of the contract: see coverage.py."""
    subjects: Mapping[str, str] = field(default_factory=dict)
    """Each subject and how it was started."""

    def value(self) -> dict[str, Any]:
        """The report as JSON has it: ``schemas/report.json``."""
        return {
            "format": FORMAT,
            "status": self.judgement.status,
            "exit": int(self.judgement.exit),
            "timing": self.timing,
            "subjects": dict(self.subjects),
            "counts": self.judgement.counts,
            "faults": list(self.judgement.reasons),
            "requirements": [self._requirement(one) for one in self.requirements.values()],
            "coverage": dict(self.coverage),
            "results": [_result(row) for row in self.results],
        }

    def _requirement(self, one: Requirement) -> dict[str, Any]:
        rows = [row for row in self.results if row.requirement == one.id]
        told: dict[str, dict[str, int]] = {}
        for row in rows:
            counts = told.setdefault(row.subject, {})
            counts[row.verdict.value] = counts.get(row.verdict.value, 0) + 1
        return {
            "id": one.id,
            "level": one.level,
            "of": one.of,
            "sentence": one.sentence,
            "text": one.text,
            "verdicts": told,
            **({} if one.unproven is None else {"unproven": one.unproven}),
        }


def write_json(report: Report, path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report.value(), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _result(row: Result) -> dict[str, Any]:
    told: dict[str, Any] = {
        "case": row.case_id,
        "variant": row.variant,
        "subject": row.subject,
        "verdict": row.verdict.value,
        "requirement": row.requirement,
        "title": row.title,
        "seconds": round(row.seconds, 4),
        "checks": row.checks,
    }
    if row.reason:
        told["reason"] = row.reason
    if row.transcript:
        told["transcript"] = list(row.transcript)
    return told
