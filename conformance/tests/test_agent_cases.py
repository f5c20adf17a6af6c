"""The cases for agents load, and what is no case does not; the played control plane is exact."""

import json
import re

import pytest

from signoff_conformance import cases, places
from signoff_conformance import requirements as registry
from signoff_conformance.agent.check import agent_cases
from signoff_conformance.agent.plane import ANSWERS, Plane
from signoff_conformance.contract import Contract
from signoff_conformance.documents import DocumentError
from signoff_conformance.traffic import Exchange
from signoff_conformance.waiting import Waiting
from signoff_conformance.wire import Wire

CONTRACT = Contract.load()

CASE = """
- id: AGT-TEST-001
  title: A rule of this test
  requirement: AGT-R-ONCE
  steps:
    - {step}
"""


@pytest.mark.parametrize(
    "step",
    [
        "{dispatches: {}}",
        "{dispatch: {of: run}}",
        "{dispatch: {do: [{verb: explode}]}}",
        "{dispatch: {do: [{verb: step, names: a}]}}",
        "{dispatch: {sign: {secret: mine}}}",
        "{callback: {decision: approved}}",
        "{wire: [{do: explode}]}",
        "{reports: run, expects: {}}",
        "{signal: hup}",
        "{start: {port: 5}}",
        "{}",
        "dispatch",
    ],
)
def test_a_step_that_means_nothing_does_not_load(step, tmp_path):
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "a.yaml").write_text(CASE.replace("{step}", step))
    with pytest.raises(DocumentError, match=r"a\.yaml"):
        cases.load("agent", tmp_path)


def test_every_requirement_of_agents_is_proven_or_says_why_not():
    proven = {case.requirement for case in agent_cases().values()}
    rows = [one for one in registry.load().values() if one.of == "agent"]
    assert [one.id for one in rows if (one.id in proven) == bool(one.unproven)] == []
    heads = {
        head.lower() for head in re.findall(r"^## (.+)$", places.SPEC.read_text(), re.MULTILINE)
    }
    for one in rows:
        file, _, place = one.text.partition("#")
        assert place in heads if file == "SPEC.md" else one.text.startswith("openapi.yaml#")


@pytest.fixture
async def plane():
    plane = Plane(CONTRACT, Waiting())
    await plane.start()
    plane.forget()
    yield plane
    await plane.stop()


async def test_what_the_played_control_plane_answers_is_what_the_contract_has(plane):
    """Each operation once as it should be, and each once for an execution that there is not."""
    one = plane.execution("script", {"do": []})
    other = plane.execution("script", {"do": []})
    other.attempt = 2
    kept: list[Exchange] = []
    wire = Wire(plane.url, kept)
    headers = {"X-API-Key": "conformance-agent-key", "Content-Type": "application/json"}

    async def send(operation_id, body=b"", query="", more=None, **values):
        operation = CONTRACT.operations[operation_id]
        path = operation.url(values) + query
        return await wire.send(operation.method, path, {**headers, **(more or {})}, body)

    def body(name):
        return CONTRACT.example(CONTRACT.document["components"]["schemas"][name])

    def text(name, **members):
        return json.dumps(body(name) | members).encode()

    node = "conformance"
    assert (await send("heartbeatNode", text("Heartbeat"), node_id=node)).status == 404
    assert (await send("registerNode", text("NodeRegistration"))).status == 201
    assert (await send("registerNode", text("NodeRegistration"))).status == 200
    assert (await send("heartbeatNode", text("Heartbeat"), node_id=node)).status == 200
    assert (await send("shutdownNode", text("NodeShutdown"), node_id=node)).status == 200
    for id_, wanted in ((one.id, 200), (other.id, 409), ("exec_none", 404)):
        step = text("StepRecord")
        answer = await send("recordStep", step, execution_id=id_, step_key="step.a.1")
        assert answer.status == wanted
        ask = text("ExecutionApprovalRequest")
        answer = await send("requestExecutionApproval", ask, node_id=node, execution_id=id_)
        assert answer.status == wanted
        call = await send(
            "executeAsync", b'{"input":{}}', target="a.b", more={"X-Parent-Execution-ID": id_}
        )
        assert call.status == (202 if wanted == 200 else wanted)
        note = await send("addNote", text("Note"), more={"X-Execution-ID": id_})
        assert note.status == wanted
    other_input = text("StepRecord", input_sha256="0" * 64)
    conflict = await send("recordStep", other_input, execution_id=one.id, step_key="step.a.1")
    assert conflict.json()["code"] == "step_conflict"
    otherwise = text("ExecutionApprovalRequest", title="other")
    conflict = await send("requestExecutionApproval", otherwise, node_id=node, execution_id=one.id)
    assert conflict.json()["code"] == "request_conflict"
    found = await send("getExecutionApprovalStatus", node_id=node, execution_id=one.id)
    gate = found.json()["approval"]
    assert (await send("cancelApprovalRequest", b"{}", id=gate["id"])).status == 200
    assert (await send("cancelApprovalRequest", b"{}", id="apr_none")).status == 404
    assert (await send("listSteps", execution_id=one.id)).status == 200
    assert (await send("getExecution", execution_id=one.id)).status == 200
    report = text("StatusReport")
    assert (await send("reportExecutionStatus", report, execution_id=one.id)).status == 200
    assert (await send("reportExecutionStatus", report, execution_id=one.id)).status == 200
    late = b'{"status":"failed","error":"late"}'
    assert (await send("reportExecutionStatus", late, execution_id=one.id)).status == 409
    assert (await send("getExecution", execution_id=one.id)).json()["status"] == "succeeded"
    headers.clear()
    assert (await send("listSteps", execution_id=one.id)).status == 401
    await wire.close()

    seen = set()
    for exchange in kept:
        operation = CONTRACT.find(exchange.method, exchange.path)
        assert operation is not None
        seen.add(operation.id)
        response = operation.responses[exchange.status]
        media = exchange.answer_headers["content-type"].partition(";")[0]
        assert CONTRACT.faults(response.content[media], exchange.json()) == [], operation.id
    assert seen == set(ANSWERS)
