"""What schemathesis can't know: real ids, allowed URLs, and the signature of a signed decision."""

from __future__ import annotations

import os
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from tests.fuzz.filling import Filling
from tests.fuzz.signing import Signing
from tests.fuzz.world import World

WORLD = World(
    os.environ["FUZZ_URL"],
    os.environ["FUZZ_API_KEY"],
    os.environ["FUZZ_AGENT_URL"],
    os.environ["FUZZ_SINK_URL"],
)
SIGNING = Signing(os.environ["FUZZ_WEBHOOK_SECRET"])


@schemathesis.hook
def after_load_schema(context: schemathesis.HookContext, schema: Any) -> None:
    """Let scenarios begin with an execution.

    From the name of its header, schemathesis takes it that an execution needs a parent that no
    operation makes, so that it would never start one, nor follow a link from one.
    """
    for operation in schema.analysis.dependency_graph.operations.values():
        operation.inputs[:] = [
            each for each in operation.inputs if each.parameter_name != "X-Parent-Execution-ID"
        ]


@schemathesis.hook
def before_call(
    context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]
) -> None:
    if case.method.lower() != case.operation.method.lower():
        return  # a method that the path does not have
    filling = Filling(WORLD, case)
    if filling.is_valid(ParameterLocation.PATH):
        filling.path()
    if filling.is_valid(ParameterLocation.QUERY):
        filling.query()
    if filling.is_valid(ParameterLocation.BODY):
        filling.body()
    if filling.is_valid(ParameterLocation.HEADER):
        filling.headers()
        if filling.operation == "receiveApprovalResponse" and filling.chosen("signature", leave=8):
            kwargs["auth"] = SIGNING


@schemathesis.hook
def after_call(
    context: schemathesis.HookContext, case: schemathesis.Case, response: schemathesis.Response
) -> None:
    WORLD.met(response.text)
    if response.status_code == 409:
        WORLD.ended(*map(str, case.path_parameters.values()), case.headers.get("X-Execution-ID"))
    elif response.status_code == 202:
        # What a link does next must not depend on how far the agent has come.
        WORLD.settle(response.json())
