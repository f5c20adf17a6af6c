import inspect
import json
import pickle

import pytest

import signoff
from signoff import errors
from signoff.contract_gen import ProblemCode
from signoff.errors import ApiError, RefusedError, ServerError, SignoffError, api_error
from tests.contract import contract

APPROVAL = contract()["components"]["schemas"]["Approval"]["examples"][0]
EXECUTION = contract()["components"]["schemas"]["Execution"]["examples"][0]

CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == "signoff.errors"
]


def problem(status, code, **more):
    body = {"type": "about:blank", "title": "No", "status": status, "code": code, "detail": "why"}
    return api_error(status, json.dumps(body | more).encode())


def class_name(code):
    name = "".join(word.capitalize() for word in code.split("_"))
    return name if name.endswith("Error") else f"{name}Error"


@pytest.mark.parametrize("code", list(ProblemCode))
def test_each_problem_code_is_a_class_of_its_name(code):
    error = problem(409, code)
    assert type(error).__name__ == class_name(code)
    assert type(error) is getattr(signoff, class_name(code))


def test_no_class_stands_for_a_code_that_the_contract_does_not_have():
    assert list(errors.BY_CODE) == contract()["components"]["schemas"]["ProblemCode"]["enum"]


@pytest.mark.parametrize(
    "status,family", [(400, RefusedError), (418, RefusedError), (500, ServerError)]
)
def test_an_unknown_code_is_of_the_family_of_its_status_and_keeps_its_word(status, family):
    error = problem(status, "a_word_of_tomorrow", some_day="more")
    assert type(error) is family
    assert (error.status, error.code, error.detail) == (status, "a_word_of_tomorrow", "why")
    assert error.problem.model_extra == {"some_day": "more"}


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Bad Gateway</html>", b"\xff\xfe", b"[]", b"null", b'{"error": "not found"}'],
)
@pytest.mark.parametrize("status,family", [(404, RefusedError), (502, ServerError)])
def test_an_answer_that_is_no_problem_has_a_status_and_no_code(content, status, family):
    error = api_error(status, content, retry_after=3.0)
    assert type(error) is family
    assert (error.status, error.code, error.problem, error.errors) == (status, "", None, [])
    assert error.retry_after == 3.0
    assert str(error) == f"{status}: the answer is no problem document"


def test_the_message_names_each_place_that_is_wrong():
    places = [
        {"in": "body", "pointer": "/title", "detail": "is too long"},
        {"in": "body", "pointer": "", "detail": "is no object"},
    ]
    error = problem(400, "invalid_request", errors=places)
    assert [at.pointer for at in error.errors] == ["/title", ""]
    assert str(error) == (
        "400 invalid_request: why\n  body /title: is too long\n  body /: is no object"
    )


def test_an_error_carries_what_holds():
    assert problem(409, "already_decided", approval=APPROVAL).approval.status == "approved"
    assert problem(409, "request_conflict", approval=APPROVAL).approval.id == APPROVAL["id"]
    finished = problem(409, "execution_finished", execution=EXECUTION)
    assert finished.execution.execution_id == EXECUTION["execution_id"]
    candidates = [{"id": "apr_1", "status": "pending"}]
    ambiguous = problem(409, "ambiguous_request_id", candidates=candidates)
    assert [one.id for one in ambiguous.candidates] == ["apr_1"]


def test_an_error_without_what_holds_says_so():
    assert problem(409, "already_decided").approval is None
    assert errors.AlreadyDecidedError(409, "already_decided", "why").approval is None
    assert errors.RequestConflictError(409, "request_conflict", "why").approval is None
    assert errors.ExecutionFinishedError(409, "execution_finished", "why").execution is None
    assert problem(409, "ambiguous_request_id").candidates == []
    assert errors.AmbiguousRequestIdError(409, "ambiguous_request_id", "why").candidates == []


def test_all_errors_are_drawn_in_the_tree():
    missing = [kind.__name__ for kind in CLASSES if kind.__name__ not in (errors.__doc__ or "")]
    assert missing == []


def test_all_errors_are_signoff_errors():
    assert [kind for kind in CLASSES if not issubclass(kind, SignoffError)] == []


@pytest.mark.parametrize("kind", [errors.WaitTimeoutError, errors.PauseTimeoutError])
def test_a_time_out_is_the_builtin_one_too(kind):
    assert issubclass(kind, TimeoutError)
    assert kind("too late", id="apr_1").id == "apr_1"


def test_a_missing_dependency_is_an_import_error_with_the_line_that_helps():
    error = errors.MissingDependencyError("app.run()", "agent")
    assert isinstance(error, ImportError)
    assert str(error) == "app.run() needs more packages: pip install 'signoff[agent]'"


def test_a_replay_that_went_another_way_names_both():
    error = errors.NondeterministicReplayError("step.pay.1 with 4000", "step.pay.1 with 5000")
    assert str(error).startswith("nondeterministic_replay: recorded is step.pay.1 with 4000, ")
    assert "step.pay.1 with 5000" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        problem(409, "already_decided", approval=APPROVAL),
        api_error(502, b"", retry_after=1.5),
        errors.TransportError("GET /: refused", sent=False, attempts=3),
        errors.ProtocolError("the answer is no JSON"),
        errors.WaitTimeoutError("too late", id="apr_1"),
        errors.PauseTimeoutError("too late", id="apr_1", withdrawn=False),
        errors.NondeterministicReplayError("a", "b"),
        errors.MissingDependencyError("app.run()", "agent"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_survives_the_way_to_another_process(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_an_api_error_is_caught_as_one():
    with pytest.raises(ApiError, match="404 not_found"):
        raise problem(404, "not_found")
