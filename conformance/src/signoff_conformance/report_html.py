"""The report as one HTML page, without anything from elsewhere."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

from signoff_conformance.report import Report
from signoff_conformance.verdicts import Result, Verdict

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
  padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 } td, th { border: 1px solid #ccc;
  padding: .2rem .5rem; text-align: left; vertical-align: top }
pre { background: #f6f6f6; overflow: auto; padding: .5rem }
.pass { color: #060 }
.fail, .harness_error, .untestable, .not_run, .unexpected_pass { color: #a00 }
.none { background: #fdd } .seen { background: #dfd } .unreachable { background: #eee }
"""


def write_html(report: Report, path: Path) -> None:
    """Write the page: what it comes to, each failure beside the sentence that it breaks, tables."""
    parts = [
        "<!doctype html><meta charset=utf-8><title>signoff conformance</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>{escape(report.judgement.status)}</h1>",
        f"<p>{escape(_counts(report))}. Timing: {report.timing}.</p>",
        *[f"<p class=fail>{escape(one)}</p>" for one in report.judgement.reasons],
        "<h2>What did not pass</h2>",
        *[_failure(report, row) for row in report.results if row.verdict is not Verdict.PASS],
        "<h2>Requirements</h2>",
        _requirements(report),
        "<h2>Operation × status</h2>",
        _cells(report),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(parts), encoding="utf-8")


def _counts(report: Report) -> str:
    return ", ".join(f"{count} {name}" for name, count in report.judgement.counts.items() if count)


def _failure(report: Report, row: Result) -> str:
    one = report.requirements.get(row.requirement)
    sentence = "" if one is None else f"{one.id} ({one.level}): {one.sentence}"
    lines = [json.dumps(exchange, ensure_ascii=False, indent=1) for exchange in row.transcript]
    transcript = (
        f"<details><summary>transcript</summary><pre>{escape(chr(10).join(lines))}</pre></details>"
        if lines
        else ""
    )
    return (
        f"<h3 class={row.verdict.value}>{row.verdict.value}: {escape(row.name)}</h3>"
        f"<p>{escape(row.title)} ({escape(row.subject)})</p>"
        f"<blockquote>{escape(sentence)}</blockquote>"
        f"<pre>{escape(row.reason)}</pre>{transcript}"
    )


def _requirements(report: Report) -> str:
    subjects = sorted({row.subject for row in report.results})
    head = "".join(f"<th>{escape(subject)}" for subject in subjects)
    lines = [f"<table><tr><th>id<th>level<th>sentence{head}"]
    for one in report.value()["requirements"]:
        cells = "".join(f"<td>{_verdicts(one['verdicts'].get(name, {}))}" for name in subjects)
        sentence = escape(one["sentence"])
        lines.append(f"<tr><td>{one['id']}<td>{one['level']}<td>{sentence}{cells}")
    return "\n".join([*lines, "</table>"])


def _verdicts(counts: dict[str, int]) -> str:
    return ", ".join(f"<span class={name}>{count} {name}</span>" for name, count in counts.items())


def _cells(report: Report) -> str:
    rows = report.coverage.get("operations", {})
    statuses = sorted({status for row in rows.values() for status in row})
    lines = ["<table><tr><th>" + "".join(f"<th>{status}" for status in statuses)]
    for operation, row in rows.items():
        cells = "".join(_cell(row.get(status)) for status in statuses)
        lines.append(f"<tr><td>{escape(operation)}{cells}")
    return "\n".join([*lines, "</table>"])


def _cell(seen: object) -> str:
    if seen is None:
        return "<td>"
    if isinstance(seen, str):
        return f"<td class=unreachable title='{escape(seen)}'>unreachable"
    return f"<td class={'seen' if seen else 'none'}>{seen}"
