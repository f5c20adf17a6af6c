"""The server knows the contract from the contract alone."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.server.domain.principal import Role
from signoff.server.http import contract, problems
from signoff.server.operations import wording
from tests.server.http.checked import TREE, resolved

CONTRACT = contract.load()


def everything(node: Any) -> Any:
    yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from everything(each)


def test_every_operation_of_the_contract_is_read():
    said = {
        (path, method.upper()): operation["operationId"]
        for path, item in TREE["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }
    read = {(each.path, each.method): each.id for each in CONTRACT.operations.values()}
    assert read == said


def test_roles_are_those_of_security():
    operations = CONTRACT.operations
    assert operations["decideApprovalRequest"].roles == {Role.REVIEWER, Role.ADMIN}
    assert operations["registerNode"].roles == {Role.AGENT, Role.ADMIN}
    assert operations["getHealth"].roles == frozenset()


def test_parameters_come_with_type_default_and_need():
    operation = CONTRACT.operations["listExecutions"]
    limit = operation.query_parameters["limit"]
    assert (limit.kind, limit.default, limit.required) == ("integer", 50, False)
    assert operation.defaults == {"limit": 50}
    [note] = CONTRACT.operations["addNote"].header_parameters
    assert (note.name, note.required) == ("x-execution-id", True)
    step = CONTRACT.operations["recordStep"]
    assert [each.name for each in step.path_parameters] == ["execution_id", "step_key"]


def test_bodies_come_with_limit_defaults_and_integers():
    body = CONTRACT.operations["executeAsync"].body
    assert body is not None
    assert body.limit == 1024 * 1024
    assert body.defaults == {"timeout_seconds": 7200, "max_attempts": 10}
    assert set(body.integers) == {("timeout_seconds",), ("max_attempts",)}
    report = CONTRACT.operations["reportExecutionStatus"].body
    assert report is not None
    assert report.limit == 10 * 1024 * 1024
    assert CONTRACT.operations["retryDelivery"].body is None
    cancel = CONTRACT.operations["cancelExecution"].body
    assert cancel is not None
    assert not cancel.required


def test_every_problem_code_has_the_status_that_the_contract_gives_it():
    codes = set(TREE["components"]["schemas"]["ProblemCode"]["enum"])
    assert set(problems.STATUS) == codes
    listed = {
        (code, int(status))
        for item in TREE["paths"].values()
        for method, operation in item.items()
        if method != "parameters"
        for status, answer in operation["responses"].items()
        for code in resolved(answer).get("x-problem-codes", ())
    }
    assert listed <= set(problems.STATUS.items())
    # The answers to what is no operation at all, and to bugs, stand in no operation's list.
    assert codes - {code for code, _ in listed} == {"method_not_allowed", "internal_error"}


def test_every_pattern_of_the_contract_has_words():
    found = {
        node["pattern"]
        for node in everything(TREE["components"])
        if isinstance(node, dict) and isinstance(node.get("pattern"), str)
    }
    assert set(wording.PATTERNS) == found


def test_a_path_elsewhere_is_no_contract_of_ours():
    text = b"paths: {/elsewhere: {get: {operationId: x}}}"
    with pytest.raises(ValueError, match="does not start with /api/v1/"):
        contract.parse(text)
