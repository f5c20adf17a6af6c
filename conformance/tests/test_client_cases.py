"""The cases for clients and receivers load, and what is no case does not."""

from types import SimpleNamespace
from typing import cast

import pytest

from signoff_conformance import cases, client_generated, documents, places
from signoff_conformance import requirements as registry
from signoff_conformance.client_bench import Bench
from signoff_conformance.client_check import client_cases
from signoff_conformance.client_steps import Steps
from signoff_conformance.contract import Contract
from signoff_conformance.documents import DocumentError
from signoff_conformance.runner import Failed, NotSupported
from signoff_conformance.values import Values

CONTRACT = Contract.load()

CASE = """
- id: CLI-TEST-001
  title: A rule of this test
  requirement: CLI-R-NAMES
  steps:
    - {step}
"""


def test_cases_that_are_made_fit_the_schema_of_those_that_are_written():
    for case in client_generated.cases(CONTRACT):
        documents.check(list(case.steps), "client_steps", places.CASES)
        assert case.variants


@pytest.mark.parametrize(
    "step",
    [
        "{calls: getHealth}",
        "{call: getHealth, arg: {}}",
        "{wire: [{do: explode, of: getHealth}]}",
        "{wire: [{do: drop, on: getHealth}]}",
        "{wire: []}",
        "{sleep: 5}",
        "{returns: {}, pump: 5}",
        "{control: reboot}",
        "{wired: {count: 1}}",
        "{}",
        "getHealth",
    ],
)
def test_a_step_that_means_nothing_does_not_load(step, tmp_path):
    (tmp_path / "client").mkdir()
    (tmp_path / "client" / "a.yaml").write_text(CASE.replace("{step}", step))
    with pytest.raises(DocumentError, match=r"a\.yaml"):
        cases.load("client", tmp_path)


def test_every_requirement_of_clients_and_receivers_is_proven_or_says_why_not():
    proven = {case.requirement for case in client_cases(CONTRACT).values()}
    left = [
        one.id
        for one in registry.load().values()
        if one.of in ("client", "receiver") and one.id not in proven and one.unproven is None
    ]
    assert left == []


def test_every_problem_code_of_the_contract_has_a_kind():
    assert set(client_generated.KINDS) == set(CONTRACT.codes)


def test_every_operation_of_the_contract_is_called_by_a_case():
    rows = {variant.values["op"] for variant in client_cases(CONTRACT)["CLI-KINDS-100"].variants}
    silent = {"getHealth", "getReadiness", "getOpenapi", "getMetrics"}
    assert set(CONTRACT.operations) - rows <= silent


@pytest.mark.parametrize("step", [{"cancel": "first"}, {"call": "getHealth"}])
async def test_what_a_blocking_client_cannot_do_is_not_asked_of_it(step):
    adapter = SimpleNamespace(busy=True)
    bench = cast(Bench, SimpleNamespace(hello={"lacks": ["cancel", "parallel"]}, adapter=adapter))
    with pytest.raises(NotSupported):
        await Steps(bench, Values({}, {})).perform(step)


@pytest.mark.parametrize(
    "lacks,what,said",
    [
        ("codec", "codec.Execution", True),
        ("codec.Execution", "codec.Execution", True),
        ("codec.Execution", "codec.Event", False),
        ("execute.webhook", "execute", True),
        ("execute", "executeAsync", False),
    ],
)
def test_what_is_not_supported_was_said_before_as_a_whole_or_in_part(lacks, what, said):
    bench = cast(Bench, SimpleNamespace(hello={"lacks": [lacks]}))
    with pytest.raises(NotSupported if said else Failed):
        Steps(bench, Values({}, {}))._lacking(what, {"unsupported": "no"})
