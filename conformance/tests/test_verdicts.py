"""One function decides what the report says and how the command exits."""

from datetime import date

import pytest

from signoff_conformance import known_failures
from signoff_conformance.known_failures import KnownFailure
from signoff_conformance.verdicts import Exit, Result, Verdict, judge


def result(verdict, reason="", case_id="SRV-A-001", checks=1):
    return Result(case_id, "", verdict, "server", "A-B", "A rule", reason, checks=checks)


@pytest.mark.parametrize(
    "verdicts,status",
    [
        (["pass"], Exit.CONFORMANT),
        (["pass", "not_supported"], Exit.CONFORMANT),
        (["pass", "expected_fail"], Exit.CONFORMANT),
        (["pass", "fail"], Exit.NOT_CONFORMANT),
        (["pass", "unexpected_pass"], Exit.NOT_CONFORMANT),
        (["pass", "untestable"], Exit.NOT_CONFORMANT),
        (["pass", "not_run"], Exit.NOT_CONFORMANT),
        (["pass", "harness_error"], Exit.HARNESS),
        ([], Exit.NOTHING_RAN),
        (["not_supported", "not_run"], Exit.NOTHING_RAN),
    ],
)
def test_the_exit_code_is_what_the_verdicts_say(verdicts, status):
    assert judge(result(Verdict(one)) for one in verdicts).exit is status


def test_a_pass_that_compared_nothing_is_none():
    judgement = judge([result(Verdict.PASS, checks=0)])
    assert judgement.exit is Exit.NOT_CONFORMANT
    assert "without comparing" in judgement.reasons[0]


def test_a_fault_beside_the_cases_is_not_conformant():
    assert judge([result(Verdict.PASS)], faults=["a hole"]).exit is Exit.NOT_CONFORMANT


ROW = KnownFailure("SRV-A-001", "will be mended", "want 200", date(2026, 6, 1))
TODAY = date(2026, 5, 1)


@pytest.mark.parametrize(
    "verdict,reason,becomes",
    [
        ("fail", "status: want 200, is 500", "expected_fail"),
        ("fail", "something else", "fail"),
        ("pass", "", "unexpected_pass"),
        ("harness_error", "", "harness_error"),
    ],
)
def test_a_known_failure_is_the_one_that_is_known(verdict, reason, becomes):
    (told,), faults = known_failures.apply([ROW], [result(Verdict(verdict), reason)], TODAY)
    assert told.verdict == becomes
    assert faults == []


def test_an_overdue_row_and_one_for_no_case_are_faults():
    _, faults = known_failures.apply([ROW], [result(Verdict.PASS, case_id="SRV-B-001")], date.max)
    assert len(faults) == 2
