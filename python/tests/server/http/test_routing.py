"""Paths are split before they are decoded, and words go before parameters."""

from __future__ import annotations

import pytest

from signoff.server.http import contract
from signoff.server.http.routing import Routes

ROUTES = Routes(contract.load().operations.values())


def ids(raw_path: bytes) -> set[str]:
    found = ROUTES.find(raw_path)
    return {operation.id for operation in found.methods.values()} if found else set()


@pytest.mark.parametrize("operation", contract.load().operations.values(), ids=lambda each: each.id)
def test_every_operation_is_found_at_its_path(operation: contract.Operation):
    path = operation.path
    for number, parameter in enumerate(operation.path_parameters):
        path = path.replace(f"{{{parameter.name}}}", f"v{number}")
    found = ROUTES.find(path.encode())
    assert found is not None
    assert found.methods[operation.method] is operation
    assert found.values == tuple(f"v{number}" for number in range(len(operation.path_parameters)))


def test_a_word_goes_before_a_parameter():
    assert ids(b"/api/v1/executions/note") == {"addNote"}
    assert ids(b"/api/v1/executions/notes") == {"getExecution"}
    assert ids(b"/api/v1/nodes/register") == {"registerNode"}


def test_where_the_word_leads_nowhere_the_parameter_is_tried():
    found = ROUTES.find(b"/api/v1/executions/note/steps")
    assert found is not None
    assert found.values == ("note",)
    assert ids(b"/api/v1/executions/note/steps") == {"listSteps"}


def test_an_encoded_slash_is_part_of_a_value():
    found = ROUTES.find(b"/api/v1/executions/exec_1%2Fsteps")
    assert found is not None
    assert found.values == ("exec_1/steps",)


@pytest.mark.parametrize(
    "encoded, value",
    [(b"%00", "\0"), (b"%FF", "\ufffd"), (b"%e2%82%ac", "€"), (b"a%20b", "a b"), (b"%zz", "%zz")],
)
def test_values_are_decoded(encoded: bytes, value: str):
    found = ROUTES.find(b"/api/v1/nodes/" + encoded)
    assert found is not None
    assert found.values == (value,)


def test_words_may_be_encoded_too():
    assert ids(b"/api/v1/%6Eodes") == {"listNodes"}


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/",
        b"/api/v1",
        b"/api/v1/nodes/",
        b"/api/v1//nodes",
        b"/api/v1/executions//steps",
        b"/api/v2/nodes",
        b"/api/v1/nodes/\xff",
        b"/api/v1/nodes/a/b/c/d/e/f",
    ],
)
def test_other_paths_lead_nowhere(path: bytes):
    assert ROUTES.find(path) is None
