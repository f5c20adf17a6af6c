"""Things that exist, made through the API as they are needed: what fuzzed requests refer to.

Random ids meet nothing: every operation on a thing would answer 404, and nothing behind that
would be tested. So most requests are given the id of a thing that is there, in the state that the
operation is for.
"""

from __future__ import annotations

import itertools
import os
import re
import time
from typing import Any

import httpx

NODE = "fuzz-agent"
"""The node of the live agent."""

SPARE = "fuzz-spare"
"""A node that nobody serves: it may be drained."""

_OURS = re.compile(r"\b(?:exec_|run_|apr_|msg_|ask-)[0-9a-f-]{36}\b")

Json = dict[str, Any]


class World:
    """What there is on the server.

    Args:
        url: of the server.
        key: of an admin.
        agent_url: where the live agent listens.
        sink_url: a host that the server may send webhooks to, and that nobody listens on.
    """

    targets = (f"{NODE}.answer", f"{NODE}.ask")
    """What the live agent offers: the first ends at once, the second reaches a gate at once."""

    def __init__(self, url: str, key: str, agent_url: str, sink_url: str) -> None:
        self.agent_url = agent_url
        self.sink_url = sink_url
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"X-API-Key": key}, timeout=20, trust_env=False
        )
        self._names = itertools.count(1)
        self._kept: dict[str, Json] = {}
        self._met: set[str] = {SPARE}

    def met(self, text: str) -> None:
        """Remember the ids that an answer has named."""
        self._met.update(_OURS.findall(text))

    def exists(self, identifier: str) -> bool:
        """Whether an answer has named it: then a request was meant to refer to it."""
        return identifier in self._met

    def waiting(self, *, fresh: bool) -> Json:
        """An execution that its agent holds, at a gate; a fresh one may be ended by the request."""
        return self._new_gate() if fresh else self._keep("waiting", self._new_gate)

    def finished(self) -> Json:
        """An execution that has ended."""
        return self._keep("finished", lambda: self._post(f"/execute/{NODE}.answer", {}))

    def pending(self, *, fresh: bool) -> Json:
        """A standalone request without a decision; a fresh one may be decided by the request."""
        return self._new_request() if fresh else self._keep("pending", self._new_request)

    def decided(self) -> Json:
        """A request that was decided."""
        return self._keep("decided", self._new_decided)

    def delivery(self) -> Json:
        """A message that could not be delivered so far."""
        return self._keep("delivery", self._new_delivery)

    def spare_node(self) -> str:
        """The node that nobody serves."""
        self._keep("spare", self._new_spare)
        return SPARE

    def name(self, prefix: str) -> str:
        """A word that was not used before."""
        made = f"{prefix}-{os.getpid()}-{next(self._names)}"
        self._met.add(made)
        return made

    def ended(self, *identifiers: str | None) -> None:
        """What is kept was ended by a request: make another the next time."""
        self._kept = {
            name: thing
            for name, thing in self._kept.items()
            if not set(identifiers) & {thing.get("execution_id"), thing.get("id")}
        }

    def settle(self, execution: Json) -> None:
        """Wait until an execution of the live agent has come to its gate or its end."""
        if execution["target"] not in self.targets or execution["status"] == "waiting":
            return
        path = f"/executions/{execution['execution_id']}"
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if self._http.get(path).json()["status"] not in ("queued", "running"):
                return

    def _keep(self, name: str, make: Any) -> Json:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def _new_gate(self) -> Json:
        execution = self._post(f"/execute/{NODE}.ask", {})
        assert execution["status"] == "waiting", execution
        return execution

    def _new_request(self) -> Json:
        return self._post("/approval-requests", {"approval_request_id": self.name("own")})

    def _new_decided(self) -> Json:
        approval = self._new_request()
        receipt = self._post(
            f"/approval-requests/{approval['id']}/decision", {"decision": "approved"}
        )
        decided: Json = receipt["approval"]
        return decided

    def _new_delivery(self) -> Json:
        execution = self._post(
            f"/execute/{NODE}.answer", {"webhook": {"url": f"{self.sink_url}/finished"}}
        )
        answer = self._http.get("/deliveries", params={"execution_id": execution["execution_id"]})
        delivery: Json = answer.json()["items"][0]
        return delivery

    def _new_spare(self) -> Json:
        return self._post("/nodes/register", {"id": SPARE, "base_url": self.sink_url})

    def _post(self, path: str, body: Json) -> Json:
        answer = self._http.post(path, json=body)
        assert answer.is_success, answer.text
        self.met(answer.text)
        thing: Json = answer.json()
        return thing
