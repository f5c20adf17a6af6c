"""What of a generated request is replaced, and by what.

Only parts that were generated to be valid: what is wrong on purpose stays wrong. One part in four
stays as it was generated, so that unknown ids are asked for too. What a link has extracted stays.

Hypothesis repeats requests and expects the same answers: so what is replaced is chosen by the
generated request itself, and a scenario is given things that no other has touched.
"""

from __future__ import annotations

import copy
import re
import zlib
from collections.abc import Callable
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.fuzz.world import NODE, World

LONGEST_WAIT = 0.05
"""Seconds that a request may wait for what will not happen."""

_VARYING = re.compile(
    r"\b(?:exec_|run_|apr_|msg_|ask-)[0-9a-f-]{36}|\b(?:own|key|node)-[0-9]+-[0-9]+\b"
)


class Filling:
    """One generated request on its way."""

    def __init__(self, world: World, case: schemathesis.Case) -> None:
        self.operation: str = case.operation.definition.raw["operationId"]
        self._world = world
        self._case = case
        # An example of the contract is one object for all requests that are made from it.
        if isinstance(case.body, dict):
            case.body = copy.deepcopy(case.body)
        meta = case._meta
        self._stateful = meta is not None and meta.phase.name is TestPhase.STATEFUL
        self._example = meta is not None and meta.phase.name is TestPhase.EXAMPLES
        self._pooled = {draw.parameter_name for draw in meta.pool_draws} if meta else set()
        headers = {name: value for name, value in case.headers.items() if name != "X-API-Key"}
        generated = repr((case.path_parameters, case.query, headers, case.body))
        self._generated = _VARYING.sub("", generated)

    def is_valid(self, location: ParameterLocation) -> bool:
        """Whether a part was generated to fit the contract."""
        meta = self._case._meta
        return meta is None or not meta.is_negative_at(location)

    def chosen(self, what: str, leave: int = 4) -> bool:
        """Whether to replace this: all but one time in so many.

        Of the contract's own examples there are so few that each gets all.
        """
        if self._example:
            return True
        return zlib.crc32(f"{what} {self._generated}".encode()) % leave != 0

    def path(self) -> None:
        """Name things that are there."""
        path = self._case.path_parameters
        if self.operation in ("heartbeatNode", "shutdownNode") and path["node_id"] == NODE:
            path["node_id"] = self._world.spare_node()  # the live agent must stay live
        if self._is_linked(path) or not self._is_new("path"):
            return
        if "execution_id" in path:
            path["execution_id"] = self._execution()["execution_id"]
        if "node_id" in path:
            path["node_id"] = NODE if "execution_id" in path else self._world.spare_node()
        if "target" in path:
            # What a link started must be there when the next one reports on it.
            stays = self._stateful and self.operation == "executeAsync"
            path["target"] = self._world.targets[stays or self.chosen("target", leave=2)]
        if "id" in path:
            path["id"] = self._thing()["id"]

    def query(self) -> None:
        """Wait for long only for what is there already; follow few cursors that lead nowhere."""
        query = self._case.query
        if self._stateful and self.operation == "execute":
            query.pop("wait_seconds", None)  # or it would be chance which answer comes
        if self.operation == "execute" or "wait_seconds" in query:
            names = set(map(str, self._case.path_parameters.values()))
            at_once = {self._world.finished()["execution_id"], self._world.decided()["id"]}
            if not names & {*at_once, *self._world.targets}:
                seconds = float(query.get("wait_seconds", LONGEST_WAIT))
                query["wait_seconds"] = min(seconds, LONGEST_WAIT)
        if "cursor" in query and self._is_new("cursor"):
            del query["cursor"]
        asks = self.operation == "getExecutionApprovalStatus" and self._is_new("own id")
        if asks and not self._world.exists(query.get("approval_request_id", "")):
            query.pop("approval_request_id", None)

    def headers(self) -> None:
        """Name the execution that a note is about, and that calls another; repeat few keys."""
        headers = self._case.headers
        if "Idempotency-Key" in headers and self._is_new("key"):
            headers["Idempotency-Key"] = self._world.name("key")
        about = "X-Execution-ID" if self.operation == "addNote" else "X-Parent-Execution-ID"
        if about in headers and self._is_new(about):
            headers[about] = self._waiting()["execution_id"]

    def body(self) -> None:
        """Give allowed URLs, own ids that are new, and requests that are there."""
        body = self._case.body
        if not isinstance(body, dict):
            return
        if "approval_request_id" in body and self._is_new("own id"):
            body["approval_request_id"] = self._world.name("own")
        if self.operation in _BODIES:
            _BODIES[self.operation](self, body)

    def _is_new(self, what: str) -> bool:
        """Whether to give something of its own; scenarios get nothing else."""
        return self._stateful or self.chosen(what)

    def _is_linked(self, path: dict[str, Any]) -> bool:
        """Whether a link has named what the request is about."""
        return self._stateful and any(
            self._world.exists(str(value)) and name not in self._pooled
            for name, value in path.items()
        )

    def _waiting(self) -> dict[str, Any]:
        return self._world.waiting(fresh=self._stateful)

    def _execution(self) -> dict[str, Any]:
        if self.operation == "getExecution":
            return self._world.finished()
        if self.operation in ("reportExecutionStatus", "cancelExecution"):
            return self._world.waiting(fresh=True)
        return self._waiting()

    def _thing(self) -> dict[str, Any]:
        if self.operation == "retryDelivery":
            return self._world.delivery()
        if self.operation == "getApprovalRequest":
            return self._world.decided()
        ends = self.operation in ("decideApprovalRequest", "cancelApprovalRequest")
        return self._world.pending(fresh=ends or self._stateful)

    def _register(self, body: dict[str, Any]) -> None:
        if self._stateful and self.chosen("node", leave=2):
            body["id"] = self._world.name("node")
        elif self._stateful or body["id"] == NODE:
            body["id"] = self._world.spare_node()
        if self.chosen("base_url"):
            body["base_url"] = self._world.sink_url

    def _name_newest_instance(self, body: dict[str, Any]) -> None:
        if self.chosen("instance"):
            body.pop("instance_id", None)

    def _create(self, body: dict[str, Any]) -> None:
        if self._stateful and not self.chosen("repeat", leave=2):
            body.clear()
            body["approval_request_id"] = self._world.pending(fresh=True)["approval_request_id"]

    def _ask(self, body: dict[str, Any]) -> None:
        if "callback_url" in body and self._is_new("callback"):
            body["callback_url"] = f"{self._world.agent_url}/webhooks/approval"

    def _execute(self, body: dict[str, Any]) -> None:
        if "webhook" in body and self._is_new("webhook"):
            body["webhook"]["url"] = f"{self._world.sink_url}/finished"
        if "input" in body and self._is_new("input"):
            body["input"] = {"ticket": body["input"]}

    def _respond(self, body: dict[str, Any]) -> None:
        linked = self._stateful and self._world.exists(str(body["requestId"]))
        if not linked and self.chosen("request"):
            body["requestId"] = self._world.pending(fresh=True)["id"]
            body.pop("execution_id", None)


_BODIES: dict[str, Callable[[Filling, dict[str, Any]], None]] = {
    "registerNode": Filling._register,
    "heartbeatNode": Filling._name_newest_instance,
    "shutdownNode": Filling._name_newest_instance,
    "execute": Filling._execute,
    "executeAsync": Filling._execute,
    "createApprovalRequest": Filling._create,
    "requestExecutionApproval": Filling._ask,
    "receiveApprovalResponse": Filling._respond,
}
