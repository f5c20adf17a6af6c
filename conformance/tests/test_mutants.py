"""Mutants that apply, that do not, and that live."""

import pytest

from signoff_conformance import cases, generated, mutants, places
from signoff_conformance.contract import Contract
from signoff_conformance.documents import DocumentError
from signoff_conformance.mutants import DoesNotApply, Killer, Mutant
from signoff_conformance.verdicts import Result, Verdict

SOURCE = places.CONTRACT.parent / "python" / "src"
HEAD = "mutant: a\nwhat: b\nkilled-by: SRV-A-001 because is 200\n"
PATCH = "\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-one\n+two\n"


def result(verdict, reason=""):
    return Result("SRV-A-001", "", Verdict(verdict), "server", "A-B", "A rule", reason)


def mutant(path):
    return Mutant("a", "b", [Killer("SRV-A-001", "is 200")], path)


@pytest.mark.parametrize("one", mutants.load("server"), ids=lambda one: one.name)
def test_each_mutant_still_applies(one, tmp_path):
    mutants.grow(one, SOURCE, tmp_path)


def test_each_mutant_names_cases_that_there_are():
    known = {*cases.load("server"), *(case.id for case in generated.cases(Contract.load()))}
    for one in mutants.load("server"):
        assert {killer.case_id for killer in one.killers} <= known, one.name


def test_a_patch_that_does_not_fit_is_said(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "x.py").write_text("three\n")
    (tmp_path / "a.patch").write_text(HEAD + PATCH)
    with pytest.raises(DoesNotApply, match=r"x\.py"):
        mutants.grow(mutant(tmp_path / "a.patch"), tmp_path / "source", tmp_path / "copies")


def test_a_patch_changes_the_copy_only(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "x.py").write_text("one\n")
    (tmp_path / "a.patch").write_text(HEAD + PATCH)
    copy = mutants.grow(mutant(tmp_path / "a.patch"), tmp_path / "source", tmp_path / "copies")
    assert (copy / "x.py").read_text() == "two\n"
    assert (tmp_path / "source" / "x.py").read_text() == "one\n"


@pytest.mark.parametrize(
    "head", ["", "mutant: a\n", HEAD + "colour: red\n", HEAD.replace(" because is 200", "")]
)
def test_a_header_that_is_not_whole_is_refused(tmp_path, head):
    (tmp_path / "server").mkdir()
    (tmp_path / "server" / "a.patch").write_text(head + PATCH)
    with pytest.raises(DocumentError):
        mutants.load("server", tmp_path)


@pytest.mark.parametrize(
    "rows,says",
    [
        ([result("fail", "want 409, is 200")], None),
        ([result("pass"), result("fail", "want 409, is 200")], None),
        ([result("pass")], "SRV-A-001 pass"),
        ([result("fail", "is 500")], "another reason"),
        ([result("harness_error")], "harness_error"),
        ([], "there is no case"),
    ],
)
def test_a_mutant_dies_for_its_own_reason_only(tmp_path, rows, says):
    lines = mutants.survivors(mutant(tmp_path), rows)
    assert lines == [] if says is None else says in lines[0]
