import inspect
import re

import httpx
import pytest

from signoff import ABSENT, AsyncClient, Client
from signoff import contract_gen as models
from signoff.blocking.operations import Operations
from signoff.exchange import ABSENT as NOTHING
from signoff.operations import AsyncOperations
from signoff.strict_json import loads_strict
from tests.contract import example, operations, resolved
from tests.sdk_calls import CALLS, SHA


def snake(name):
    name = name.removeprefix("X-").replace("-", "_")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def own_methods(kind):
    return [name for name, value in vars(kind).items() if callable(value) and name[0] != "_"]


@pytest.mark.parametrize("kind", [AsyncOperations, Operations])
def test_there_is_one_method_per_operation_in_the_contracts_order(kind):
    assert own_methods(kind) == [snake(name) for name in operations()]


def contract_names(operation):
    for parameter in operation["parameters"]:
        yield snake(parameter["name"])
    media = operation.get("requestBody", {}).get("content", {})
    for body in media.values():
        for member in resolved(body["schema"])["properties"]:
            yield snake(member)


@pytest.mark.parametrize("name", [n for n in operations() if n != "receiveApprovalResponse"])
def test_a_method_takes_what_the_contract_takes_under_its_names(name):
    _, _, operation = operations()[name]
    parameters = inspect.signature(getattr(AsyncOperations, snake(name))).parameters
    assert sorted(set(parameters) - {"self"}) == sorted(contract_names(operation))


@pytest.mark.parametrize("name", [n for n in operations() if n != "receiveApprovalResponse"])
def test_what_the_contract_requires_has_no_default_and_only_that(name):
    _, _, operation = operations()[name]
    required = {snake(p["name"]) for p in operation["parameters"] if p.get("required")}
    for body in operation.get("requestBody", {}).get("content", {}).values():
        required |= {snake(member) for member in resolved(body["schema"]).get("required", [])}
    parameters = inspect.signature(getattr(AsyncOperations, snake(name))).parameters
    bare = {n for n, p in parameters.items() if p.default is p.empty and n != "self"}
    assert bare == required


@pytest.mark.parametrize("name", operations())
def test_a_docstring_names_the_operation(name):
    assert name in (inspect.getdoc(getattr(AsyncOperations, snake(name))) or "")


def sent_by(call, operation_id):
    """The request that a blocking call sends."""
    seen = []

    def handle(request):
        seen.append(request)
        value = example(operation_id)
        return httpx.Response(200, text="") if value is None else httpx.Response(200, json=value)

    with Client(http_transport=httpx.MockTransport(handle)) as client:
        answer = call(client)
    return seen[0], answer


@pytest.mark.parametrize("name", [n for n in operations() if n != "streamExecutionEvents"])
def test_a_method_sends_to_the_contracts_path_and_reads_its_model(name):
    method, path, operation = operations()[name]
    request, answer = sent_by(CALLS[name], name)
    assert request.method == method
    assert re.fullmatch(
        re.sub(r"\{\w+\}", "[^/]+", re.escape(path).replace(r"\{", "{").replace(r"\}", "}")),
        request.url.path,
    )
    assert ("content-type" in request.headers) == ("requestBody" in operation)
    if isinstance(answer, str):
        return
    codes = [code for code in ("200", "201", "202") if code in operation["responses"]]
    schema = operation["responses"][codes[0]]["content"]["application/json"]["schema"]
    assert type(answer) is getattr(models, schema["$ref"].rpartition("/")[2])
    assert answer.model_dump(mode="json", exclude_unset=True) == example(name)


