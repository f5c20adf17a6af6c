"""Mutants that apply, that do not, and that live; and that every case is named by one."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from signoff_conformance import cli_mutants, own_adapters, places
from signoff_conformance.cli import app
from signoff_conformance.contract import Contract
from signoff_conformance.documents import DocumentError
from signoff_conformance.mutants import (
    Death,
    DoesNotApply,
    Killer,
    Kind,
    Mutant,
    agents,
    edits,
    everything,
    face,
    patches,
    toothless,
    wire,
)
from signoff_conformance.mutants.hunting import hunt
from signoff_conformance.mutants.kills import Kills
from signoff_conformance.mutants.patches import ServerMutant
from signoff_conformance.runner import Failed

SOURCE = places.CONTRACT.parent / "python" / "src"
CONTRACT = Contract.load()
CASES = everything.all_cases(CONTRACT)
MUTANTS = everything.all_mutants(CASES)
HEAD = "mutant: a\nwhat: b\nkilled-by: SRV-DEC-001 because is 200\n"
PATCH = "\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-one\n+two\n"
WIRE = """
- name: a
  sentence: A fault of this test
  between: server
  changes: [{CHANGE}]
  killed_by: {SRV-DEC-001: x}
"""


KILLERS = (Killer("SRV-DEC-001", "is 200"),)


def mutant(path=None, killers=KILLERS):
    return ServerMutant("a", Kind.SERVER, "b", killers, False, path or Path())


def test_every_case_is_named_by_a_mutant():
    assert toothless(MUTANTS, CASES) == []


def test_each_mutant_names_variants_that_there_are():
    lost = [
        (one.name, killer.case)
        for one in MUTANTS
        for killer in one.killers
        if not killer.items(CASES)
    ]
    assert lost == []


def test_no_two_mutants_have_one_name_whatever_their_kind_and_file():
    everything.require_names(MUTANTS)
    twin = Mutant(MUTANTS[0].name, Kind.AGENT_WIRE, "b", (), False)
    with pytest.raises(DocumentError, match=f"mutants are called {twin.name}"):
        everything.require_names([*MUTANTS, twin])


@pytest.mark.parametrize("one", patches.load(), ids=lambda one: one.name)
def test_each_mutant_of_the_server_still_applies(one, tmp_path):
    patches.grow(one, SOURCE, tmp_path)


@pytest.mark.parametrize("one", edits.load(), ids=lambda one: one.name)
def test_each_mutant_of_a_client_still_applies_in_every_language(one, tmp_path):
    assert set(one.edits) == set(own_adapters.SOURCES)
    for language in one.edits:
        edits.grow(one, language, tmp_path / language)


@pytest.mark.parametrize("one", agents.load(), ids=lambda one: one.name)
def test_each_mutant_of_an_agent_still_applies(one, tmp_path):
    for language in one.edits:
        edits.grow(one, language, tmp_path / language)


SOME = (
    "late-duplicate-404",
    "repeat-asks-anew",
    "callback-twice",
    "stream-begins-anew",
    "anyone-is-served/decideApprovalRequest",
    "status-decides",
    "even-tries",
    "stale-answer-ignored",
)
"""One of each kind, and one of each way in which the wire is meddled with."""


async def test_mutants_die_of_what_their_cases_say():
    found = [one for one in MUTANTS if one.name in SOME]
    deaths = await hunt(found, CASES, CONTRACT, SOURCE)
    assert [(row.mutant.name, row.said) for row in deaths if not row.killed] == []
    assert {row.mutant.name for row in deaths} == set(SOME)


async def test_what_is_no_fault_lives():
    harmless = wire.WireMutant(
        "harmless", Kind.SERVER_WIRE, "", (Killer("SRV-SYS-001", "."),), False, "server", ()
    )
    (death,) = await hunt([harmless], CASES, CONTRACT, SOURCE, workers=1)
    assert not death.killed
    assert death.said.startswith("pass")


async def test_a_mutant_that_does_not_apply_any_more_is_no_kill(tmp_path):
    (tmp_path / "a.patch").write_text(HEAD + PATCH)
    (death,) = await hunt([mutant(tmp_path / "a.patch")], CASES, CONTRACT, SOURCE, workers=1)
    assert not death.killed
    assert death.said.startswith("does not apply any more")


def test_a_patch_that_does_not_fit_is_said(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "x.py").write_text("three\n")
    (tmp_path / "a.patch").write_text(HEAD + PATCH)
    with pytest.raises(DoesNotApply, match=r"x\.py"):
        patches.grow(mutant(tmp_path / "a.patch"), tmp_path / "source", tmp_path / "copies")


def test_a_patch_changes_the_copy_only(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "x.py").write_text("one\n")
    (tmp_path / "a.patch").write_text(HEAD + PATCH)
    copy = patches.grow(mutant(tmp_path / "a.patch"), tmp_path / "source", tmp_path / "copies")
    assert (copy / "x.py").read_text() == "two\n"
    assert (tmp_path / "source" / "x.py").read_text() == "one\n"


@pytest.mark.parametrize("text", ["", "two", "one one"])
def test_an_edit_of_what_does_not_stand_there_once_is_said(text, tmp_path):
    (tmp_path / "x.py").write_text(text)
    with pytest.raises(DoesNotApply, match=r"x\.py stands there"):
        edits.apply([edits.Edit("x.py", "one", "two")], tmp_path)


@pytest.mark.parametrize(
    "head", ["", "mutant: a\n", HEAD + "colour: red\n", HEAD.replace(" because is 200", "")]
)
def test_a_header_that_is_not_whole_is_refused(tmp_path, head):
    (tmp_path / "a.patch").write_text(head + PATCH)
    with pytest.raises(DocumentError):
        patches.load(tmp_path)


@pytest.mark.parametrize("change", ["do: explode", "of: []", "answers: {}", "when: {body: 1}"])
def test_a_change_of_the_wire_that_means_nothing_does_not_load(change, tmp_path):
    (tmp_path / "a.yaml").write_text(WIRE.replace("{CHANGE}", f"{{{change}}}"))
    with pytest.raises(DocumentError, match=r"a\.yaml"):
        wire.load(CASES, tmp_path)


class Performer:
    """Fails each variant with one of these reasons; an empty one passes."""

    subject = "none"
    checks = 1

    def __init__(self, reasons):
        self._reasons = iter(reasons)

    async def prepare(self, case):
        pass

    async def perform(self, case, variant):
        reason = next(self._reasons)
        if reason == "bug":
            raise KeyError
        if reason:
            raise Failed(reason)

    def transcript(self):
        return ()


@pytest.mark.parametrize(
    "reasons,killed,says",
    [
        (["status: want 409, is 200"], True, "is 200"),
        (["", "is 500", "is 200"], True, "is 200"),
        (["", "", ""], False, "pass"),
        (["is 500", "is 500", "is 500"], False, "is 500"),
        (["bug", "bug", "bug"], False, "harness_error"),
    ],
)
async def test_a_mutant_dies_for_its_own_reason_only(reasons, killed, says):
    one = mutant()
    death = await face(one, one.killers[0], CASES, Performer(reasons), "server")
    assert death.killed is killed
    assert says in death.said


async def test_a_case_that_there_is_not_kills_nothing():
    one = mutant(killers=(Killer("SRV-NO-001", "."),))
    death = await face(one, one.killers[0], CASES, Performer([]), "server")
    assert not death.killed


def kills(*killed, idle=()):
    one = Mutant("a", Kind.CLIENT, "b", (), False)
    return Kills([one], [Death(one, "go", "CLI-A-001", row, "said") for row in killed], idle)


def test_the_table_is_complete_when_all_are_dead_and_no_case_is_toothless():
    assert kills(True, True).complete
    assert not kills(True, False).complete
    assert not kills().complete
    assert not kills(True, idle=["CLI-A-002"]).complete
    assert kills(True, False).counts == {"client": (0, 1)}


def test_mutants_of_several_cases_may_be_asked_for_at_once(monkeypatch):
    met = []

    async def hunted(mutants, *_, **__):
        met.extend(mutants)
        return [Death(one, "server", one.killers[0].case, True, "") for one in mutants]

    monkeypatch.setattr(cli_mutants, "hunt", hunted)
    asked = ["mutants", "--case", "SRV-TREE-003", "--case", "SRV-OUT-011"]
    CliRunner().invoke(app, asked, catch_exceptions=False)
    named = {killer.case for one in met for killer in one.killers}
    assert {"SRV-TREE-003", "SRV-OUT-011"} <= named
    assert all(
        any(killer.case.startswith(("SRV-TREE-003", "SRV-OUT-011")) for killer in one.killers)
        for one in met
    )
