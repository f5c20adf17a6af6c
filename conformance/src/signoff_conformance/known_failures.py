"""Failures that are known and will be mended: listed with a reason and a date, never forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from signoff_conformance import documents
from signoff_conformance.verdicts import Result, Verdict


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """One row of the file: the case (with its variant), why it fails, and until when it may."""

    id: str
    """``SRV-DEC-001`` or ``SRV-DEC-001[decision=approved]``; the first stands for all variants."""
    reason: str
    message: str
    """A part of the reason that the run gives: another failure of the same case is not known."""
    until: date
    subject: str | None = None
    """Only for this one, such as ``go``; None for all."""


def load(path: Path) -> Sequence[KnownFailure]:
    """The rows of a file.

    Raises:
        DocumentError: it does not fit its schema.
    """
    rows = documents.read(path, "known_failures")
    return [KnownFailure(**row | {"until": date.fromisoformat(row["until"])}) for row in rows]


def apply(
    known: Sequence[KnownFailure], results: Sequence[Result], today: date
) -> tuple[list[Result], list[str]]:
    """The results with what is known taken into account, and what is wrong with the rows."""
    faults = [
        f"known failure {row.id}: overdue since {row.until}" for row in known if row.until < today
    ]
    used: set[int] = set()
    told = []
    for result in results:
        row = _row_for(known, result)
        if row is None:
            told.append(result)
            continue
        used.add(id(row))
        told.append(_known(row, result))
    faults += [f"known failure {row.id}: no such case ran" for row in known if id(row) not in used]
    return told, faults


def _known(row: KnownFailure, result: Result) -> Result:
    if result.verdict is Verdict.PASS:
        reason = f"passes, but is listed as a known failure: {row.reason}"
        return replace(result, verdict=Verdict.UNEXPECTED_PASS, reason=reason)
    if result.verdict is Verdict.FAIL and row.message in result.reason:
        return replace(result, verdict=Verdict.EXPECTED_FAIL)
    if result.verdict is Verdict.FAIL:
        reason = f"fails otherwise than is known ({row.message}): {result.reason}"
        return replace(result, reason=reason)
    return result


def _row_for(known: Sequence[KnownFailure], result: Result) -> KnownFailure | None:
    for row in known:
        if row.id in (result.case_id, result.name) and row.subject in (None, result.subject):
            return row
    return None