FULL = [
    (
        "registerNode",
        lambda c: c.register_node(
            "n",
            "http://127.0.0.1:1",
            version="1",
            instance_id="i",
            reasoners=[models.NewReasoner(id="r", tags=["a"]), {"id": "s"}],
            skills=[],
            features=models.Features(signoff=1),
        ),
        b'{"id":"n","base_url":"http://127.0.0.1:1","version":"1","instance_id":"i",'
        b'"reasoners":[{"id":"r","tags":["a"]},{"id":"s"}],"skills":[],"features":{"signoff":1}}',
    ),
    (
        "reportExecutionStatus",
        lambda c: c.report_execution_status(
            "exec_1~2", "failed", error="e", error_details=None, status_reason="s"
        ),
        b'{"status":"failed","error_details":null,"error":"e","status_reason":"s"}',
    ),
    (
        "recordStep",
        lambda c: c.record_step(
            "exec_1", "step.s.1", kind="step", name="s", input_sha256=SHA, result=None
        ),
        b'{"kind":"step","name":"s","input_sha256":"%s","result":null}' % SHA.encode(),
    ),
    (
        "decideApprovalRequest",
        lambda c: c.decide_approval_request(
            "apr_1", models.Decision.APPROVED, feedback="", response={"n": 10**30, "ü": "😀"}
        ),
        '{"decision":"approved","feedback":"","response":{"n":1%s,"ü":"😀"}}'.encode()
        % (b"0" * 30),
    ),
    (
        "executeAsync",
        lambda c: c.execute_async(
            "n.r",
            input=None,
            timeout_seconds=1,
            max_attempts=2,
            webhook=models.ExecutionWebhook(url="https://example.com"),
        ),
        b'{"input":null,"timeout_seconds":1,"max_attempts":2,"webhook":{"url":"https://example.com"}}',
    ),
    ("executeAsync", lambda c: c.execute_async("n.r", input=ABSENT), b"{}"),
    ("cancelExecution", lambda c: c.cancel_execution("exec_1", reason="r"), b'{"reason":"r"}'),
]


@pytest.mark.parametrize("name,call,body", FULL)
def test_a_body_has_what_was_given_and_nothing_else(name, call, body):
    request, _ = sent_by(call, name)
    assert request.content == body


def test_what_comes_back_keeps_integers_of_any_size_and_null():
    raw = (
        '{"status":"processed","approval":{"id":"apr_1","approval_request_id":"o",'
        '"status":"approved","expires_at":"x","created_at":"y",'
        '"event_head":{"seq":1,"hash":"z"},"later":{"k":1},'
        '"response":{"n":123456789012345678901234567890,"a":null,"z":1.0}}}'
    )
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=raw))
    with Client(http_transport=transport) as client:
        approval = client.decide_approval_request("apr_1", "approved").approval
    assert approval.response == {"n": 123456789012345678901234567890, "a": None, "z": 1.0}
    assert approval.model_dump(mode="json", exclude_unset=True) == loads_strict(raw)["approval"]


def test_a_message_that_was_signed_is_handed_in_as_it_is():
    body = b'{ "requestId" : "own" }\n'
    headers = {
        "Host": "reviewer.example.com",
        "Content-Length": "999",
        "X-Api-Key": "theirs",
        "WEBHOOK-ID": "msg_1",
        "webhook-timestamp": "1",
        "Webhook-Signature": "v1,abc v1,def",
        "x-webhook-signature": "sha256=0",
    }
    request, _ = sent_by(
        lambda c: c.receive_approval_response(body, headers), "receiveApprovalResponse"
    )
    assert request.content == body
    assert request.headers["host"] == "127.0.0.1:8080"
    assert request.headers["content-length"] == str(len(body))
    assert "x-api-key" not in request.headers
    assert request.headers["webhook-signature"] == "v1,abc v1,def"
    assert request.headers["webhook-id"] == "msg_1"


def test_a_wait_is_asked_for_and_its_answer_waited_for():
    def read_seconds(call, name):
        request, _ = sent_by(call, name)
        return dict(request.url.params), request.extensions["timeout"]["read"]

    assert read_seconds(lambda c: c.get_execution("e", wait_seconds=7), "getExecution") == (
        {"wait_seconds": "7"},
        37.0,
    )
    assert read_seconds(
        lambda c: c.get_approval_request("a", wait_seconds=0), "getApprovalRequest"
    ) == ({"wait_seconds": "0"}, 30.0)
    assert read_seconds(lambda c: c.execute("n.r"), "execute") == ({}, 120.0)
    assert read_seconds(lambda c: c.execute("n.r", wait_seconds=600), "execute") == (
        {"wait_seconds": "600"},
        630.0,
    )


def test_absent_is_one_thing_and_says_its_name():
    assert NOTHING is ABSENT
    assert repr(ABSENT) == "ABSENT"


@pytest.mark.parametrize("operation,twin", [(AsyncOperations, Operations), (AsyncClient, Client)])
def test_the_twins_have_the_same_methods_in_the_same_order_with_the_same_arguments(operation, twin):
    def shape(kind):
        names = {"aclose": "close"}
        return [
            (
                names.get(name, name),
                [(p.name, p.kind, p.default) for p in inspect.signature(value).parameters.values()],
            )
            for name, value in vars(kind).items()
            if callable(value) and name[0] != "_"
        ]

    assert shape(operation) == shape(twin)
