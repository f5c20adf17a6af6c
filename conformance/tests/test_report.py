"""The page and the JUnit file say in words what did not pass, beside what it breaks."""

from xml.etree import ElementTree as xml  # noqa: N813

from signoff_conformance import report_html, report_junit, requirements
from signoff_conformance.contract import Contract
from signoff_conformance.coverage import Coverage
from signoff_conformance.report import Report
from signoff_conformance.traffic import Exchange
from signoff_conformance.verdicts import Result, Verdict, judge

KNOWN = requirements.load()
SENTENCE = KNOWN["DEC-FIRST"].sentence


def result(verdict, reason="", subject="server", transcript=()):
    return Result(
        *("SRV-DEC-003", "a <b>", Verdict(verdict), subject, "DEC-FIRST", "Another & more"),
        *(reason, 0.1, transcript, 1),
    )


def report(*results, timing="controlled"):
    seen = Coverage(Contract.load())
    seen.see([Exchange("GET", "/api/v1/health", {}, b"", 200, {"content-type": "text/plain"})])
    return Report(results, judge(results), KNOWN, timing, seen.value(), {"server": "./serve"})


FAILED = result("fail", "status: want 409,\nis <200>", transcript=[{"request": "POST </pre>"}])


def test_a_failure_stands_beside_its_sentence_and_what_went_over_the_wire():
    page = report_html.page([report(FAILED).value()])
    at = [page.index(text) for text in ("SRV-DEC-003[a &lt;b&gt;]", SENTENCE, "is &lt;200&gt;")]
    assert at == sorted(at)
    assert "POST &lt;/pre&gt;" in page[at[2] :]
    assert "not conformant" in page


def test_reports_of_several_implementations_become_one_table():
    others = report(result("not_supported", "no clock", "client"), timing="real").value()
    page = report_html.page([report(result("pass")).value(), others])
    row = next(line for line in page.splitlines() if line.startswith("<tr><td>DEC-FIRST<"))
    assert row.endswith(
        "<td><span class=pass>1 pass</span><td><span class=not_supported>1 not supported</span>"
    )
    assert "1 not supported: neither good nor bad" in page
    assert "could not be moved" in page
    assert "<td>getHealth<td class=seen>1" in page
    assert "<td class=none>never" in page


def test_kills_are_shown_where_they_are_known():
    one = {
        "name": "late-decision-accepted",
        "of": "server",
        "sentence": "It is taken.",
        "real": True,
        "killed": False,
        "cases": [{"case": "SRV-EXP-002"}],
    }
    page = report_html.page([], {"mutants": [one], "toothless": ["SRV-X-001"]})
    assert "<td>SRV-EXP-002<td class=fail>lives" in page
    assert "SRV-X-001" in page
    assert "Kills" not in report_html.page([])


def test_junit_says_why_and_which_sentence_is_broken(tmp_path):
    path = tmp_path / "a.xml"
    report_junit.write_junit(report(FAILED, result("pass")), path)
    failure = xml.parse(path).getroot().find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == "fail: status: want 409,"
    assert SENTENCE in (failure.text or "")
