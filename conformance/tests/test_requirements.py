"""Each requirement is proven by a case, or says why not; each refusal has a twin that succeeds."""

import re

import pytest

from signoff_conformance import cases, generated, places, requirements
from signoff_conformance.contract import Contract

KNOWN = requirements.load()
CONTRACT = Contract.load()
SERVER = [*cases.load("server").values(), *generated.cases(CONTRACT)]
ALL = [*SERVER, *cases.load("client").values(), *cases.load("receiver").values()]


@pytest.mark.parametrize("one", [one for one in KNOWN.values() if one.of == "server"], ids=str)
def test_each_requirement_of_servers_is_proven_or_says_why_not(one):
    proven = any(case.requirement == one.id for case in ALL)
    assert proven != bool(one.unproven), one.id


def test_each_case_proves_a_requirement_that_there_is():
    assert {case.requirement for case in ALL} <= KNOWN.keys()


def test_twins_are_cases():
    known = {case.id for case in ALL}
    assert {case.twin for case in ALL if case.twin} <= known


@pytest.mark.parametrize(
    "one", [one for one in KNOWN.values() if one.of == "server"], ids=lambda one: one.id
)
def test_the_text_of_each_requirement_is_there(one):
    file, _, place = one.text.partition("#")
    if file == "SPEC.md":
        heads = re.findall(r"^## (.+)$", places.SPEC.read_text(), re.MULTILINE)
        assert place in {head.lower().replace(" ", "-") for head in heads}
        return
    document = CONTRACT.document
    if place.startswith("info/"):
        assert f"## {place.removeprefix('info/')}\n" in document["info"]["description"]
    elif place.startswith("components/"):
        node = document
        for part in place.split("/"):
            node = node[part]
    else:
        assert place in str(document), place
