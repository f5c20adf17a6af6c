"""What must not load does not, and says where and why."""

import pytest
import yaml

from signoff_conformance import cases
from signoff_conformance.documents import DocumentError
from signoff_conformance.requirements import Requirement

KNOWN = {"A-B": Requirement("A-B", "MUST", "A sentence.", "SPEC.md#a", "server")}
GOOD = {
    "id": "SRV-DEC-001",
    "title": "The first decision wins",
    "requirement": "A-B",
    "steps": [{"settle": True}],
}


def load(folder, rows, kind="server"):
    (folder / kind).mkdir(exist_ok=True)
    text = rows if isinstance(rows, str) else yaml.safe_dump(rows)
    (folder / kind / "some.yaml").write_text(text)
    return cases.load(kind, folder, KNOWN)


def test_a_case_loads_with_its_variants(tmp_path):
    found = load(tmp_path, [GOOD | {"for": {"a": [1, 2], "b": ["x"]}}])
    assert [one.name for one in found["SRV-DEC-001"].variants] == ["a=1,b=x", "a=2,b=x"]


def test_rows_run_for_each_combination(tmp_path):
    found = load(tmp_path, [GOOD | {"for": {"a": [1, 2]}, "each": [{"name": "x", "b": 3}]}])
    variants = found["SRV-DEC-001"].variants
    assert [(one.name, one.values) for one in variants] == [
        ("a=1,x", {"a": 1, "b": 3}),
        ("a=2,x", {"a": 2, "b": 3}),
    ]


@pytest.mark.parametrize(
    "rows,place",
    [
        ([GOOD | {"colour": "red"}], "/0.*colour"),
        ([GOOD | {"id": "DEC-1"}], "/0/id"),
        ([GOOD, GOOD], "SRV-DEC-001: stands twice"),
        ([GOOD | {"id": "CLI-DEC-001"}], "CLI-DEC-001: is no case for a server"),
        ([GOOD | {"requirement": "X-Y"}], "there is no requirement X-Y"),
        ([GOOD | {"twin": "SRV-DEC-009"}], "there is no twin SRV-DEC-009"),
        ([GOOD | {"steps": []}], "/0/steps"),
        ("- id: a\n  id: b\n", "some.yaml:2: id twice"),
        ("- [", "some.yaml"),
    ],
)
def test_what_must_not_load_says_where(tmp_path, rows, place):
    with pytest.raises(DocumentError, match=place):
        load(tmp_path, rows)


def test_a_date_in_a_case_stays_text(tmp_path):
    found = load(tmp_path, [GOOD | {"steps": [{"settle": True}], "for": {"day": ["2026-01-05"]}}])
    assert found["SRV-DEC-001"].variants[0].values == {"day": "2026-01-05"}


@pytest.mark.parametrize("kind", ["server", "client", "receiver"])
def test_the_cases_of_this_suite_load(kind):
    cases.load(kind)
