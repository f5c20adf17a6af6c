import pytest

from signoff.routes import ROUTES, Repeat
from tests.contract import contract, operations


def test_the_table_is_the_contracts_in_its_order():
    wanted = {name: (method, path) for name, (method, path, _) in operations().items()}
    assert [(name, (row.method, row.path)) for name, row in ROUTES.items()] == [*wanted.items()]


# "Repeating a request is safe when this file says so", word by word.
SAFE = {
    "all GETs": [name for name, (method, _, _) in operations().items() if method == "GET"],
    "PUT": ["recordStep"],
    "reports": ["reportExecutionStatus"],
    "decisions": ["decideApprovalRequest", "receiveApprovalResponse"],
    "cancellations": ["cancelExecution", "cancelApprovalRequest"],
    "registrations": ["registerNode"],
    "heartbeats": ["heartbeatNode"],
    "standalone": ["createApprovalRequest"],
}
KEYED = {
    Repeat.STEP_KEY: ["requestExecutionApproval"],
    Repeat.IDEMPOTENCY_KEY: ["execute", "executeAsync"],
    Repeat.KEY: ["addNote", "appendExecutionEvent"],
}
NEVER = ["shutdownNode", "retryDelivery"]


def test_every_operation_repeats_as_the_contract_says():
    wanted = {name: Repeat.ALWAYS for names in SAFE.values() for name in names}
    wanted |= {name: repeat for repeat, names in KEYED.items() for name in names}
    wanted |= dict.fromkeys(NEVER, Repeat.NEVER)
    assert {name: row.repeat for name, row in ROUTES.items()} == wanted


@pytest.mark.parametrize("words", [*SAFE, "`step_key`", "`Idempotency-Key`", "notes and events"])
def test_the_contract_still_says_it_in_these_words(words):
    description = " ".join(contract()["info"]["description"].split())
    rule = description.partition("Repeating a request is safe")[2].partition("## Access")[0]
    assert words in rule


@pytest.mark.parametrize(
    "name,headers,body,safe",
    [
        ("addNote", {}, {"message": "m"}, False),
        ("addNote", {}, {"message": "m", "key": "k"}, True),
        ("addNote", {}, None, False),
        ("requestExecutionApproval", {}, {"step_key": "pause.1"}, True),
        ("requestExecutionApproval", {}, {"key": "k"}, False),
        ("execute", {"Idempotency-Key": "k"}, {}, True),
        ("execute", {}, {}, False),
    ],
)
def test_a_key_makes_a_request_safe_where_the_contract_has_one(name, headers, body, safe):
    assert ROUTES[name].repeatable(headers, body) is safe
