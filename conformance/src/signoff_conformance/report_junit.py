"""The report as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as xml  # noqa: N813 - written, never parsed

from signoff_conformance.report import Report
from signoff_conformance.requirements import Requirement
from signoff_conformance.verdicts import FAILURES, Result, Verdict

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(report: Report, path: Path) -> None:
    """Write one test case for each result; what is not supported counts as skipped."""
    suites = xml.Element("testsuites", name="signoff-conformance")
    for subject in sorted({row.subject for row in report.results}):
        rows = [row for row in report.results if row.subject == subject]
        suite = xml.SubElement(
            suites,
            "testsuite",
            name=subject,
            tests=str(len(rows)),
            failures=str(sum(row.verdict in FAILURES for row in rows)),
            errors=str(sum(row.verdict is Verdict.HARNESS_ERROR for row in rows)),
            skipped=str(sum(row.verdict in _SKIPPED for row in rows)),
        )
        for row in rows:
            _add(suite, row, report.requirements.get(row.requirement))
    for fault in report.judgement.reasons:
        suite = xml.SubElement(suites, "testsuite", name="faults", tests="1", failures="1")
        case = xml.SubElement(suite, "testcase", name=_clean(fault), classname="faults")
        xml.SubElement(case, "failure", message=_clean(fault))
    path.parent.mkdir(parents=True, exist_ok=True)
    xml.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


_SKIPPED = frozenset({Verdict.NOT_SUPPORTED, Verdict.EXPECTED_FAIL})


def _add(suite: xml.Element, row: Result, requirement: Requirement | None) -> None:
    case = xml.SubElement(
        suite,
        "testcase",
        name=_clean(f"{row.name} {row.title}"),
        classname=row.subject,
        time=f"{row.seconds:.3f}",
    )
    if row.verdict in FAILURES:
        found = xml.SubElement(case, "failure", message=_message(row))
    elif row.verdict is Verdict.HARNESS_ERROR:
        found = xml.SubElement(case, "error", message=_message(row))
    elif row.verdict in _SKIPPED:
        message = _clean(f"{row.verdict.value}: {row.reason}")
        found = xml.SubElement(case, "skipped", message=message)
    else:
        return
    sentence = f"\n{requirement.id}: {requirement.sentence}" if requirement else ""
    found.text = _clean(row.reason + sentence)


def _message(row: Result) -> str:
    """The verdict, and the reason's first line."""
    return _clean(f"{row.verdict.value}: {row.reason.partition(chr(10))[0]}")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
