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
    "CLI-WAIT": "waiting for people and runs",
    "CLI-POLL": "long polls",
    "CLI-DEADLINE": "deadlines",
    "CLI-CANCEL": "cancelling calls",
    "CLI-CLOSED": "nothing but approved is a yes",
    "CLI-OPEN": "what is newer than the client",
    "CLI-REPEAT": "lost replies, and keys that make repeats safe",
    "CLI-ONCE": "refusals that are final",
    "CLI-BACKOFF": "back-off",
    "CLI-RETRYAFTER": "Retry-After",
    "CLI-KINDS": "kinds of errors",
    "CLI-NAMES": "names on the wire",
    "CLI-VALUES": "user JSON",
    "CLI-CODEC": "examples of the contract, read and written",
    "CLI-PAGES": "whole lists",
    "CLI-STREAM": "streams of events",
    "CLI-SIGN": "signed responses",
    "CLI-KEY": "the key, and where it may not be",
    "CLI-REDIRECT": "redirects",
    "HOOK-SIGN": "received: signatures",
    "HOOK-WINDOW": "received: the window of time",
    "HOOK-RAW": "received: the bytes as they came",
    "HOOK-FIRST": "received: the signature first",
    "AGT-SIGN": "agents: unsigned work is refused",
    "AGT-DISPATCH": "agents: taking work, once",
    "AGT-FENCE": "agents: fencing",
    "AGT-REPLAY": "agents: steps and replay",
    "AGT-PAUSE": "agents: questions",
    "AGT-CLOSED": "agents: only approved is a yes",
    "AGT-CALL": "agents: calls",
    "AGT-NOTE": "agents: notes",
    "AGT-REPORT": "agents: reports",
    "AGT-CANCEL": "agents: cancelling",
    "AGT-LIVE": "agents: registration, heartbeats",
    "AGT-STOP": "agents: ending",
    "AGT-SUSPEND": "agents: suspension",
    "AGT-LATE": "agents: attempts that come late",
}
"""What the first two words of an id stand for, in the order of the table."""

HEAD: Final = """# Results

Written by `make results` from what `make conformance`, `make mutants` and `make walk` have found.
A cell is how many cases passed, of how many ran; each variant of a case counts.
"""


def table(
    reports: Sequence[Mapping[str, Any]],
    mutants: Mapping[str, Any] | None = None,
    walks: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The page ``RESULTS.md``.

    Args:
        reports: as ``check --json`` writes them.
        mutants: as ``mutants --json`` writes them; None: the page says nothing of them.
        walks: as ``walk --json`` writes them, one of each server.
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
    if mutants is not None:
        lines += ["", *_mutants(mutants)]
    if walks:
        lines += ["", *_walks(walks)]
    return "\n".join(lines) + "\n"


def _mutants(told: Mapping[str, Any]) -> list[str]:
    """How many were killed of each kind, and how many of them were found in the world."""
    real = sum(row["real"] for row in told["mutants"])
    lines = [
        "## Mutants",
        "",
        "Faults put into our own code, or into the wire beside it, each of which its cases must"
        f" find for its own reason. {real} of them were found in published systems;"
        f" {len(told['toothless'])} cases find none.",
        "",
        "| of | killed |",
        "|---|---|",
    ]
    for kind, count in told["counts"].items():
        lines.append(f"| {kind} | {count['killed']}/{count['all']} |")
    return lines


def _walks(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """How far each walk went, and whether something differed."""
    lines = [
        "## Walks",
        "",
        "Random operations, each answer beside that of an oracle of the contract. A walk is over"
        " when each 2xx and 4xx of each operation was answered and then nothing new came for long.",
        "",
        "| | seed | operations | kinds of answers | operation × status | nothing new for | |",
        "|---|---|---|---|---|---|---|",
    ]
    return lines + [
        f"| {report['subject']} | {walk['seed']} | {walk['operations']} | {len(walk['kinds'])} |"
        f" {walk['cells']}/{walk['cells_wanted']} | {walk['quiet']} |"
        f" {_came_to(walk, report['quiet_wanted'])} |"
        for report in told
        for walk in report["walks"]
    ]


def _came_to(walk: Mapping[str, Any], quiet: int | None) -> str:
    if walk["difference"] is not None:
        return f"**operation {walk['difference']['until']} was answered otherwise**"
    unfinished = quiet is not None and (walk["missing"] or walk["quiet"] < quiet)
    return "**not over**" if unfinished else "no difference"


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
