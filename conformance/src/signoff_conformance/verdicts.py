"""What can become of a case, and what that makes of the whole run.

One function, :func:`judge`, decides both what the report says and how the command exits, so that
they cannot differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Verdict(StrEnum):
    """What became of one case."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    EXPECTED_FAIL = "expected_fail"
    """It failed as a row of the known failures says."""
    UNEXPECTED_PASS = "unexpected_pass"  # noqa: S105 - no password
    """A known failure passes: the row is to be removed. Counts as a failure."""
    NOT_SUPPORTED = "not_supported"
    """The subject has said that it lacks what the case is about. Neither good nor bad; counted."""
    UNTESTABLE = "untestable"
    """Nothing can be said, for want of a means: counts as a failure."""
    NOT_RUN = "not_run"
    """It was selected and did not come to run: counts as a failure."""
    HARNESS_ERROR = "harness_error"
    """The suite itself failed: nothing is said of the subject."""


FAILURES = frozenset({Verdict.FAIL, Verdict.UNEXPECTED_PASS, Verdict.UNTESTABLE, Verdict.NOT_RUN})


class Exit(IntEnum):
    """How the command ends."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    HARNESS = 3
    NOTHING_RAN = 4


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case in one of its variants, with one subject."""

    case_id: str
    variant: str
    """``decision=approved``; empty when the case has one form only."""
    verdict: Verdict
    subject: str
    """What was judged, such as ``server`` or ``go``."""
    requirement: str
    title: str
    reason: str = ""
    """Why it is not a pass, in words."""
    seconds: float = 0.0
    transcript: Sequence[Any] = field(default_factory=tuple)
    """What went over the wire, as JSON values; kept of what did not pass."""
    checks: int = 0
    """How many things were compared: a pass that compared nothing is none."""

    @property
    def name(self) -> str:
        """``SRV-DEC-001[decision=approved]``."""
        return f"{self.case_id}[{self.variant}]" if self.variant else self.case_id


@dataclass(frozen=True, slots=True)
class Judgement:
    """What all results together say."""

    status: str
    """``conformant``, ``not_conformant``, ``harness_error`` or ``nothing_ran``."""
    exit: Exit
    counts: dict[str, int]
    reasons: tuple[str, ...]
    """One line for each thing that keeps it from being conformant, beside failed cases."""


def judge(results: Iterable[Result], *, faults: Iterable[str] = ()) -> Judgement:
    """What a run comes to.

    Args:
        results: of all cases that were selected.
        faults: what is wrong beside the cases: a known failure that is overdue, a hole in the
            coverage, a requirement that no case proves.
    """
    rows = list(results)
    counts = Counter(row.verdict for row in rows)
    reasons = list(faults)
    ran = [row for row in rows if row.verdict in _RAN]
    reasons += [f"{row.name}: passed without comparing anything" for row in rows if _hollow(row)]
    if counts[Verdict.HARNESS_ERROR]:
        status, code = "harness_error", Exit.HARNESS
    elif not ran:
        status, code = "nothing_ran", Exit.NOTHING_RAN
    elif reasons or any(counts[verdict] for verdict in FAILURES):
        status, code = "not_conformant", Exit.NOT_CONFORMANT
    else:
        status, code = "conformant", Exit.CONFORMANT
    told = {verdict.value: counts[verdict] for verdict in Verdict}
    return Judgement(status, code, told, tuple(reasons))


_RAN = frozenset({Verdict.PASS, Verdict.FAIL, Verdict.EXPECTED_FAIL, Verdict.UNEXPECTED_PASS})


def _hollow(row: Result) -> bool:
    return row.verdict is Verdict.PASS and row.checks == 0
