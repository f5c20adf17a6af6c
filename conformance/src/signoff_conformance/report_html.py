"""Reports as one HTML page, without anything from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from signoff_conformance import report_tables
from signoff_conformance.verdicts import Verdict

_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: #222 }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
td, th { border: 1px solid #ccc; padding: .2rem .5rem; text-align: left; vertical-align: top }
thead th { position: sticky; top: 0; background: #fff }
pre { background: #f6f6f6; overflow: auto; padding: .5rem; margin: 0; white-space: pre-wrap;
  overflow-wrap: anywhere; max-height: 30rem }
article { border-top: 1px solid #ccc; padding: .5rem 0 1rem }
article > div { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 2fr); gap: 1rem }
blockquote { margin: 0 0 .5rem; padding-left: .7rem; border-left: 3px solid #a00 }
h3 { margin: .3rem 0; font-size: 1rem } h3 code { font-weight: normal }
.pass { color: #060 } .not_supported, .expected_fail { color: #666 }
.fail, .harness_error, .untestable, .not_run, .unexpected_pass { color: #a00 }
td.none { background: #fdd } td.seen { background: #dfd } td.unreachable { background: #eee }
@media (max-width: 50rem) { article > div { grid-template-columns: minmax(0, 1fr) } }
"""


def write_html(
    reports: Sequence[Mapping[str, Any]], path: Path, mutants: Mapping[str, Any] | None = None
) -> None:
    """Write the page.

    Args:
        reports: as ``check --json`` writes them.
        path: where to.
        mutants: as ``mutants --json`` writes them; None: the page says nothing of kills.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(reports, mutants), encoding="utf-8")


def page(reports: Sequence[Mapping[str, Any]], mutants: Mapping[str, Any] | None = None) -> str:
    """The page: what it comes to, each failure beside the sentence that it breaks, tables."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>signoff conformance</title>',
        '<meta name="viewport" content="width=device-width">',
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>',
        "<h1>Does it keep the contract?</h1>",
        *map(_summary, reports),
        "<h2>What did not pass</h2>",
        *(_failures(reports) or ["<p>Nothing.</p>"]),
        *_unsupported(reports),
        "<h2>Requirements × implementations</h2>",
        report_tables.requirements(reports),
        *report_tables.coverage(reports),
    ]
    if mutants is not None:
        parts += ["<h2>Kills</h2>", report_tables.kills(mutants)]
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _summary(report: Mapping[str, Any]) -> str:
    subjects = ", ".join(dict.fromkeys(row["subject"] for row in report["results"])) or "nothing"
    counts = ", ".join(f"{count} {name}" for name, count in report["counts"].items() if count)
    timed = bool(report["coverage"].get("cells_seen"))
    timing = (
        "the clock of the server was moved"
        if report["timing"] == "controlled"
        else "the clock of the server could not be moved: what needs another time is not supported"
    )
    color = "pass" if report["exit"] == 0 else "fail"
    faults = "".join(f"<li class=fail>{escape(one)}</li>" for one in report["faults"])
    return (
        f"<p><strong>{escape(subjects)}</strong>:"
        f" <strong class={color}>{escape(report['status'].replace('_', ' '))}</strong>."
        f" {escape(counts or 'no case')}."
        + (f" Timing {report['timing']}: {timing}.</p>" if timed else "</p>")
        + (f"<ul>{faults}</ul>" if faults else "")
    )


MOST_OPEN: Final = 30
"""With more failures than that their transcripts are folded."""

_QUIET: Final = (Verdict.PASS, Verdict.NOT_SUPPORTED)


def _failures(reports: Sequence[Mapping[str, Any]]) -> list[str]:
    known = {one["id"]: one for report in reports for one in report["requirements"]}
    rows = [row for report in reports for row in report["results"] if row["verdict"] not in _QUIET]
    shown = "open" if len(rows) <= MOST_OPEN else ""
    return [_failure(row, known.get(row["requirement"]), shown) for row in rows]


def _failure(row: Mapping[str, Any], one: Mapping[str, Any] | None, shown: str) -> str:
    sentence = row["requirement"] if one is None else one["sentence"]
    source = "" if one is None else f"{one['id']}, {one['level']}: {one['text']}"
    lines = [json.dumps(each, ensure_ascii=False, indent=1) for each in row.get("transcript", ())]
    transcript = escape("\n".join(lines)) or "nothing went over the wire"
    return (
        f"<article><h3 class={row['verdict']}>{row['verdict'].replace('_', ' ')}:"
        f" {escape(name(row))} <code>{escape(row['subject'])}</code></h3>"
        f"<p>{escape(row['title'])}</p>"
        f"<div><section><blockquote>{escape(sentence)}<br><small>{escape(source)}</small>"
        f"</blockquote><pre>{escape(row.get('reason', ''))}</pre></section>"
        f"<details {shown}><summary>what went over the wire</summary><pre>{transcript}</pre>"
        "</details></div></article>"
    )


def _unsupported(reports: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        row
        for report in reports
        for row in report["results"]
        if row["verdict"] == Verdict.NOT_SUPPORTED
    ]
    if rows:
        lines = [
            f"<tr><td>{escape(row['subject'])}<td>{escape(name(row))}<td>{escape(row['reason'])}"
            for row in rows
        ]
        yield f"<details><summary>{len(rows)} not supported: neither good nor bad</summary>"
        yield f"<table>{''.join(lines)}</table></details>"


def name(row: Mapping[str, Any]) -> str:
    """``SRV-DEC-001[decision=approved]``, of a row of a report."""
    return f"{row['case']}[{row['variant']}]" if row["variant"] else str(row["case"])
