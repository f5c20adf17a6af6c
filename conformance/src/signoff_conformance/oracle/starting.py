"""Starting executions: once for a key, once for a call of a parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from signoff_conformance.matching import equal
from signoff_conformance.oracle.access import Access
from signoff_conformance.oracle.answers import ANYTHING, Answer, Refused
from signoff_conformance.oracle.calls import Call, Handler
from signoff_conformance.oracle.chains import Chain
from signoff_conformance.oracle.deliveries import DAY, SUBSCRIBER
from signoff_conformance.oracle.executions import (
    DEFAULT_MAX_ATTEMPTS,
    DEFAULT_TIMEOUT_SECONDS,
    Execution,
)
from signoff_conformance.oracle.keys import forbidden
from signoff_conformance.oracle.leasing import Leasing
from signoff_conformance.oracle.nodes import Nodes

REPEAT: Final = "a repeat … answers with the first execution; another target or body … is 409"
CALLED: Final = "the same target, equal input and the same occurrence in its attempt, is the first"
WAITED: Final = "Answers 200 when the execution finished in time, however it ended. … 202"


@dataclass(frozen=True, slots=True)
class _Started:
    target: str
    body: Mapping[str, Any]
    at: int
    execution: Execution


class Starting:
    """``execute`` and ``executeAsync``."""

    def __init__(
        self, executions: dict[str, Execution], nodes: Nodes, leasing: Leasing, access: Access
    ) -> None:
        self._executions, self._nodes = executions, nodes
        self._leasing, self._access = leasing, access
        self._keys: dict[tuple[str, str, str], _Started] = {}
        self.handlers: Mapping[str, Handler] = {
            "execute": self._execute,
            "executeAsync": self._execute_async,
        }

    def _execute_async(self, call: Call) -> Answer:
        one = self._start(call)
        return _stored(one, one.shown(call.now), REPEAT)

    def _execute(self, call: Call) -> Answer:
        """The walk waits only for what comes without another operation."""
        one = self._start(call)
        if float(call.request.query.get("wait_seconds", 90)) > 0:
            self._leasing.settle(call.now)
        told = one.shown(call.now)
        if one.finished:
            return Answer(200, told, sentence=WAITED)
        return _stored(one, told, WAITED)

    def _start(self, call: Call) -> Execution:
        key = call.request.headers.get("Idempotency-Key")
        target, body = call.request.path["target"], call.request.body
        parent = self._parent(call)
        name = (call.caller.name, call.request.operation, key or "")
        known = self._keys.get(name)
        if known is not None and _holds(known, call.now):
            if known.target != target or not equal(_whole(known.body), _whole(body)):
                raise Refused(409, "idempotency_conflict", REPEAT)
            _call_again(known.execution, parent)
            return known.execution
        if parent is not None:
            parent.unfinished(call.now)
        self._nodes.check_target(target, body)
        _check_webhook(body)
        one = self._called(parent, target, body) if parent is not None else None
        if one is None:
            one = self._create(call, parent)
        if key is not None:
            self._keys[name] = _Started(target, body, call.now, one)
        return one

    def _parent(self, call: Call) -> Execution | None:
        named = call.request.headers.get("X-Parent-Execution-ID")
        if named is None:
            if call.caller.role == "agent":  # "Agents must give it."
                raise forbidden()
            return None
        if call.caller.role == "client":
            return self._access.readable(call, named)
        return self._access.own(call, named)

    def _called(self, parent: Execution, target: str, body: Mapping[str, Any]) -> Execution | None:
        """The child that an earlier attempt has called in this place."""
        for child in parent.children:
            same = child.target == target and equal(
                child.body.get("input", {}), body.get("input", {})
            )
            if same and child.called_in < parent.attempt:
                child.called_in = parent.attempt
                return child
        return None

    def _create(self, call: Call, parent: Execution | None) -> Execution:
        label, body = call.label, call.request.body
        chain = Chain(f"exec_o-{label}")
        run = f"run_o-{label}" if parent is None else parent.run_id
        target = call.request.path["target"]
        one = Execution(chain.of, run, target, body, call.now, chain, parent, due_at=call.now)
        if parent is not None:
            one.called_in = parent.attempt
            parent.children.append(one)
        data = {"target": target, "input_sha256": ANYTHING}
        one.event("execution.created", call.now, call.caller.principal(), data)
        self._executions[one.id] = one
        self._leasing.mark(one, call.now)
        return one


def _whole(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body with the defaults of the contract: one that is written out is no other body."""
    return {
        "input": {},
        "timeout_seconds": DEFAULT_TIMEOUT_SECONDS,
        "max_attempts": DEFAULT_MAX_ATTEMPTS,
        **body,
    }


def _holds(known: _Started, now: int) -> bool:
    return not known.execution.finished or now < known.at + DAY


def _call_again(child: Execution, parent: Execution | None) -> None:
    if parent is not None and child.parent is not None and child.called_in < parent.attempt:
        child.called_in = parent.attempt


def _check_webhook(body: Mapping[str, Any]) -> None:
    url = body.get("webhook", {}).get("url")
    if url is not None and urlsplit(url).netloc != urlsplit(SUBSCRIBER).netloc:
        places = frozenset({("body", "/webhook/url")})
        sentence = "A public address, unless the server's `SIGNOFF_ALLOWED_HOSTS` names it."
        raise Refused(422, "invalid_webhook_url", sentence, places)


def _stored(one: Execution, told: Mapping[str, Any], sentence: str) -> Answer:
    location = f"/api/v1/executions/{one.id}"
    return Answer(202, told, location=location, sentence=sentence)
