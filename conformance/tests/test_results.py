"""The matrix shows what was found, and what was not finished."""

from signoff_conformance import results

ROW = {"case": "SRV-DEC-001", "subject": "server"}
REPORT = {
    "subjects": ["server"],
    "coverage": {},
    "results": [ROW | {"verdict": "pass"}, ROW | {"verdict": "fail"}],
}
WALK = {
    "seed": 4,
    "operations": 5000,
    "kinds": {"getHealth 200": 3},
    "cells": 204,
    "cells_wanted": 204,
    "quiet": 2000,
    "missing": [],
    "difference": None,
}


def walked(**members):
    report = {"subject": "server", "quiet_wanted": 2000, "walks": [WALK | members]}
    return results.table([REPORT], None, [report]).splitlines()[-1]


def test_what_failed_did_not_pass():
    assert "| decisions | 1/2 |" in results.table([REPORT])


def test_a_walk_that_is_over_says_how_far_it_went():
    assert walked() == "| server | 4 | 5000 | 1 | 204/204 | 2000 | no difference |"


def test_a_walk_that_is_not_over_says_so():
    assert walked(quiet=1999).endswith("**not over** |")
    assert walked(missing=["getNode 404"]).endswith("**not over** |")


def test_a_difference_is_named():
    assert walked(difference={"until": 812}).endswith("**operation 812 was answered otherwise** |")


def test_what_was_not_run_is_not_there():
    assert "Mutants" not in results.table([REPORT])
    assert "Walks" not in results.table([REPORT])
