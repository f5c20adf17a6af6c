"""The tables of the HTML page: requirements × implementations, operation × status, kills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

Reports = Sequence[Mapping[str, Any]]


def requirements(reports: Reports) -> str:
    """How many cases of each requirement came to what, in each implementation."""
    subjects = list(dict.fromkeys(row["subject"] for each in reports for row in each["results"]))
    head = "".join(f"<th>{escape(subject)}" for subject in subjects)
    lines = [f"<table><thead><tr><th>id<th>level<th>sentence{head}</thead>"]
    told = {one["id"]: one for report in reports for one in report["requirements"]}
    for one in told.values():
        verdicts: dict[str, Mapping[str, int]] = {}
        for report in reports:
            for other in report["requirements"]:
                if other["id"] == one["id"]:
                    verdicts |= other["verdicts"]
        sentence = escape(one["sentence"])
        if "unproven" in one:
            sentence += f"<br><small>not proven: {escape(one['unproven'])}</small>"
        cells = "".join(f"<td>{_verdicts(verdicts.get(subject, {}))}" for subject in subjects)
        lines.append(f"<tr><td>{escape(one['id'])}<td>{one['level']}<td>{sentence}{cells}")
    return "\n".join([*lines, "</table>"])


def coverage(reports: Reports) -> Iterator[str]:
    """What was seen of the contract: of each server its cells, of each client its errors."""
    for report in reports:
        told = report["coverage"]
        if told.get("cells_seen"):
            subject = next((row["subject"] for row in report["results"]), "")
            yield f"<h2>Operation × status: {escape(subject)}</h2>"
            seen = f"{told['cells_seen']} of {told['cells']} were seen"
            yield f"<p>{seen}; the numbers say how often.</p>"
            yield _cells(told["operations"])
        if told.get("clients"):
            yield "<h2>Errors that clients map to their kind</h2>"
            yield _clients(told["clients"])


def kills(mutants: Mapping[str, Any]) -> str:
    """Each mutant, the cases that it was to be found by, and whether they did."""
    lines = ["<table><thead><tr><th>mutant<th>of<th>fault<th>cases<th></thead>"]
    for one in mutants["mutants"]:
        real = " <small>(found in a published system)</small>" if one["real"] else ""
        cases = sorted({row["case"] for row in one["cases"]})
        color, word = ("pass", "killed") if one["killed"] else ("fail", "lives")
        lines.append(
            f"<tr><td>{escape(one['name'])}<td>{escape(one['of'])}"
            f"<td>{escape(one['sentence'])}{real}<td>{escape(', '.join(cases))}"
            f"<td class={color}>{word}"
        )
    idle = ", ".join(mutants["toothless"])
    return "\n".join(
        [*lines, "</table>", f"<p>Cases that find none: {escape(idle or 'none')}.</p>"]
    )


def _clients(clients: Mapping[str, Mapping[str, int]]) -> str:
    lines = ["<table><thead><tr><th>client<th>mapped<th>of operations that it lacks<th>of</thead>"]
    for name, one in clients.items():
        lines.append(
            f"<tr><td>{escape(name)}<td>{one['mapped']}<td>{one['lacking']}<td>{one['cells']}"
        )
    return "\n".join([*lines, "</table>"])


def _verdicts(counts: Mapping[str, int]) -> str:
    return ", ".join(
        f"<span class={name}>{count} {name.replace('_', ' ')}</span>"
        for name, count in counts.items()
    )


def _cells(rows: Mapping[str, Mapping[str, Any]]) -> str:
    statuses = sorted({status for row in rows.values() for status in row})
    head = "".join(f"<th>{status}" for status in statuses)
    lines = [f"<table><thead><tr><th>{head}</thead>"]
    for operation, row in rows.items():
        cells = "".join(_cell(row.get(status)) for status in statuses)
        lines.append(f"<tr><td>{escape(operation)}{cells}")
    return "\n".join([*lines, "</table>"])


def _cell(seen: object) -> str:
    if seen is None:
        return "<td>"
    if isinstance(seen, str):
        return f'<td class=unreachable title="{escape(seen)}">unreachable'
    return f"<td class={'seen' if seen else 'none'}>{seen or 'never'}"
