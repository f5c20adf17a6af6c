"""Every error has an exit code and two lines for people."""

import json

import pytest

from signoff import errors
from signoff.cli import failures
from signoff.cli.exits import MEANINGS, Exit
from signoff.cli.failures import Failure
from signoff.errors import BY_CODE

SERVER = "http://127.0.0.1:8080"
STATUSES = {
    400: Exit.USAGE,
    401: Exit.FORBIDDEN,
    403: Exit.FORBIDDEN,
    404: Exit.NOT_FOUND,
    405: Exit.USAGE,
    409: Exit.CONFLICT,
    413: Exit.USAGE,
    415: Exit.USAGE,
    422: Exit.USAGE,
    500: Exit.SERVER_FAULT,
    503: Exit.SERVER_FAULT,
}


@pytest.mark.parametrize("status, wanted", STATUSES.items())
def test_each_status_has_its_code(status: int, wanted: Exit):
    problem = {"type": "about:blank", "title": "", "status": status, "code": "new", "detail": "why"}
    error = errors.api_error(status, json.dumps(problem).encode())
    failure = failures.of_error(error, SERVER)
    assert (failure.exit, failure.code, failure.what) == (wanted, "new", "why")
    assert failure.problem == problem


@pytest.mark.parametrize("code", BY_CODE)
def test_each_word_of_the_contract_ends_in_one_failure(code: str):
    failure = failures.of_error(BY_CODE[code](409, code, "why"), SERVER)
    assert failure.code == code
    assert failure.exit in Exit


@pytest.mark.parametrize(
    "error, wanted, code",
    [
        (errors.TransportError("GET /: refused"), Exit.UNREACHABLE, "unreachable"),
        (errors.ProtocolError("no JSON"), Exit.SERVER_FAULT, "protocol_error"),
        (errors.MissingDependencyError("it", "server"), Exit.CANNOT_START, "missing_packages"),
    ],
)
def test_what_is_no_answer_has_a_code_too(error: errors.SignoffError, wanted: Exit, code: str):
    failure = failures.of_error(error, SERVER)
    assert (failure.exit, failure.code) == (wanted, code)


def test_each_code_says_what_it_means():
    assert set(MEANINGS) == set(Exit)
    assert len(set(MEANINGS.values())) == len(Exit)


def test_people_read_what_and_what_to_do(capsys: pytest.CaptureFixture[str]):
    failure = Failure(Exit.NEGATIVE, "x", "it \x1bfailed", "do that", log=["a.log  line\r"])
    failure.show(as_json=False)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "signoff: it \\x1bfailed\na.log  line\\r\n  → do that\n"


def test_programs_read_one_object(capsys: pytest.CaptureFixture[str]):
    Failure(Exit.NEGATIVE, "x", "it failed").show(as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.err) == {"code": "x", "detail": "it failed", "exit_code": 1}


def test_a_decision_that_lost_is_told_without_the_request_too():
    failure = failures.of_error(errors.AlreadyDecidedError(409, "already_decided", "late"), SERVER)
    assert failure.what == "late"
