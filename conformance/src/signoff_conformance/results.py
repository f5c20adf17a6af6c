"""The matrix of implementations: what each has passed, from the reports of their runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

AREAS: Final[Mapping[str, str]] = {
    "SRV-DEC": "decisions",
    "SRV-EXP": "expiry",
    "SRV-ASK": "asking: matching, withdrawing, waiting",
    "SRV-SIG": "signed decisions",
    "SRV-EXE": "executions",
    "SRV-ATT": "attempts, leases, dispatch",
    "SRV-STEP": "steps",
    "SRV-TREE": "parents and children",
    "SRV-OUT": "callbacks and notifications",
    "SRV-NODE": "nodes",
    "SRV-LIST": "lists",
    "SRV-EVT": "events",
    "SRV-SSE": "streams",
    "SRV-DUR": "crashes and failing stores",
    "SRV-AUTH": "keys, roles, origins",
    "SRV-BODY": "bodies",
    "SRV-VAL": "values of users",
    "SRV-HTTP": "methods and parameters",
    "SRV-CTL": "test control",
    "SRV-SYS": "health, metrics, the contract",
}
"""What the first two words of an id stand for, in the order of the table."""

HEAD: Final = """# Results

Written by `make results` from the reports of `make conformance`.
A cell is how many cases passed, of how many ran; each variant of a case counts.
"""


def table(reports: Sequence[Mapping[str, Any]], mutants: Mapping[str, str]) -> str:
    """The page ``RESULTS.md``.

    Args:
        reports: as ``check --json`` writes them.
        mutants: how many were killed, of which code: ``{"server": "36 of 36"}``.
    """
    results = [row for report in reports for row in report["results"]]
    subjects = list(dict.fromkeys(row["subject"] for row in results))
    lines = [HEAD, f"| | {' | '.join(subjects)} |", f"|---|{'---|' * len(subjects)}"]
    for area in _areas(results):
        cells = [_cell([row for row in results if _in(row, area, one)]) for one in subjects]
        lines.append(f"| {AREAS.get(area, area)} | {' | '.join(cells)} |")
    totals = [_cell([row for row in results if row["subject"] == one]) for one in subjects]
    lines.append(f"| **all** | {' | '.join(totals)} |")
    lines.append("")
    for report in reports:
        told = report["coverage"]
        if told.get("cells_seen"):
            names = ", ".join(report["subjects"])
            lines.append(
                f"- {names}: {told['cells_seen']} of {told['cells']} cells of operation × status"
                " were seen, each answer held against the contract."
            )
    lines += [f"- {killed} mutants of the {name} are killed." for name, killed in mutants.items()]
    return "\n".join(lines) + "\n"


def _areas(results: Sequence[Mapping[str, Any]]) -> list[str]:
    found = dict.fromkeys(_area(row) for row in results)
    known = [area for area in AREAS if area in found]
    return known + [area for area in found if area not in AREAS]


def _area(row: Mapping[str, Any]) -> str:
    return str(row["case"]).rpartition("-")[0]


def _in(row: Mapping[str, Any], area: str, subject: str) -> bool:
    return _area(row) == area and row["subject"] == subject


def _cell(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    passed = sum(row["verdict"] == "pass" for row in rows)
    lacking = sum(row["verdict"] == "not_supported" for row in rows)
    cell = f"{passed}/{len(rows) - lacking}"
    return f"{cell}, {lacking} not supported" if lacking else cell
